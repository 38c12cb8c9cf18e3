"""NumPy archives (.npz) of images and labels, each a shard: packed ones are streamed, others mapped into memory."""

from __future__ import annotations

import contextlib
import errno
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf.curation.batch import Batch, labels_of
from tinytorch_hf.curation.source import Piece, pieces_of
from tinytorch_hf.curation.sources.columns import Column
from tinytorch_hf.curation.sources.file_source import FileSource
from tinytorch_hf.curation.sources.files import Files, words_of
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, StorageError, TinyTorchHFError, printable
from tinytorch_hf.formats.arrays import Array

_PIECE = 50_000
_LOCAL_HEADER = 30
# Bytes that one packed byte may stand for: of deflate, and of any other kind, of which bzip2 comes nearest.
_MOST_DEFLATED, _MOST_PACKED = 1032, 1 << 21
_VERSIONS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


@dataclass(frozen=True)
class Member:
    """An array in an archive, as its header describes it."""

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: Any
    is_fortran: bool
    # Where its values begin in the file; None where they are packed.
    start: int | None

    @property
    def n(self) -> int:
        """How many samples it has values of."""
        return self.shape[0] if self.shape else 0


@dataclass(frozen=True)
class Archives(FileSource):
    """Archives in a folder, or one alone.

    Attributes
    ----------
    name, files
        As of every source of files.
    roles
        The names of the arrays.
    """

    def n_rows(self, shard: str) -> int | None:
        """As of every source."""
        return self._members(shard)[1].n

    def pieces(self, shard: str) -> Sequence[Piece]:
        """As of every source: of a packed archive one."""
        samples, labels = self._members(shard)
        return pieces_of(shard, labels.n, _PIECE if samples.start is not None else max(labels.n, 1))

    def batches(self, piece: Piece, rows: Array | None, n_rows: int) -> Iterator[Batch]:
        """As of every source."""
        samples, labels = self._members(piece.shard)
        written = _whole(labels).reshape(labels.n)
        if not samples.is_fortran and samples.start is None:
            # A packed archive is one piece.
            yield from _streamed(samples, labels, written, np.arange(labels.n) if rows is None else rows, n_rows)
            return
        values = _whole(samples)
        for some in piece.runs(rows, labels.n, n_rows):
            is_run = len(some) == some[-1] + 1 - some[0]
            run = slice(int(some[0]), int(some[-1]) + 1) if is_run else some
            yield Batch(_native(samples, values[run]), _labels(labels, written[run]), some)

    def _members(self, shard: str) -> tuple[Member, Member]:
        """The arrays of samples and labels."""
        path = path_of(self.files, shard)
        found = members(path)
        for name in (self.roles.sample, self.roles.label):
            if name not in found:
                names = ", ".join(found) or "none"
                raise InvalidArgumentError(
                    f"{path} has no array {name}; it has {names}. All archives of a source have the same arrays."
                )
        samples, labels = found[self.roles.sample], found[self.roles.label]
        if not samples.shape or prod(labels.shape) != labels.shape[0] or samples.shape[0] != labels.shape[0]:
            raise CorruptFileError(
                f"{path}: {samples.name} has the shape {samples.shape} and {labels.name} {labels.shape}; each sample "
                "needs one label."
            )
        return samples, labels


def columns_of(path: Path) -> list[Column]:
    """The arrays of an archive, by what they may hold: images, or one value for each sample."""
    return [Column(member.name, _holds(member)) for member in members(path).values()]


def path_of(files: Files, shard: str) -> Path:
    """Where an archive is; InvalidArgumentError for one on a server."""
    path = files.path(shard)
    if path is None:
        raise InvalidArgumentError(f"{files.place(shard)} is on a server; NumPy archives are read from this machine.")
    return path


def _holds(member: Member) -> str:
    if not member.shape or member.dtype.kind not in "biufU":
        return "other"
    if member.dtype.kind == "U":
        return "text" if len(member.shape) == 1 else "other"
    return "number" if prod(member.shape[1:]) == 1 else "image"


def members(path: Path) -> dict[str, Member]:
    """The arrays of an archive by name; none of them is read."""
    with _named_errors(path), zipfile.ZipFile(path) as archive:
        infos = [info for info in archive.infolist() if info.filename.endswith(".npy")]
        found = (_member(path, archive, info) for info in infos)
        return {member.name: member for member in found}


def _member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    with archive.open(info) as stream:
        shape, is_fortran, dtype = _header(stream)
        start = stream.tell()
    if dtype.hasobject:
        raise CorruptFileError(
            f"{path}: the array {info.filename.removesuffix('.npy')} holds Python objects, which are not read: they "
            "could run code. Write it as numbers or texts."
        )
    is_packed = info.compress_type != zipfile.ZIP_STORED
    most = min(info.compress_size, path.stat().st_size)
    if is_packed:
        most *= _MOST_DEFLATED if info.compress_type == zipfile.ZIP_DEFLATED else _MOST_PACKED
    if any(n < 0 for n in shape) or prod(shape) * dtype.itemsize > most:
        raise CorruptFileError(
            f"{path}: the array {info.filename.removesuffix('.npy')} says that it has the shape {shape}, for which "
            "there are too few bytes. It is cut off, or was not written by NumPy."
        )
    return Member(
        path,
        info.filename.removesuffix(".npy"),
        shape,
        dtype,
        is_fortran,
        None if is_packed else _start_of(path, info) + start,
    )


def _header(stream: Any) -> Any:
    version = np.lib.format.read_magic(stream)
    return _VERSIONS.get(version, np.lib.format.read_array_header_2_0)(stream)


def _native(member: Member, values: Any) -> Array:
    """Values in the order of bytes that this machine has; texts are of characters."""
    native = np.asarray(values, values.dtype.newbyteorder("="))
    if native.dtype.kind == "U" and native.size and native.dtype.itemsize:
        # Python ends with an error of its own where a number is no character.
        codes = np.ascontiguousarray(native).view(np.uint32)
        if codes.max() > sys.maxunicode:
            raise CorruptFileError(f"{member.path}: the array {member.name} has numbers that are no characters.")
    return native


def _whole(member: Member) -> Any:
    """All values of an array; where it is not packed, as a map of the file."""
    if member.start is not None and not member.is_fortran and 0 not in member.shape:
        if member.start + prod(member.shape) * member.dtype.itemsize > member.path.stat().st_size:
            raise CorruptFileError(f"{member.path} is cut off in the array {member.name}.")
        return np.memmap(member.path, member.dtype, "r", member.start, member.shape)
    with _named_errors(member.path), np.load(member.path, allow_pickle=False) as arrays:
        return arrays[member.name]


def _labels(member: Member, values: Array) -> list[str | None]:
    return labels_of(_native(member, values).tolist())


def _streamed(member: Member, of_labels: Member, labels: Array, wanted: Array, n_rows: int) -> Iterator[Batch]:
    """Rows of a packed array, of which no more than a batch is in memory."""
    shape = member.shape[1:]
    row_bytes = prod(shape) * member.dtype.itemsize
    with (
        _named_errors(member.path),
        zipfile.ZipFile(member.path) as archive,
        archive.open(f"{member.name}.npy") as stream,
    ):
        _header(stream)
        for start in range(0, len(labels), n_rows):
            n = min(n_rows, len(labels) - start)
            content = stream.read(n * row_bytes)
            if len(content) < n * row_bytes:
                raise CorruptFileError(f"{member.path} is cut off in the array {member.name}.")
            some = wanted[(wanted >= start) & (wanted < start + n)]
            if len(some):
                values = np.frombuffer(content, member.dtype).reshape(n, *shape)[some - start]
                yield Batch(_native(member, values), _labels(of_labels, labels[some]), some)
            if not len(wanted) or start + n > wanted[-1]:
                return


@contextlib.contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    """What cannot be read as an archive is said of its file."""
    try:
        yield
    except TinyTorchHFError:
        raise
    except MemoryError as error:
        raise CorruptFileError(f"{path} has an array that does not fit into memory. Cut it into several.") from error
    except Exception as error:
        # A damaged archive makes zipfile, its decompressors and NumPy raise nearly anything.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error
        problem = printable(words_of(error)) or type(error).__name__
        raise CorruptFileError(f"{path} is no NumPy archive that can be read: {problem}.") from error


def _start_of(path: Path, member: zipfile.ZipInfo) -> int:
    """Where a member's content begins in the file."""
    with path.open("rb") as stream:
        stream.seek(member.header_offset)
        header = stream.read(_LOCAL_HEADER)
    sizes = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    return member.header_offset + _LOCAL_HEADER + sizes
