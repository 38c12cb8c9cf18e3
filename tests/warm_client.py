"""Runs programs in processes that `warm.py` forks, where what takes seconds to import is imported already."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from filelock import FileLock

_WARM = Path(__file__).with_name("warm.py")
IMPORTED = ("torch", "libraries")
"""What an interpreter has imported, as `warm.py` says."""

_number = itertools.count()


class Process(Protocol):
    """A program that runs."""

    pid: int
    stdout: Path

    def wait(self) -> subprocess.CompletedProcess[str]:
        """What it printed and its exit status, when it has ended."""


class Streams:
    """The files that stand for the standard streams of a program."""

    def __init__(self, folder: Path, stdin: bytes = b"") -> None:
        n = next(_number)
        self.stdin, self.stdout, self.stderr = (folder / f"{n}-{name}.txt" for name in ("stdin", "stdout", "stderr"))
        self.stdin.write_bytes(stdin)
        for path in (self.stdout, self.stderr):
            path.touch()

    def completed(self, arguments: Sequence[str], status: int) -> subprocess.CompletedProcess[str]:
        """What a program printed that has ended."""
        printed = [path.read_text(encoding="utf-8") for path in (self.stdout, self.stderr)]
        return subprocess.CompletedProcess(arguments, status, *printed)


class Fresh:
    """A program in a fresh interpreter, where none is forked."""

    def __init__(self, arguments: Sequence[str], streams: Streams, cwd: Path, environment: Mapping[str, str]) -> None:
        self._streams, self.stdout = streams, streams.stdout
        with streams.stdin.open("rb") as stdin, streams.stdout.open("wb") as out, streams.stderr.open("wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, *arguments], cwd=cwd, env=dict(environment), stdin=stdin, stdout=out, stderr=err
            )
        self.pid = self._process.pid

    def wait(self) -> subprocess.CompletedProcess[str]:
        """As `Process`."""
        return self._streams.completed(self._process.args[1:], self._process.wait(timeout=120))  # type: ignore[arg-type,index]


class Forked:
    """A program in a process of `warm.py`'s; ``imported`` is one of `IMPORTED`."""

    def __init__(
        self,
        folder: Path,
        imported: str,
        arguments: Sequence[str],
        streams: Streams,
        cwd: Path,
        environment: Mapping[str, str],
    ) -> None:
        self._arguments, self._streams, self.stdout = arguments, streams, streams.stdout
        with _connected(folder, imported) as connection:
            self._lines = connection.makefile("rw", encoding="utf-8")
        order = {"arguments": arguments, "cwd": str(cwd), "environment": dict(environment)}
        files = {"stdin": str(streams.stdin), "stdout": str(streams.stdout), "stderr": str(streams.stderr)}
        self._lines.write(json.dumps({**order, **files}) + "\n")
        self._lines.flush()
        self.pid = int(self._lines.readline())

    def wait(self) -> subprocess.CompletedProcess[str]:
        """As `Process`."""
        with self._lines:
            return self._streams.completed(self._arguments, int(self._lines.readline()))


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
            [sys.executable, str(_WARM), *map(str, descriptors)], env=dict(environment), pass_fds=descriptors
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
