"""npz archives: read without trusting them, and written so that every machine writes the same bytes.

References
----------
The format of .npy members: https://numpy.org/neps/nep-0001-npy-format.html
The zip container: PKWARE, APPNOTE.TXT - .ZIP File Format Specification, version 6.3.10
"""

from __future__ import annotations

import io
import math
import re
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinytorch_hf.errors import REPAIR_ADVICE, CorruptFileError, TinyTorchHFError
from tinytorch_hf.formats.arrays import Array

if TYPE_CHECKING:
    import zipfile

MAX_ARRAY_BYTES = 64 * 2**20
"""Unpacked size of a whole archive that is still believed; many times any curated dataset."""

_MAX_MEMBERS = 64
_PIECE_BYTES = 2**16
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_ENCRYPTED = 0x1
_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    rb"\{'descr': '([<>|][biuf][1248])', 'fortran_order': (False|True), 'shape': \(([0-9, ]{0,80})\), \} *\n"
)
_OTHER_KINDS = {
    "O": "pickled objects",
    "U": "text",
    "S": "bytes",
    "V": "raw bytes",
    "c": "complex numbers",
    "M": "dates",
    "m": "durations",
    "[": "records",
}
# Zip cannot say "no date"; this is its earliest one.
_DATE_TIME = (1980, 1, 1, 0, 0, 0)


def read_npz(data: bytes, path: Path, max_array_bytes: int = MAX_ARRAY_BYTES) -> dict[str, Array]:
    """Read an npz archive of plain number arrays, as `numpy.savez` and `write_npz` make them.

    Parameters
    ----------
    data
        The file's content.
    path
        Where it came from, for error messages.
    max_array_bytes
        What all members together may take unpacked. Sizes that the file declares are never believed: each
        member is unpacked up to this bound and no further.

    Returns
    -------
    dict
        Names to freshly allocated, writable, C-ordered arrays of native byte order. Only booleans,
        integers and floats are admitted; nothing in the file is evaluated or unpickled.

    Raises
    ------
    CorruptFileError
        It is no zip archive, is cut off, unpacks to more than ``max_array_bytes``, or has a member that is
        not a plain array.
    """
    arrays: dict[str, Array] = {}
    left = max_array_bytes
    try:
        for member in _members(data):
            name, suffix = member.filename[:-4], member.filename[-4:]
            if suffix != ".npy" or not name.isidentifier() or name in arrays:
                raise ValueError(f"{member.filename[:60]!r} is not the name of one array")
            content = _unpack(data, member, left)
            left -= len(content)
            arrays[name] = _array(content, name)
    except ValueError as error:
        raise CorruptFileError(
            f"{path} is not a readable npz archive of plain arrays: {error}. {REPAIR_ADVICE}"
        ) from error
    return arrays


def _members(data: bytes) -> list[zipfile.ZipInfo]:
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except Exception as error:
        # A damaged directory makes zipfile raise nearly anything: BadZipFile, struct.error, ValueError ...
        raise ValueError(f"its zip directory is damaged or missing ({error})") from error
    if len(members) > _MAX_MEMBERS:
        raise ValueError(f"it has {len(members)} members")
    return members


def _unpack(data: bytes, member: zipfile.ZipInfo, max_bytes: int) -> bytearray:
    # zipfile's own reader unpacks a whole chunk before it looks at the size, and four kilobytes of bzip2
    # can hold gigabytes. The decompressors below stop at the bound.
    import zipfile

    name = member.filename
    start = member.header_offset
    header = data[start : start + _LOCAL_HEADER.size] if start >= 0 else b""
    if len(header) < _LOCAL_HEADER.size or member.flag_bits & _ENCRYPTED:
        raise ValueError(f"{name} is encrypted or lies outside the file")
    signature, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
    if signature != b"PK\x03\x04":
        raise ValueError(f"{name} does not start where the directory says")
    start += _LOCAL_HEADER.size + name_bytes + extra_bytes
    packed = data[start : start + member.compress_size]
    if member.compress_type == zipfile.ZIP_STORED:
        content = bytearray(packed[: max_bytes + 1])
    elif member.compress_type == zipfile.ZIP_DEFLATED:
        content = _bounded(zlib.decompressobj(-zlib.MAX_WBITS), packed, name, max_bytes)
    elif member.compress_type == zipfile.ZIP_BZIP2:
        content = _bounded(_bzip2_decompressor(name), packed, name, max_bytes)
    else:
        raise ValueError(f"{name} is compressed with zip method {member.compress_type}, which npz files do not use")
    if len(content) > max_bytes:
        raise ValueError(f"it unpacks to more than {max_bytes} bytes")
    if len(content) != member.file_size or zlib.crc32(content) != member.CRC:
        raise ValueError(f"the size or checksum of {name} is wrong")
    return content


def _bzip2_decompressor(name: str) -> Any:
    try:
        import bz2
    except ImportError as error:
        raise TinyTorchHFError(
            f"{name} is packed with bzip2, and this Python was built without its module bz2 ({error}). "
            "Install the bzip2 headers and build Python again, or use another Python."
        ) from error
    return bz2.BZ2Decompressor()


def _bounded(decompressor: Any, packed: bytes, name: str, max_bytes: int) -> bytearray:
    # In pieces, into memory that an array can own: a member is held once, never as bytes and as an array.
    content = bytearray()
    try:
        while not decompressor.eof and len(content) <= max_bytes:
            piece = decompressor.decompress(packed, min(_PIECE_BYTES, max_bytes + 1 - len(content)))
            if not piece:
                break
            content += piece
            # What zlib has not looked at yet is handed over again; bz2 keeps it to itself.
            packed = getattr(decompressor, "unconsumed_tail", b"")
    except (OSError, zlib.error) as error:
        raise ValueError(f"{name} does not unpack ({error})") from error
    return content


def _array(content: bytearray, name: str) -> Array:
    if content[:8] != _MAGIC or len(content) < 10:
        raise ValueError(f"{name} is not an array of NumPy's format 1.0")
    end = 10 + int.from_bytes(content[8:10], "little")
    header = _HEADER.fullmatch(content[10:end])
    if header is None:
        raise ValueError(
            f"{name} holds {_kind(content[10:end])}, and not an array of booleans, integers or floats "
            f"(pickled objects, text and records are never read); its header says {bytes(content[10:end][:60])!r}"
        )
    dtype = _dtype(header[1].decode("ascii"))
    shape = tuple(int(length) for length in header[3].decode("ascii").split(",") if length.strip())
    values = memoryview(content)[end:]
    if len(values) != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{name} has {len(values)} bytes, too few or too many for {dtype} {list(shape)}")
    flat: Array = np.frombuffer(values, dtype=dtype)
    stored = flat.reshape(shape, order="F" if header[2] == b"True" else "C")
    array: Array = stored.astype(dtype.newbyteorder("="), order="C", copy=False)
    return array


def _kind(header: bytearray) -> str:
    """What an array is made of that is not read, as far as its header says."""
    descr = re.match(rb"\{'descr': (\[|'[<>|=]?([A-Za-z]))", header)
    if descr is None:
        return "a header that NumPy does not write"
    return _OTHER_KINDS.get((descr[2] or b"[").decode(), "numbers of another size, or in another layout")


def _dtype(text: str) -> np.dtype[Any]:
    try:
        return np.dtype(text)
    except TypeError:
        raise ValueError(f"there is no dtype {text!r}") from None


def write_npz(arrays: Mapping[str, Array], *, packed: bool = True) -> bytes:
    """Bytes of an npz archive that `numpy.load` reads, equal on every machine for equal arrays.

    `numpy.savez_compressed` stamps the clock's time in some releases, pads headers by its own version's rules
    and leaves the bytes to whichever zlib is installed (zlib, zlib-ng and others pack differently). Here
    the dates are fixed, the headers are written out, and the members are packed with bzip2: its compressed
    form is a sorting problem with one answer, its one library has not changed what it writes since 2000,
    and on these images it is also the smaller one.

    Parameters
    ----------
    arrays
        Names to arrays of booleans, integers or floats; they are stored in this order.
    packed
        False stores them as they are: photographs hardly shrink, and unpacking takes longer than reading.
    """
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", _DATE_TIME)
            # Windows and Unix would write their own number here.
            member.create_system = 3
            member.external_attr = 0o644 << 16
            member.compress_type = zipfile.ZIP_BZIP2 if packed else zipfile.ZIP_STORED
            archive.writestr(member, _npy(array), compresslevel=9)
    return stream.getvalue()


def _npy(array: Array) -> bytes:
    little_endian = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    header = f"{{'descr': '{little_endian.dtype.str}', 'fortran_order': False, 'shape': {array.shape}, }}"
    n_before = len(_MAGIC) + 2
    # The values start at a multiple of 64 bytes, and the header ends with a line feed.
    n_padding = -(n_before + len(header) + 1) % 64
    padded = f"{header}{' ' * n_padding}\n".encode("ascii")
    return _MAGIC + struct.pack("<H", len(padded)) + padded + little_endian.tobytes()
