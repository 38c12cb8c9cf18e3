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

from tinytorch_hf.errors import TinyTorchHFError, printable
from tinytorch_hf.student import channel, ending, shadows, wire
from tinytorch_hf.student.answers import Answer, AnswerError, parse
from tinytorch_hf.student.mapping import FrameworkMap, as_json

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
sys.path[:0] = start["folders"]
main()
"""
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
_OURS = Path(__file__).parents[1]


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
    """

    def __init__(self, framework_map: FrameworkMap, folder: Path | None, limit_s: float, child: str) -> None:
        self._map = as_json(framework_map)
        folders, self._path = _paths(folder)
        places = (framework_map.package, *framework_map.names.values(), *framework_map.functions.values())
        own = [place.partition(".")[0] for place in places]
        self._hidden = [found for place in folders for found in shadows.hidden(place, own).items()]
        self._start_with = {
            "child": child,
            "libraries": [library for library, _ in self._hidden],
            "folders": [str(place) for place in folders],
        }
        self._limit_s = limit_s
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
        nonce = secrets.token_hex(16)
        self.begin()
        if not self._is_ready:
            self._wait_until_ready()
        assert self._process is not None and self._process.stdin is not None  # noqa: S101 -- it was just started
        line = json.dumps({**request, "nonce": nonce, "map": self._map, "limit_s": self._limit_s}) + "\n"
        until = time.monotonic() + self._limit_s + _GRACE_S
        try:
            channel.write(self._process.stdin, line.encode(), self._limit_s + _GRACE_S)
            answer = _opened(self._reply(until), nonce)
        except (queue.Empty, TimeoutError):
            _, where = self._stop()
            return self._timed_out(where)
        except (OSError, EOFError):
            return self._died()
        except (AnswerError, channel.ChannelError) as error:
            # Whoever wrote this may write more: what follows must not be taken for later answers.
            self._stop()
            return Answer("crash", message=f"{_TAMPERING}: {error}")
        if answer.kind == "opened":
            self._location = answer.location
            notes = (shadows.note(library, path) for library, path in self._hidden)
            return dataclasses.replace(answer, notes=(*answer.notes, *notes))
        return answer

    def _reply(self, until: float) -> bytes:
        """The next line; EOFError where there will be no more, queue.Empty when time is up."""
        assert self._process is not None  # noqa: S101 -- it was started
        while True:
            # Whoever the child has started may keep its channel open, though it has ended itself.
            was_there = not ending.has_ended(self._process)
            try:
                return self._replies.get(min(_LOOK_S, max(until - time.monotonic(), 0.0)))
            except queue.Empty:
                if not was_there:
                    raise EOFError from None
                if time.monotonic() >= until:
                    raise

    def use(self, framework_map: FrameworkMap) -> None:
        """Go on with another map of the same package, in a new process."""
        self._stop()
        self._map = as_json(framework_map)

    def begin(self) -> None:
        """Have the process start, if there is none, and come back at once: its imports take their time."""
        if self._process is not None:
            return
        self._is_ready = False
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, "\n".join(self._path), json.dumps(self._start_with)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env={**os.environ, ending.VARIABLE: self._mark},
            start_new_session=True,
        )
        assert self._process.stdout and self._process.stderr  # noqa: S101 -- they are pipes
        self._replies = channel.Lines(self._process.stdout, _LONGEST_ANSWER)
        self._stacks = channel.Tail(self._process.stderr, _STACKS)

    def _wait_until_ready(self) -> None:
        """Wait for the process's first line, by which it says that it listens."""
        try:
            self._reply(time.monotonic() + _START_LIMIT_S)
        except (queue.Empty, EOFError, channel.ChannelError) as error:
            self._stop()
            text = "\n".join(map(printable, self._stacks.text().rstrip().splitlines()))
            raise TinyTorchHFError(f"The process for the package did not start:\n{text}") from error
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
        message = f"still running after {self._limit_s:g} s, and was stopped"
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
        self._process = None
        return status, _innermost(self._stacks.text(), self._location)


def _paths(folder: Path | None) -> tuple[list[Path], list[str]]:
    """Folders of the package, and Python's path without them; with the package's own folder, whatever that is."""
    here = Path.cwd()
    folders = [folder] if folder else [Path(entry or here) for entry in sys.path if Path(entry or here) == here][:1]
    rest = [entry for entry in sys.path if entry and Path(entry) not in folders]
    # What judges has to be found, even if it is in one of these folders.
    if str(_OURS.parent) not in rest:
        rest.append(str(_OURS.parent))
    return folders, rest


def _opened(line: bytes, nonce: str) -> Answer:
    """The answer that a line carries, if it is one to the request of this nonce."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise AnswerError("it is not JSON") from error
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
        return f"the process was ended by the signal {name}"
    return f"the process was ended with the exit status {status}"


def _innermost(stack: str, location: str) -> str:
    """The first frame of a faulthandler's stack, which starts innermost, that belongs to the package under test.

    Before the package was imported its location is unknown; then the first frame that is not ours will do.
    """
    for file, line in _FRAME.findall(stack):
        path = Path(file)
        if Path(location) in path.parents if location else not file.startswith("<") and _OURS not in path.parents:
            return f"{printable(file)}:{line}"
    return ""
