"""The process in which a student's package runs: it takes a request a line on standard input and answers each.

What the package itself prints goes nowhere, and reading standard input gives it nothing. Each answer carries the
request's nonce, so that nothing that was written ahead is taken for one.
"""

from __future__ import annotations

import faulthandler
import json
import os
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from tinytorch_hf.student.answers import Answer

# Answers one request; whatever the student's code raises is part of the answer.
Respond = Callable[[dict[str, Any]], Answer]


def serve(make: Callable[[Mapping[str, Any]], Respond]) -> None:
    """Answer requests until standard input ends.

    Parameters
    ----------
    make
        Makes what answers, from the mapping that the first request carries.
    """
    requests, replies, stacks = _private_channels()
    _send(replies, {"ready": True})
    respond: Respond | None = None
    for line in requests:
        request = json.loads(line)
        if respond is None:
            respond = make(request["map"])
        # If the student's code loops, this tells the parent where, and ends the process even if the parent is gone.
        faulthandler.dump_traceback_later(request["limit_s"], exit=True, file=stacks)
        answer = respond(request)
        faulthandler.cancel_dump_traceback_later()
        _send(replies, {"nonce": request["nonce"], "answer": answer.as_json()})


def _send(replies: TextIO, message: dict[str, Any]) -> None:
    replies.write(json.dumps(message) + "\n")
    replies.flush()


def _private_channels() -> tuple[TextIO, TextIO, TextIO]:
    """Standard input, output and error for the protocol and for stacks alone; the student's code gets none of them."""
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    stacks = os.fdopen(os.dup(2), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    faulthandler.enable(file=stacks)
    return requests, replies, stacks
