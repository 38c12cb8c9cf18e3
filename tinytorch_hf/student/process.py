"""The parent's end of the process in which a student's package runs.

It asks, waits so long and no longer, and starts another process when one has died or was stopped.
"""

from __future__ import annotations

import dataclasses
import json
import os
import queue
import re
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from tinytorch_hf.errors import TinyTorchHFError
from tinytorch_hf.formats.strict_json import JsonError, parse_json
from tinytorch_hf.shown import printable
from tinytorch_hf.student import channel, ending, wire
from tinytorch_hf.student.answers import Answer, AnswerError, parse
from tinytorch_hf.student.cell import Cell, Stay
from tinytorch_hf.student.mapping import FrameworkMap, as_json
from tinytorch_hf.student.search_path import OURS, search_path
from tinytorch_hf.student.starting import starting

# The child finds what the parent finds, and nothing because of the folder it was started in. What it judges with is
# imported before the folder of the package, or a library that a file there hides, can be mistaken for it.
_PROGRAM = """
import sys
sys.path[:] = sys.argv[1].split("\\n")
import contextlib, importlib, json
start = json.loads(sys.argv[2])
main = importlib.import_module(start["child"]).main
for name in start["libraries"]:
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
if start["confine"]:
    confining = importlib.import_module("tinytorch_hf.student.confining")
    confining.begin(start["confine"], sys.modules[start["child"]])
sys.path[:0] = start["folders"]
main()
"""
WAS_ENDED, STILL_RUNNING = "the process was ended", "still running after"
"""How it begins what is said of a call that has no answer."""

_START_LIMIT_S = 120.0
# The child ends itself at the limit, with its stack; only if it cannot is it killed, this much later.
_GRACE_S = 2.0
# A child whose answers have ended is about to end itself; longer than this it only does if it has closed their channel.
_ENDING_S = 5.0
# How often is looked whether it is still there, should nothing come.
_LOOK_S = 0.1
_LONGEST_ANSWER = 3 * wire.MAX_BYTES
_STACKS = 1 << 16
_TAMPERING = "something that is no answer came from where only answers belong; the package writes to files of others"
_FRAME = re.compile(r'File "(.+)", line (\d+) in ')


class _OverfullError(Exception):
    """A package has written more than it may."""


class PackageProcess:
    """A student's package in a process of its own; a context manager that ends the process and all that it started.

    Parameters
    ----------
    framework_map
        Which package, and where its parts are.
    folder
        Where the package is, if not among what is installed.
    limit_s
        How long one answer may take, in seconds.
    child
        The module whose ``main`` answers there, such as ``tinytorch_hf.check.child``.
    cell
        What confines it, where it is not trusted.
    """

    def __init__(
        self, framework_map: FrameworkMap, folder: Path | None, limit_s: float, child: str, cell: Cell | None = None
    ) -> None:
        self._map = as_json(framework_map)
        self._path = search_path(framework_map, folder)
        # What may not be imported is not imported for it either, because a file is called so.
        withheld = cell.withheld if cell else frozenset()
        self._start_with = {
            "child": child,
            "libraries": [library for library, _ in self._path.hidden if library not in withheld],
            "folders": [str(place) for place in self._path.folders],
        }
        self._limit_s = limit_s
        self._cell = cell
        self._stay: Stay | None = None
        self._location = ""
        self._mark = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready = False

    def __enter__(self) -> PackageProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def ask(self, **request: Any) -> Answer:
        """What the child answers; if it does not, a "crash" with the reason, and ``where`` it was at that time."""
        if self._cell is None:
            return self._asked(request, self._limit_s)
        left_s = self._cell.left_s
        if left_s <= 0.0:
            self._stop()
            total_s = self._cell.limits.total_seconds
            return Answer(
                "untried", message=f"not tried any more: the {total_s:g} s that there are for all are used up"
            )
        with self._cell.counting():
            return self._asked(request, min(self._limit_s, left_s))

    def _asked(self, request: dict[str, Any], limit_s: float) -> Answer:
        nonce = secrets.token_hex(16)
        self.begin()
        if not self._is_ready:
            self._wait_until_ready()
        assert self._process is not None and self._process.stdin is not None  # noqa: S101 -- it was just started
        line = json.dumps({**request, "nonce": nonce, "map": self._map, "limit_s": limit_s}) + "\n"
        until = time.monotonic() + limit_s + _GRACE_S
        try:
            channel.write(self._process.stdin, line.encode(), limit_s + _GRACE_S)
            answer = _opened(self._reply(until), nonce)
        except (queue.Empty, TimeoutError):
            _, where = self._stop()
            return self._timed_out(where)
        except _OverfullError as error:
            _, where = self._stop()
            return Answer("crash", message=str(error), where=where)
        except (OSError, EOFError):
            return self._died()
        except (AnswerError, channel.ChannelError) as error:
            # Whoever wrote this may write more: what follows must not be taken for later answers.
            self._stop()
            return Answer("crash", message=f"{_TAMPERING}: {error}")
        if answer.kind == "opened":
            self._location = answer.location
            notes = answer.notes if self._cell is None else [f"its own process says: {note}" for note in answer.notes]
            return dataclasses.replace(answer, notes=(*notes, *self._path.notes))
        return answer

    def _reply(self, until: float) -> bytes:
        """The next line; EOFError where there will be no more, queue.Empty when time is up."""
        assert self._process is not None  # noqa: S101 -- it was started
        while True:
            # Whoever the child has started may keep its channel open, though it has ended itself.
            was_there = not ending.has_ended(self._process)
            try:
                line = self._replies.get(min(_LOOK_S, max(until - time.monotonic(), 0.0)))
                self._look_at_files()
                return line
            except queue.Empty:
                self._look_at_files()
                if not was_there:
                    raise EOFError from None
                if time.monotonic() >= until:
                    raise

    def _look_at_files(self) -> None:
        if self._stay is not None and (overfull := self._stay.overfull):
            raise _OverfullError(f"{overfull}, and was stopped")

    def begin(self) -> None:
        """Have the process start, if there is none, and come back at once: its imports take their time.

        Raises
        ------
        NoProcessError
            The operating system starts none. Nothing of the package has run in this one.
        """
        if self._process is not None:
            return
        self._is_ready = False
        with starting():
            self._start()

    def _start(self) -> None:
        stay = self._cell.enter(self._path) if self._cell else None
        start_with = {**self._start_with, "confine": stay.settings if stay else None}
        try:
            process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, "\n".join(self._path.rest), json.dumps(start_with)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env={**(stay.environment() if stay else os.environ), ending.VARIABLE: self._mark},
                start_new_session=True,
                **(stay.arguments if stay else {}),
            )
        except BaseException:
            if stay is not None:
                stay.end()
            raise
        assert process.stdin and process.stdout and process.stderr  # noqa: S101 -- they are pipes
        try:
            self._replies = channel.Lines(process.stdout, _LONGEST_ANSWER)
            self._stacks = channel.Tail(process.stderr, _STACKS, *([stay.listen] if stay else []))
        except BaseException:
            # What reads are threads, and the system may refuse those, too. What was started has been asked nothing yet.
            ending.end(process, self._mark)
            for pipe in (process.stdin, process.stdout, process.stderr):
                pipe.close()
            if stay is not None:
                stay.end()
            raise
        self._process, self._stay = process, stay

    def _wait_until_ready(self) -> None:
        """Wait for the process's first line, by which it says that it listens."""
        try:
            first = parse_json(self._reply(time.monotonic() + _START_LIMIT_S))
            held = first.get("held", ()) if isinstance(first, dict) else ()
        except (queue.Empty, EOFError, channel.ChannelError, JsonError) as error:
            self._stop()
            text = "\n".join(map(printable, self._stacks.text().rstrip().splitlines()))
            raise TinyTorchHFError(f"The process for the package did not start:\n{text}") from error
        if self._cell is not None:
            self._cell.held(held)
        self._is_ready = True

    def _died(self) -> Answer:
        assert self._process is not None  # noqa: S101 -- only a process that was started can have died
        until = time.monotonic() + _ENDING_S
        while not ending.has_ended(self._process) and time.monotonic() < until:
            time.sleep(0.01)
        # If it has not, it closed its end of the pipe and goes on.
        is_alive = not ending.has_ended(self._process)
        status, where = self._stop()
        if any(line.startswith("Timeout (") for line in self._stacks.text().splitlines()):
            return self._timed_out(where)
        return Answer("crash", message=_manner_of_death(None if is_alive else status), where=where)

    def _timed_out(self, where: str) -> Answer:
        """No fault of a framework that computes number by number, of which a case of arrays may ask too much."""
        message = f"{STILL_RUNNING} {self._limit_s:g} s, and was stopped"
        return Answer("crash" if self._map["style"] == "tensors" else "untried", message=message, where=where)

    def _stop(self) -> tuple[int, str]:
        """End the process; its exit status, and the innermost place in the package that its last stack shows."""
        if self._process is None:
            return 0, ""
        status = ending.end(self._process, self._mark)
        self._replies.close()
        self._stacks.close()
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._stay is not None:
            self._stay.end()
        self._process = self._stay = None
        return status, _innermost(self._stacks.text(), self._location)


def _opened(line: bytes, nonce: str) -> Answer:
    """The answer that a line carries, if it is one to the request of this nonce."""
    try:
        message = parse_json(line, with_half_pairs=True)
    except JsonError as error:
        raise AnswerError(f"it is not JSON: {error.whole}") from error
    if not isinstance(message, dict) or message.get("nonce") != nonce:
        raise AnswerError("it answers no request")
    return parse(message.get("answer"))


def _manner_of_death(status: int | None) -> str:
    if status is None:
        return "the package closed a file that is not its own"
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = str(-status)
        return f"{WAS_ENDED} by the signal {name}"
    return f"{WAS_ENDED} with the exit status {status}"


def _innermost(stack: str, location: str) -> str:
    """The first frame of a faulthandler's stack, which starts innermost, that belongs to the package under test.

    Before the package was imported its location is unknown; then the first frame that is not ours will do.
    """
    for file, line in _FRAME.findall(stack):
        path = Path(file)
        if Path(location) in path.parents if location else not file.startswith("<") and OURS not in path.parents:
            return f"{printable(file)}:{line}"
    return ""
