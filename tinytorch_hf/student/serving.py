"""The process in which a student's package runs: it takes a request a line on standard input and answers each.

What the package itself prints goes nowhere, and reading standard input gives it nothing. Each answer carries the
request's nonce, so that nothing that was written ahead is taken for one.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from tinytorch_hf.student.answers import Answer

READY: dict[str, Any] = {"ready": True}
"""The first line, by which the process says that it listens; it is sent before anything of the package has run."""

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
    _send(replies, json.dumps(READY))
    folder, path = os.getcwd(), list(sys.path)  # noqa: PTH109 -- it is put back as it is
    respond: Respond | None = None
    for line in requests:
        request = json.loads(line)
        if respond is None:
            respond = make(request["map"])
        _put_back(folder, path)
        # If the student's code loops, this tells the parent where, and ends the process even if the parent is gone.
        faulthandler.dump_traceback_later(request["limit_s"], exit=True, file=stacks)
        answer = respond(request)
        faulthandler.cancel_dump_traceback_later()
        _send(replies, _encoded(request["nonce"], answer))


def _put_back(folder: str, path: list[str]) -> None:
    """Undo what the student's code may have done to the whole process, so that no case disturbs the next.

    What a package adds to the path for its own imports stays.
    """
    with contextlib.suppress(OSError):
        os.chdir(folder)
    if not isinstance(sys.path, list):
        sys.path = []
    sys.path.extend(entry for entry in path if entry not in sys.path)


def _encoded(nonce: str, answer: Answer) -> str:
    try:
        return json.dumps({"nonce": nonce, "answer": answer.as_json()}, allow_nan=False)
    except Exception as error:
        problem = Answer("crash", message=f"what came back cannot be sent on: {type(error).__name__}: {error}")
        return json.dumps({"nonce": nonce, "answer": problem.as_json()})


def _send(replies: TextIO, message: str) -> None:
    replies.write(message + "\n")
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
