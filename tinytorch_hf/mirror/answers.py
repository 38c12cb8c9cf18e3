"""Answers of a mirror: errors that Hugging Face's clients understand, and files in small pieces."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Mapping
from typing import BinaryIO

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from tinytorch_hf.hub.contents import StoredFile, identity
from tinytorch_hf.mirror.ranges import UnsatisfiableRangeError, is_known, range_applies, requested_range

_CHUNK_BYTES = 64 * 1024
_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")


def endpoint(request: Request) -> str:
    """The mirror's address as this visitor reached it."""
    host = request.headers.get("Host", "")
    if not _HOST.fullmatch(host):
        address, port = request.scope.get("server") or ("127.0.0.1", 80)
        host = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    return f"http://{host}"


def error(status: int, message: str, code: str | None = None, **headers: str) -> Response:
    """An error as the Hub gives it.

    Parameters
    ----------
    status
        The HTTP status.
    message
        What clients show to their user.
    code
        "RepoNotFound", "RevisionNotFound" or "EntryNotFound": the clients raise an error of that name.
    headers
        Further headers, with ``_`` for ``-``.
    """
    fields = _header_names(headers)
    # A header holds one line of ASCII, whatever name of a file the message quotes.
    fields["X-Error-Message"] = "".join(c if c.isprintable() and c.isascii() else "?" for c in message[:500])
    if code is not None:
        fields["X-Error-Code"] = code
    return JSONResponse({"error": message[:2000]}, status, fields)


def _header_names(values: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in values.items()}


async def file(request: Request, stored: StoredFile, **more_headers: str) -> Response:
    """A file or the part of it that was asked for; 304 where the client has it, 416 where there is no such part.

    Further headers are given with ``_`` for ``-``.
    """
    etag = f'"{stored.etag or stored.git_sha1}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream",
        "X-Content-Type-Options": "nosniff",
        **_header_names(more_headers),
    }
    if is_known(request.headers.get("If-None-Match"), etag):
        return Response(status_code=304, headers=headers)
    wanted = request.headers.get("Range") if range_applies(request.headers.get("If-Range"), etag) else None
    try:
        part = requested_range(wanted, stored.size_bytes)
    except UnsatisfiableRangeError:
        message = f"The file has {stored.size_bytes} bytes; none of them is in the range {wanted}."
        return error(416, message, Content_Range=f"bytes */{stored.size_bytes}")
    stream = await anyio.to_thread.run_sync(open_unchanged, stored)
    if stream is None:
        # Not the code of a missing file: without its card a dataset would load, but as something else.
        message = "This dataset changed after the mirror was started. Ask for the mirror to be started again."
        return error(404, message, "RepoNotFound")
    start, stop = part or (0, stored.size_bytes)
    headers["Content-Length"] = str(stop - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{stored.size_bytes}"
    status = 200 if part is None else 206
    if request.method == "HEAD":
        stream.close()
        return Response(status_code=status, headers=headers)
    return StreamingResponse(_pieces(stream, start, stop), status, headers)


def open_unchanged(stored: StoredFile) -> BinaryIO | None:
    """Open a file if it is still the one that was hashed: no other, not written to, not a link put in its place."""
    try:
        if identity(stored.place.stat()) != stored.identity:
            return None
        stream = stored.place.open("rb")
    except OSError:
        return None
    if identity(os.fstat(stream.fileno())) == stored.identity:
        return stream
    stream.close()
    return None


async def _pieces(stream: BinaryIO, start: int, stop: int) -> AsyncIterator[bytes]:
    with stream:
        stream.seek(start)
        while start < stop:
            piece = await anyio.to_thread.run_sync(stream.read, min(_CHUNK_BYTES, stop - start))
            if not piece:
                # Ends the connection early, from which the client learns that the file is not whole.
                raise OSError(f"{stream.name} became shorter while it was served")
            start += len(piece)
            yield piece
