"""Pipes to and from a process that is not trusted: nothing waits for ever, and nothing grows without a bound."""

from __future__ import annotations

import os
import queue
import selectors
import threading
import time
from collections.abc import Callable
from typing import IO

# On Windows only sockets can be waited for, and there is no poll; pipes are read by threads that wait for them.
_CAN_WAIT = hasattr(selectors, "PollSelector")
_PIECE = 1 << 16
# Of what is in a pipe when it is closed; somebody may go on filling it.
_MOST_PIECES = 16


class ChannelError(Exception):
    """More arrived than an answer can be."""


class Lines:
    """The lines that arrive in a pipe.

    Parameters
    ----------
    pipe
        The end to read; it is closed by `close`.
    longest
        Bytes that a line may have.
    """

    def __init__(self, pipe: IO[bytes], longest: int) -> None:
        self._longest = longest
        # What is written ahead waits in the pipe, and its writer with it.
        self._lines: queue.Queue[bytes | None] = queue.Queue(maxsize=4)
        self._is_too_long = False
        self._rest = bytearray()
        self._closing = threading.Event()
        self._reader = _Reader(pipe, self._closing, self._take, lambda: self._put(None))

    def get(self, timeout_s: float) -> bytes:
        """The next line.

        Raises
        ------
        queue.Empty
            None arrived in time.
        EOFError
            There is no more.
        ChannelError
            It is longer than it may be.
        """
        line = self._lines.get(timeout=timeout_s)
        if line is not None:
            return line
        if self._is_too_long:
            raise ChannelError(f"more than {self._longest} bytes arrived without an end")
        raise EOFError

    def close(self) -> None:
        """Stop reading, even if somebody else holds the other end open."""
        self._reader.close()

    def _take(self, piece: bytes) -> bool:
        *lines, rest = piece.split(b"\n")
        for line in lines:
            if not self._put(bytes(self._rest) + line):
                return False
            self._rest.clear()
        self._rest += rest
        if len(self._rest) > self._longest:
            self._is_too_long = True
            return False
        return True

    def _put(self, line: bytes | None) -> bool:
        while not self._closing.is_set():
            try:
                self._lines.put(line, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False


class Tail:
    """The end of what arrives in a pipe.

    Parameters
    ----------
    pipe
        The end to read; it is closed by `close`.
    size
        How many bytes are kept.
    listen
        Called with each piece as it arrives, in another thread.
    """

    def __init__(self, pipe: IO[bytes], size: int, listen: Callable[[bytes], None] = lambda _: None) -> None:
        self._size = size
        self._listen = listen
        self._kept = bytearray()
        self._reader = _Reader(pipe, threading.Event(), self._take, lambda: True)

    def text(self) -> str:
        """What was kept."""
        return bytes(self._kept).decode("utf-8", "replace")

    def close(self) -> None:
        """Stop reading, after what has already arrived."""
        self._reader.close()

    def _take(self, piece: bytes) -> bool:
        self._kept += piece
        del self._kept[: -self._size]
        self._listen(piece)
        return True


class _Reader:
    """A thread that reads a pipe until its end, or until it is closed."""

    def __init__(
        self, pipe: IO[bytes], closing: threading.Event, take: Callable[[bytes], bool], end: Callable[[], bool]
    ) -> None:
        self._pipe, self._closing, self._take, self._end = pipe, closing, take, end
        self._wake: tuple[int, int] | None = os.pipe() if _CAN_WAIT else None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        if self._wake is not None:
            os.write(self._wake[1], b"x")
            self._thread.join()
            for end in self._wake:
                os.close(end)
        else:
            self._thread.join(timeout=1)
        if not self._thread.is_alive():
            self._pipe.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            if self._wake is not None:
                selector.register(self._pipe, selectors.EVENT_READ)
                selector.register(self._wake[0], selectors.EVENT_READ)
            left = _MOST_PIECES
            while left and self._is_ready(selector):
                piece = os.read(self._pipe.fileno(), _PIECE)
                if not piece or not self._take(piece):
                    break
                left -= self._closing.is_set()
        self._end()

    def _is_ready(self, selector: selectors.BaseSelector) -> bool:
        """Whether there is something to read, or an end; False where reading should stop."""
        return self._wake is None or self._pipe in {key.fileobj for key, _ in selector.select()}


def write(pipe: IO[bytes], content: bytes, timeout_s: float) -> None:
    """Write all of this.

    Raises
    ------
    TimeoutError
        Nobody took it in time.
    OSError
        Nobody reads any more.
    """
    if not _CAN_WAIT:
        writer = threading.Thread(target=_write_blocking, args=(pipe, content), daemon=True)
        writer.start()
        writer.join(timeout_s)
        if writer.is_alive():
            raise TimeoutError
        return
    os.set_blocking(pipe.fileno(), False)
    end, rest = time.monotonic() + timeout_s, memoryview(content)
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_WRITE)
        while rest:
            if not selector.select(max(end - time.monotonic(), 0.0)):
                raise TimeoutError
            rest = rest[os.write(pipe.fileno(), rest) :]


def _write_blocking(pipe: IO[bytes], content: bytes) -> None:
    rest = memoryview(content)
    try:
        while rest:
            rest = rest[os.write(pipe.fileno(), rest) :]
    except (OSError, ValueError):
        # The pipe was closed, at one end or the other. The next answer, which never comes, says so.
        return
