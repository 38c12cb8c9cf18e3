"""NumPy archives (.npz) of images and labels, each a shard, of which a piece at a time is mapped into memory."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf.curation.batch import Batch
from tinytorch_hf.curation.source import Kind, Piece
from tinytorch_hf.curation.sources.hashing import sha256_of
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError
from tinytorch_hf.formats.arrays import Array

_PIECE = 50_000
_LOCAL_HEADER = 30


@dataclass(frozen=True)
class Archives:
    """Archives in a folder, or one alone.

    Attributes
    ----------
    name, kind
        As of every source.
    files
        The archives by their shard's name.
    column, label
        The names of the arrays.
    """

    name: str
    files: dict[str, Path]
    column: str
    label: str
    kind: Kind = "images"

    def shards(self) -> Sequence[str]:
        """As of every source."""
        return sorted(self.files)

    def sha256(self, shard: str) -> str:
        """As of every source."""
        return sha256_of(self.files[shard])

    def pieces(self, shard: str) -> Sequence[Piece]:
        """As of every source."""
        n = len(_array(self.files[shard], self.label, self.name))
        return [Piece(shard, start, min(start + _PIECE, n)) for start in range(0, n, _PIECE)]

    def batches(self, piece: Piece, rows: Array | None, n_rows: int) -> Iterator[Batch]:
        """As of every source."""
        path = self.files[piece.shard]
        samples, labels = (_array(path, column, self.name) for column in (self.column, self.label))
        if len(samples) != len(labels):
            raise CorruptFileError(f"{path}: {len(samples)} samples have {len(labels)} labels.")
        wanted = np.arange(piece.start, len(labels) if piece.stop is None else piece.stop) if rows is None else rows
        for start in range(0, len(wanted), n_rows):
            some = wanted[start : start + n_rows]
            run = slice(some[0], some[-1] + 1) if len(some) == some[-1] + 1 - some[0] else some
            yield Batch(np.asarray(samples[run]), [_text(label) for label in labels[run].tolist()], some)


def _array(path: Path, column: str, source: str) -> Any:
    """An array of an archive; where it is not packed, as a map of the file."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            if column not in names:
                raise InvalidArgumentError(
                    f"{path} has no array {column}; it has {', '.join(names)}. Name them with --image and --label."
                )
            member = archive.getinfo(f"{column}.npy")
            with archive.open(member) as stream:
                version = np.lib.format.read_magic(stream)
                read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                shape, is_fortran, dtype = read(stream)
                start = stream.tell()
            if dtype.hasobject:
                raise CorruptFileError(f"{path}: the array {column} holds Python objects, which are not read.")
            if member.compress_type == zipfile.ZIP_STORED and not is_fortran and 0 not in shape:
                return np.memmap(path, dtype, "r", _start_of(path, member) + start, shape)
        with np.load(path, allow_pickle=False) as arrays:
            return arrays[column]
    except (zipfile.BadZipFile, ValueError, EOFError, KeyError) as error:
        raise CorruptFileError(f"{path} is no NumPy archive that can be read: {error}.") from None
    except FileNotFoundError:
        raise InvalidArgumentError(f"{source}: {path} is not there.") from None


def _start_of(path: Path, member: zipfile.ZipInfo) -> int:
    """Where a member's content begins in the file."""
    with path.open("rb") as stream:
        stream.seek(member.header_offset)
        header = stream.read(_LOCAL_HEADER)
    return (
        member.header_offset
        + _LOCAL_HEADER
        + int.from_bytes(header[26:28], "little")
        + int.from_bytes(header[28:30], "little")
    )


def _text(label: Any) -> str | None:
    return None if label is None or label != label else str(label)
