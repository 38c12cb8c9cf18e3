"""The parent's end of the process in which a student's package runs.

It asks, waits so long and no longer, and starts another process when one has died or was stopped.
"""

from __future__ import annotations

import collections
import json
import queue
import re
import secrets
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from tinytorch_hf.errors import TinyTorchHFError
from tinytorch_hf.student.answers import Answer, AnswerError, parse
from tinytorch_hf.student.mapping import FrameworkMap, as_json

# The child finds what the parent finds, and nothing because of the folder it was started in.
_PROGRAM = (
    "import importlib, json, sys; sys.path[:] = json.loads(sys.argv[1]); importlib.import_module(sys.argv[2]).main()"
)
_START_LIMIT_S = 120.0
# The child ends itself at the limit, with its stack; only if it cannot is it killed, this much later.
_GRACE_S = 2.0
# A child whose answers have ended is about to end itself; longer than this it only does if it has closed their channel.
_ENDING_S = 5.0
_TAMPERING = "something that is no answer came from where only answers belong; the package writes to files of others"
_FRAME = re.compile(r'File "(.+)", line (\d+) in ')
_OURS = Path(__file__).parents[1]


class PackageProcess:
    """A student's package in a process of its own; a context manager that ends the process.

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
        self._child = child
        self._map = as_json(framework_map)
        self._path = [*([str(folder)] if folder else []), *sys.path]
        self._limit_s = limit_s
        self._location = ""
        self._process: subprocess.Popen[str] | None = None
        self._replies: queue.Queue[str | None] = queue.Queue()
        self._stacks: collections.deque[str] = collections.deque(maxlen=200)
        self._readers: list[threading.Thread] = []

    def __enter__(self) -> PackageProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def ask(self, **request: Any) -> Answer:
        """What the child answers; if it does not, a "crash" with the reason, and ``where`` it was at that time."""
        nonce = secrets.token_hex(16)
        if self._process is None:
            self._start()
        assert self._process is not None and self._process.stdin is not None  # noqa: S101 -- it was just started
        try:
            self._process.stdin.write(
                json.dumps({**request, "nonce": nonce, "map": self._map, "limit_s": self._limit_s}) + "\n"
            )
            self._process.stdin.flush()
        except OSError:
            return self._died()
        try:
            line = self._replies.get(timeout=self._limit_s + _GRACE_S)
        except queue.Empty:
            return Answer("crash", message=self._overtime(), where=self._stop())
        if line is None:
            return self._died()
        try:
            answer = _opened(line, nonce)
        except AnswerError as error:
            # Whoever wrote this may write more: what follows must not be taken for later answers.
            self._stop()
            return Answer("crash", message=f"{_TAMPERING}: {error}")
        if answer.location:
            self._location = answer.location
        return answer

    def _start(self) -> None:
        self._replies, self._stacks = queue.Queue(), collections.deque(maxlen=200)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, json.dumps(self._path), self._child],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._readers = [
            threading.Thread(target=_forward, args=(self._process.stdout, self._replies.put), daemon=True),
            threading.Thread(target=_collect, args=(self._process.stderr, self._stacks), daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        try:
            ready = self._replies.get(timeout=_START_LIMIT_S)
        except queue.Empty:
            ready = None
        if ready is None:
            self._stop()
            raise TinyTorchHFError("The process for the package did not start:\n" + "".join(self._stacks).rstrip())

    def _died(self) -> Answer:
        assert self._process is not None  # noqa: S101 -- only a process that was started can have died
        try:
            status = self._process.wait(timeout=_ENDING_S)
        except subprocess.TimeoutExpired:
            # It closed its end of the pipe and goes on.
            status = None
        where = self._stop()
        was_stopped = any(line.startswith("Timeout (") for line in self._stacks)
        return Answer("crash", message=self._overtime() if was_stopped else _manner_of_death(status), where=where)

    def _overtime(self) -> str:
        return f"still running after {self._limit_s:g} s, and was stopped"

    def _stop(self) -> str:
        """End the process; the innermost place in the package that its last stack shows."""
        if self._process is None:
            return ""
        self._process.kill()
        self._process.wait()
        for reader in self._readers:
            reader.join(timeout=5)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            _close(stream)
        self._process = None
        return _innermost("".join(self._stacks), self._location)


def _opened(line: str, nonce: str) -> Answer:
    """The answer that a line carries, if it is one to the request of this nonce."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise AnswerError("it is not JSON") from error
    if not isinstance(message, dict) or message.get("nonce") != nonce:
        raise AnswerError("it answers no request")
    return parse(message.get("answer"))


def _forward(stream: IO[str], put: Any) -> None:
    for line in stream:
        put(line)
    put(None)


def _collect(stream: IO[str], lines: collections.deque[str]) -> None:
    lines.extend(stream)


def _close(stream: IO[str] | None) -> None:
    if stream is not None:
        try:
            stream.close()
        except OSError:
            # What was still to be written has no reader any more.
            return


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
            return f"{file}:{line}"
    return ""
