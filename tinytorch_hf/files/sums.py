"""Hashes of files that every release of Python builds again, in ``SHA256SUMS`` beside them, as sha256sum writes it."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

FILE_NAME = "SHA256SUMS"


def release() -> str:
    """The Python that runs this, such as "cpython-3.11.7"; each release has a standard library of its own."""
    # Seldom needed, and slow to import.
    import platform
    import sys

    return f"{sys.implementation.name}-{platform.python_version()}"


def encode(contents: Mapping[str, bytes]) -> bytes:
    """The sums of files, given their contents by name."""
    lines = (f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in contents.items())
    return "".join(lines).encode("ascii")


def parse(data: bytes, path: Path, names: Sequence[str], advice: str) -> dict[str, str]:
    """SHA-256 of each file, by name.

    Parameters
    ----------
    data, path
        What the file of sums holds, and where it is.
    names
        The files that it must name, in this order, and no others.
    advice
        What to do about a damaged file; it ends the error message.

    Raises
    ------
    CorruptFileError
        Names the line and what is wrong with it.
    """
    # It needs NumPy, which whoever only asks whether files are there may lack.
    from tinytorch_hf.formats import json_lines

    lines = json_lines.ascii_lines(data, path, advice)
    for number, (line, name) in enumerate(itertools.zip_longest(lines, names), start=1):
        if name is None:
            raise json_lines.bad_line(path, number, "expected no further line", advice)
        if line is None or not re.fullmatch(rf"[0-9a-f]{{64}}  {re.escape(name)}", line):
            raise json_lines.bad_line(path, number, f"expected a SHA-256 in hex, two spaces and {name}", advice)
    return {name: line.split()[0] for line, name in zip(lines, names, strict=True)}
