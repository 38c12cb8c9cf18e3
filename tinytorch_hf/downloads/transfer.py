"""One request for what is missing of a file, with limits on time, speed and size."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from typing import Any

from tinytorch_hf import __version__
from tinytorch_hf.downloads.reasons import Failure, failure_of
from tinytorch_hf.errors import MissingExtraError, StorageError

# How much is read at once. What has arrived is taken, so that nobody waits until so much is there.
_PIECE_BYTES = 2**16

_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,19})-[0-9]{1,19}/([0-9]{1,19}|\*)", re.ASCII)


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for.

    ``connect_s`` is for a connection, ``read_s`` for the next byte, and in every ``slow_s`` seconds at least
    ``slow_bytes_per_s`` bytes a second must come: an old modem's speed, below which nobody waits for a dataset.
    ``waits_s`` are the pauses before further tries of what may pass, such as an overloaded server.
    """

    connect_s: float = 10.0
    read_s: float = 30.0
    slow_bytes_per_s: int = 1000
    slow_s: float = 30.0
    waits_s: tuple[float, ...] = (1.0, 4.0)


def transfer(url: str, partial: Path, size_bytes: int, patience: Patience) -> int:
    """Bring what is missing of a file.

    Parameters
    ----------
    url
        Where it is.
    partial
        Its beginning, which grows while it comes, and stays whatever happens.
    size_bytes
        Size of the whole file. Not a byte more is read.
    patience
        When to give up.

    Returns
    -------
    int
        How many of the bytes were there before: 0 if the server began from the start.

    Raises
    ------
    Failure
        The file is not whole yet; it says why.
    StorageError
        The partial file cannot be written.
    MissingExtraError
        pooch is not installed.
    """
    with _Sink(partial, size_bytes, patience) as sink:
        try:
            return _request(url, sink, patience)
        except _StartOver:
            # The server cannot go on where the partial file ends.
            sink.begin(0)
            return _request(url, sink, patience)


class _StartOver(Exception):
    """What the server answered does not continue the partial file."""


def _request(url: str, sink: _Sink, patience: Patience) -> int:
    pooch = _pooch()
    begun = sink.n_bytes
    headers = {"Accept-Encoding": "identity", "User-Agent": f"tinytorch-hf/{__version__}"}
    if begun:
        headers["Range"] = f"bytes={begun}-"
    with contextlib.ExitStack() as stack:
        downloader = pooch.HTTPDownloader(
            chunk_size=_PIECE_BYTES,
            headers=headers,
            timeout=(patience.connect_s, patience.read_s),
            hooks={"response": functools.partial(_receive, sink=sink, stack=stack)},
        )
        try:
            downloader(url, sink, None)
        except (Failure, StorageError, _StartOver):
            raise
        except Exception as error:
            # Whatever a server makes the libraries raise, the next place may do better.
            failure = failure_of(error, patience.connect_s, patience.read_s)
        else:
            failure = Failure("the connection ended", may_pass=True)
    if not sink.missing:
        return sink.first
    how_far = f", after {sink.n_bytes} of {sink.size_bytes} bytes" if sink.is_receiving else ""
    raise Failure(f"{failure.reason}{how_far}", may_pass=failure.may_pass)


def _pooch() -> Any:
    try:
        import pooch
    except ImportError as error:
        raise MissingExtraError("pooch", "download", error) from error
    return pooch


def _receive(response: Any, *, sink: _Sink, stack: contextlib.ExitStack, **_options: Any) -> None:
    """Look at an answer before its body is read: where it begins, and whether it can be the file at all."""
    stack.callback(response.close)
    if response.is_redirect:
        # requests would read the body of a redirect, however long.
        response.raw.stream = lambda *_arguments, **_keywords: iter(())
        return
    status, begun = response.status_code, sink.n_bytes
    if status == 206 and _continues(response.headers.get("Content-Range", ""), begun, sink.size_bytes):
        sink.begin(begun)
    elif begun and status in (206, 416):
        raise _StartOver
    elif status == 200:
        _refuse_another_size(response.headers, sink.size_bytes)
        sink.begin(0)
    elif status < 400:
        raise Failure(f"it answered {status} {response.reason}".rstrip())
    else:
        return  # The downloader raises what it is.
    if response.headers.get("Content-Encoding") and _announced_bytes(response.headers) == sink.missing:
        # A server that takes the file's own compression for one of the transfer: it must not be undone.
        response.raw.headers.pop("Content-Encoding", None)
    # What it announces was looked at; the downloader would stumble over what is no number.
    response.headers.pop("Content-Length", None)
    response.raw.stream = functools.partial(_as_it_arrives, response.raw, sink)


def _continues(content_range: str, begun: int, size_bytes: int) -> bool:
    match = _CONTENT_RANGE.fullmatch(content_range.strip())
    return match is not None and int(match[1]) == begun and match[2] in ("*", str(size_bytes))


def _refuse_another_size(headers: Any, size_bytes: int) -> None:
    announced = _announced_bytes(headers)
    if headers.get("Content-Encoding") or announced is None or announced == size_bytes:
        return
    page = " (a web page, as the login page of a network is)" if "html" in headers.get("Content-Type", "") else ""
    raise Failure(f"it offers {announced} bytes{page} instead of {size_bytes}")


def _announced_bytes(headers: Any) -> int | None:
    text = headers.get("Content-Length", "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _as_it_arrives(raw: Any, sink: _Sink, piece_bytes: int, decode_content: bool) -> Iterator[bytes]:
    """The body, each piece as soon as it is there, and no more of it than is missing.

    requests would wait until a whole piece has come, while a server that sends a byte a second goes unnoticed.
    """
    while sink.missing:
        piece = raw.read1(min(piece_bytes, sink.missing), decode_content=decode_content)
        if not piece:
            return
        yield piece


class _Sink:
    """A partial file that pooch writes into: it counts, measures the speed and shows the progress."""

    def __init__(self, partial: Path, size_bytes: int, patience: Patience) -> None:
        self.size_bytes, self.first, self.n_bytes, self.is_receiving = size_bytes, 0, 0, False
        self._partial, self._patience = partial, patience
        self._since, self._came = time.monotonic(), 0
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> _Sink:
        with self._explained():
            self._partial.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._partial, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
            # Not buffered: what has come is in the file when the process is killed.
            self._file: RawIOBase = self._stack.enter_context(os.fdopen(handle, "r+b", buffering=0))
            self.n_bytes = self._file.seek(0, os.SEEK_END)
        self._bar = self._stack.enter_context(_progress_bar(self._partial, self.size_bytes))
        return self

    def __exit__(self, *_exception: object) -> None:
        with self._explained():
            self._stack.close()

    @property
    def missing(self) -> int:
        """How many bytes are still to come."""
        return self.size_bytes - self.n_bytes

    def begin(self, first: int) -> None:
        """Get ready for bytes that begin at a position."""
        with self._explained():
            self._file.seek(first)
            self._file.truncate()
        self.first = self.n_bytes = first
        self.is_receiving = True
        self._since, self._came = time.monotonic(), 0
        self._bar(first)

    def write(self, piece: bytes) -> None:
        """Take what has come."""
        with self._explained():
            rest = memoryview(piece)
            while rest:
                rest = rest[self._file.write(rest) :]
        self.n_bytes += len(piece)
        self._came += len(piece)
        self._bar(self.n_bytes)
        passed = time.monotonic() - self._since
        if passed >= self._patience.slow_s and self.missing:
            if self._came < self._patience.slow_bytes_per_s * passed:
                raise Failure(f"it is too slow: {self._came / passed:.0f} bytes per second")
            self._since, self._came = time.monotonic(), 0

    def flush(self) -> None:
        """Do nothing: what is written is in the file already."""

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(
                f"{self._partial} could not be written: {error.strerror or error}. Free some space or choose another "
                "folder with TINYTORCH_HF_CACHE or with a root, then run it again; what has come so far is kept."
            ) from error


@contextlib.contextmanager
def _progress_bar(partial: Path, size_bytes: int) -> Iterator[Callable[[int], None]]:
    """Show how many bytes are there, on a terminal alone; gives the function that is told."""
    if not sys.stderr.isatty():
        yield lambda _n_bytes: None
        return
    try:
        from tqdm import tqdm
    except ImportError as error:
        raise MissingExtraError("tqdm", "download", error) from error
    name = partial.name.removesuffix(partial.suffix)
    with tqdm(total=size_bytes, desc=name, unit="B", unit_scale=True, leave=False) as bar:

        def show(n_bytes: int) -> None:
            if n_bytes < bar.n:
                bar.reset()
            bar.update(n_bytes - bar.n)

        yield show
