"""Which part of a file a request asks for, and whether the client has it already.

Source: HTTP Semantics, RFC 9110, sections 13 and 14, https://www.rfc-editor.org/rfc/rfc9110
"""

from __future__ import annotations

import re

# More digits than any file has bytes; Python refuses to parse very long numbers.
_RANGE = re.compile(r"\s*bytes\s*=\s*([0-9]{0,19})\s*-\s*([0-9]{0,19})\s*", re.ASCII)


class UnsatisfiableRangeError(ValueError):
    """A range that begins behind the end of the file."""


def requested_range(header: str | None, size_bytes: int) -> tuple[int, int] | None:
    """The part of a file that a ``Range`` header asks for.

    Parameters
    ----------
    header
        Such as ``bytes=0-99``, ``bytes=100-`` or ``bytes=-100``, or None.
    size_bytes
        Size of the file.

    Returns
    -------
    tuple of (int, int) or None
        First byte and the one behind the last; None for the whole file. That is also the answer to several
        ranges at once and to what is not a range at all, as the standard allows.

    Raises
    ------
    UnsatisfiableRangeError
        No byte of the file is in the range.
    """
    match = _RANGE.fullmatch(header or "")
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first == "":
        start, stop = max(0, size_bytes - int(last)), size_bytes
    else:
        start, stop = int(first), min(size_bytes, int(last) + 1) if last else size_bytes
        if last and int(last) < int(first):
            return None
    if start >= stop:
        raise UnsatisfiableRangeError(header)
    return start, stop


def is_known(if_none_match: str | None, etag: str) -> bool:
    """Whether an ``If-None-Match`` header names this ETag, so that 304 is the answer."""
    if if_none_match is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags


def range_applies(if_range: str | None, etag: str) -> bool:
    """Whether the ``Range`` header counts: an ``If-Range`` header must name this ETag."""
    return if_range is None or if_range.strip() == etag
