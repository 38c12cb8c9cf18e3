"""Zip files that anybody may have made, unpacked so that they can do no harm.

Nothing is written outside of the folder, no link is made, and neither the number of files nor their size is believed
that an archive states.
"""

from __future__ import annotations

import contextlib
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tinytorch_hf.grading.file_names import shown

MOST_BYTES = 200 * 10**6
"""How much a submission may hold, packed and unpacked."""

MOST_FILES = 10_000
"""How many files and folders a submission may have."""

# What is stated of one file there takes 46 bytes and its name; this is enough for all of them, with long names.
_MOST_DIRECTORY_BYTES = MOST_FILES * 800
_PIECE_BYTES = 2**18
_LONGEST_NAME = 255
_DEEPEST = 40
# What archives of other systems hold beside the files that were packed, and what Python makes anew.
SKIPPED = frozenset({"__MACOSX", "__pycache__", "node_modules", "venv", "Thumbs.db", "desktop.ini"})

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_DEFECTS: tuple[type[Exception], ...] = (
    *(zipfile.BadZipFile, zlib.error, EOFError),
    *(OSError, NotImplementedError, RuntimeError, ValueError),
)
try:
    # Its error is of no other kind, and a Python may have been built without it.
    from lzma import LZMAError
except ImportError:
    pass
else:
    _DEFECTS = (*_DEFECTS, LZMAError)


class UngradableError(Exception):
    """A submission cannot be graded; the message says why, and what its author has to hand in instead."""


def is_skipped(name: str) -> bool:
    """Whether a file or folder of this name is none of a submission's own: hidden ones, and what tools leave there."""
    return name.startswith(".") or name in SKIPPED


def unpack(archive: Path, folder: Path) -> list[str]:
    """Unpack a zip file into an empty folder; gives what is to be said of it, such as that it has links.

    Raises
    ------
    UngradableError
        It is damaged, encrypted or too large, or names a file outside of the folder.
    """
    try:
        with archive.open("rb") as stream:
            _check_size(stream)
            with zipfile.ZipFile(stream) as opened:
                return _unpacked(opened, folder)
    except _DEFECTS as error:
        reason = str(error.strerror if isinstance(error, OSError) else error).rstrip(".")
        raise UngradableError(f"The zip file cannot be unpacked: {shown(reason)}. Pack it again.") from error


def _check_size(stream: BinaryIO) -> None:
    """Raise unless the archive, and its table of files, which is read whole, are of a size that is believed."""
    size = stream.seek(0, 2)
    if size > MOST_BYTES:
        raise UngradableError(f"The zip file has {size} bytes; at most {MOST_BYTES} are read. Leave data out.")
    start = max(size - _END.size - 0xFFFF, 0)
    stream.seek(start)
    tail = stream.read()
    place = tail.rfind(b"PK\5\6")
    if place < 0 or len(tail) < place + _END.size:
        raise UngradableError("This is no zip file, or its end is missing. Pack it again.")
    directory = _END.unpack_from(tail, place)[5]
    # Large archives, and those of some programs, state it once more before that.
    place += start - _LOCATOR_64.size - _END_64.size
    if place >= 0:
        stream.seek(place)
        record = stream.read(_END_64.size)
        if stream.read(4) == b"PK\6\7" and record.startswith(b"PK\6\6"):
            directory = _END_64.unpack(record)[8]
    stream.seek(0)
    if directory > _MOST_DIRECTORY_BYTES:
        raise UngradableError(f"The zip file states more than {MOST_FILES} files. Hand in the package alone.")


def _unpacked(archive: zipfile.ZipFile, folder: Path) -> list[str]:
    remarks: list[str] = []
    entries = archive.infolist()
    if len(entries) > MOST_FILES:
        raise UngradableError(f"The zip file has {len(entries)} files; at most {MOST_FILES} are read.")
    seen: set[tuple[str, ...]] = set()
    left = MOST_BYTES
    for entry in entries:
        words = _words(entry.filename)
        if any(map(is_skipped, words)):
            continue
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            remarks.append(f"the zip file holds a link or a device, which was left out: {shown(entry.filename)}")
            continue
        place = folder.joinpath(*words)
        if entry.is_dir() or kind == stat.S_IFDIR:
            place.mkdir(parents=True, exist_ok=True)
            continue
        if words in seen:
            raise UngradableError(f"The zip file holds {shown(entry.filename)} twice. Pack it again.")
        seen.add(words)
        if entry.flag_bits & 1:
            raise UngradableError("The zip file is encrypted. Pack it without a password.")
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as stream:
            for piece in _pieces(archive, entry):
                left -= len(piece)
                if left < 0:
                    raise UngradableError(f"Unpacked the zip file has over {MOST_BYTES} bytes. Leave data out.")
                stream.write(piece)
    return remarks


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with contextlib.closing(archive.open(entry)) as stream:
        while piece := stream.read(_PIECE_BYTES):
            yield piece


def _words(name: str) -> tuple[str, ...]:
    """The parts of a path in an archive; UngradableError if it leads out of the folder, or no system could have it."""
    path = name.replace("\\", "/")
    words = tuple(word for word in path.split("/") if word not in ("", "."))
    if path.startswith("/") or ".." in words or (words and words[0].endswith(":")):
        raise UngradableError(f"The zip file names a file outside of itself: {shown(name)}. Pack the folder alone.")
    if not words or len(words) > _DEEPEST or any(len(os_bytes(word)) > _LONGEST_NAME for word in words):
        raise UngradableError(f"The zip file has a name that no file may have: {shown(name)[:_LONGEST_NAME]!r}.")
    return words


def os_bytes(word: str) -> bytes:
    """A name as it is stored."""
    return word.encode("utf-8", "surrogateescape")
