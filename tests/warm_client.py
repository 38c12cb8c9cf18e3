"""Runs programs in processes that `warm.py` forks, where what takes seconds to import is imported already."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

_WARM = Path(__file__).with_name("warm.py")
IMPORTED = ("torch", "libraries")
"""What an interpreter has imported, as `warm.py` says."""

_number = itertools.count()


class Process(ABC):
    """A program that runs; the files that stand for its standard streams are in a folder of the test's."""

    pid: int

    def __init__(self, folder: Path, arguments: Sequence[str], stdin: bytes) -> None:
        n = next(_number)
        self._arguments = arguments
        self._files = {name: folder / f"{n}-{name}.txt" for name in ("stdin", "stdout", "stderr")}
        for path in self._files.values():
            path.write_bytes(stdin if path == self._files["stdin"] else b"")
        self._n_lines = 0
        self._status: int | None = None

    def line(self) -> str:
        """The next line of its standard output, when it is there."""
        deadline = time.monotonic() + 60
        while len(lines := self._printed("stdout").splitlines(keepends=True)) <= self._n_lines:
            assert time.monotonic() < deadline, f"it printed {lines}, {self._printed('stderr')}"
            time.sleep(0.02)
        self._n_lines += 1
        return lines[self._n_lines - 1]

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has been waited for."""
        if self._status is None:
            os.kill(self.pid, number)

    def wait(self) -> subprocess.CompletedProcess[str]:
        """What it printed and its exit status, when it has ended."""
        if self._status is None:
            self._status = self._ended()
        return subprocess.CompletedProcess(
            self._arguments, self._status, self._printed("stdout"), self._printed("stderr")
        )

    def _printed(self, stream: str) -> str:
        return self._files[stream].read_text(encoding="utf-8")

    @abstractmethod
    def _ended(self) -> int: ...


class Fresh(Process):
    """A program in a fresh interpreter, where none is forked."""

    def __init__(
        self, folder: Path, arguments: Sequence[str], stdin: bytes, cwd: Path, environment: Mapping[str, str]
    ) -> None:
        super().__init__(folder, arguments, stdin)
        with ExitStack() as opened:
            modes = {"stdin": "rb", "stdout": "wb", "stderr": "wb"}
            streams: Any = {name: opened.enter_context(self._files[name].open(modes[name])) for name in modes}
            self._process = subprocess.Popen([sys.executable, *arguments], cwd=cwd, env=dict(environment), **streams)
        self.pid = self._process.pid

    def _ended(self) -> int:
        return self._process.wait(timeout=120)


class Forked(Process):
    """A program in a process of `warm.py`'s, which are in the folder ``warm``; ``imported`` is one of `IMPORTED`."""

    def __init__(
        self,
        folder: Path,
        arguments: Sequence[str],
        stdin: bytes,
        cwd: Path,
        environment: Mapping[str, str],
        warm: Path,
        imported: str,
    ) -> None:
        super().__init__(folder, arguments, stdin)
        order = {"arguments": arguments, "cwd": str(cwd), "environment": dict(environment)}
        files = {name: str(path) for name, path in self._files.items()}
        with _connected(warm, imported) as connection:
            self._lines = connection.makefile("rw", encoding="utf-8")
        self._lines.write(json.dumps({**order, **files}) + "\n")
        self._lines.flush()
        self.pid = int(self._lines.readline())

    def _ended(self) -> int:
        with self._lines:
            return int(self._lines.readline())


@contextmanager
def kept(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Keep the interpreter that the workers of a run share, in whose folder it is; the first one starts it."""
    folder.mkdir(exist_ok=True)
    started = None
    with ExitStack() as keeping:
        with FileLock(folder / "lock"):
            try:
                for imported in IMPORTED:
                    keeping.enter_context(_connected(folder, imported))
            except (FileNotFoundError, ConnectionRefusedError):
                started = _started(folder, environment, keeping)
        yield
    if started:
        # The other workers end at about the same time.
        started.wait()


def _started(folder: Path, environment: Mapping[str, str], keeping: ExitStack) -> subprocess.Popen[bytes]:
    """The interpreter as a process, which ends when nobody is connected any more."""
    with ExitStack() as listening:
        sockets = [listening.enter_context(_listening(folder, imported)) for imported in IMPORTED]
        for imported in IMPORTED:
            keeping.enter_context(_connected(folder, imported))
        descriptors = [socket.fileno() for socket in sockets]
        return subprocess.Popen(
            [sys.executable, str(_WARM), *map(str, descriptors)],
            env=dict(environment),
            # Whatever these are here, programs find files in their place, and their output is buffered as for files.
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=descriptors,
        )


def _listening(folder: Path, imported: str) -> socket.socket:
    (folder / imported).unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    with _short(folder) as path:
        listening.bind(f"{path}/{imported}")
    listening.listen()
    return listening


def _connected(folder: Path, imported: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        with _short(folder) as path:
            connection.connect(f"{path}/{imported}")
    except OSError:
        connection.close()
        raise
    return connection


@contextmanager
def _short(folder: Path) -> Iterator[str]:
    """Another path to a folder: that of a socket has about a hundred characters at most."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
