"""One request for what is missing of a file, with limits on time, speed and size."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tinytorch_hf._version import __version__
from tinytorch_hf.acquire.reasons import Failure, failure_of, refused
from tinytorch_hf.acquire.sink import Patience, Sink
from tinytorch_hf.errors import MissingExtraError, StorageError

if TYPE_CHECKING:
    from requests import Response

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
        if sink.missing <= 0:
            # A process was killed after the last byte had come.
            return sink.n_bytes
        try:
            _request(url, sink, patience)
        except _StartOver:
            # The server cannot go on where the partial file ends.
            sink.begin(0)
            _request(url, sink, patience)
        return sink.first


def require_extra() -> None:
    """Raise MissingExtraError unless the libraries of the extra ``download`` are installed."""
    for library in ("requests", "filelock", "tqdm"):
        try:
            importlib.import_module(library)
        except ImportError as error:
            raise MissingExtraError(library, "download", error) from error


class _StartOver(Exception):
    """What the server answered does not continue the partial file."""


def _request(url: str, sink: Sink, patience: Patience) -> None:
    import requests

    headers = {"Accept-Encoding": "identity", "User-Agent": f"tinytorch-hf/{__version__}"}
    if sink.n_bytes:
        headers["Range"] = f"bytes={sink.n_bytes}-"
    limits = (patience.connect_s, patience.read_s)
    hooks = {"response": _leave_a_redirect}
    try:
        with requests.get(url, headers=headers, timeout=limits, hooks=hooks, stream=True) as response:
            _begin(response, sink)
            is_encoded = _is_encoded(response.headers, sink.missing)
            # Each piece as soon as it is there, so that a server that sends a byte a second does not go unnoticed.
            while sink.missing:
                piece = response.raw.read1(min(_PIECE_BYTES, sink.missing), decode_content=is_encoded)
                if not piece:
                    break
                sink.write(piece)
        failure = Failure("the connection ended", may_pass=True)
    except (Failure, StorageError, _StartOver):
        raise
    except Exception as error:
        # Whatever a server makes the libraries raise, the next place may do better.
        failure = failure_of(error, patience.connect_s, patience.read_s)
    if sink.missing:
        how_far = f", after {sink.n_bytes} of {sink.size_bytes} bytes" if sink.is_receiving else ""
        raise Failure(f"{failure.reason}{how_far}", may_pass=failure.may_pass)


def _leave_a_redirect(response: Response, **_options: object) -> None:
    """Close a redirect before requests reads its body, however long it is."""
    if response.is_redirect:
        response.close()


def _begin(response: Response, sink: Sink) -> None:
    """Look at an answer before its body is read: where it begins, and whether it can be the file at all."""
    status, begun = response.status_code, sink.n_bytes
    if status == 206 and _continues(response.headers.get("Content-Range", ""), begun, sink.size_bytes):
        sink.begin(begun)
    elif begun and status in (206, 416):
        raise _StartOver
    elif status == 200:
        _refuse_another_size(response.headers, sink.size_bytes)
        sink.begin(0)
    else:
        raise refused(status)


def _continues(content_range: str, begun: int, size_bytes: int) -> bool:
    match = _CONTENT_RANGE.fullmatch(content_range.strip())
    return match is not None and int(match[1]) == begun and match[2] in ("*", str(size_bytes))


def _is_encoded(headers: Mapping[str, str], missing: int) -> bool:
    """Whether it comes compressed, although it was asked for as it is.

    Some servers take the file's own compression for one of the transfer, which must not be undone.
    """
    return bool(headers.get("Content-Encoding")) and _announced_bytes(headers) != missing


def _refuse_another_size(headers: Mapping[str, str], size_bytes: int) -> None:
    announced = _announced_bytes(headers)
    if headers.get("Content-Encoding") or announced in (None, size_bytes):
        return
    page = " (a web page, as the login page of a network is)" if "html" in headers.get("Content-Type", "") else ""
    raise Failure(f"it offers {announced} bytes{page} instead of {size_bytes}")


def _announced_bytes(headers: Mapping[str, str]) -> int | None:
    text = headers.get("Content-Length", "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
