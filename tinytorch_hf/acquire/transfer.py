"""One request for what is missing of a file, with limits on time, speed and size."""

from __future__ import annotations

import contextlib
import functools
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tinytorch_hf._version import __version__
from tinytorch_hf.acquire.reasons import Failure, failure_of
from tinytorch_hf.acquire.sink import Patience, Sink
from tinytorch_hf.errors import MissingExtraError, StorageError

# How much is read at once. What has arrived is taken, so that nobody waits until so much is there.
_PIECE_BYTES = 2**16

_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,19})-[0-9]{1,19}/([0-9]{1,19}|\*)", re.ASCII)


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
    """
    with Sink(partial, size_bytes, patience) as sink:
        try:
            return _request(url, sink, patience)
        except _StartOver:
            # The server cannot go on where the partial file ends.
            sink.begin(0)
            return _request(url, sink, patience)


def require_extra() -> None:
    """Raise MissingExtraError unless the libraries of the extra ``download`` are installed."""
    for library in ("pooch", "filelock", "tqdm"):
        try:
            importlib.import_module(library)
        except ImportError as error:
            raise MissingExtraError(library, "download", error) from error


class _StartOver(Exception):
    """What the server answered does not continue the partial file."""


def _request(url: str, sink: Sink, patience: Patience) -> int:
    import pooch

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


def _receive(response: Any, *, sink: Sink, stack: contextlib.ExitStack, **_options: Any) -> None:
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


def _as_it_arrives(raw: Any, sink: Sink, piece_bytes: int, decode_content: bool) -> Iterator[bytes]:
    """The body, each piece as soon as it is there, and no more of it than is missing.

    requests would wait until a whole piece has come, while a server that sends a byte a second goes unnoticed.
    """
    while sink.missing:
        piece = raw.read1(min(piece_bytes, sink.missing), decode_content=decode_content)
        if not piece:
            return
        yield piece
