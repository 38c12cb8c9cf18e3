"""A folder with a folder for each class: image files, or text files, each a sample."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf.curation.batch import Batch
from tinytorch_hf.curation.source import Kind, Piece, pieces_of
from tinytorch_hf.curation.sources import walking
from tinytorch_hf.curation.sources.files import sha256_of_all
from tinytorch_hf.curation.sources.looking import IMAGES, TEXTS
from tinytorch_hf.errors import CorruptFileError, StorageError
from tinytorch_hf.formats.arrays import Array

_PIECE = 5_000
_MOST_BYTES = 1 << 28


@dataclass(frozen=True)
class ClassFolders:
    """Files in folders; a folder is a shard, and its last name the class. Hidden files and other kinds are passed over.

    Attributes
    ----------
    name, kind
        As of every source.
    root
        The folder that holds all.
    folders
        Those in which files are, by their path below the root.
    """

    name: str
    root: Path
    folders: tuple[str, ...]
    kind: Kind = "images"

    def shards(self) -> Sequence[str]:
        """As of every source: the folders."""
        return self.folders

    def sha256(self, shard: str) -> str:
        """As of every source."""
        return sha256_of_all((name, self.root / shard / name) for name in self._names(shard))

    def n_rows(self, shard: str) -> int | None:
        """As of every source."""
        return len(self._names(shard))

    def n_bytes(self, shard: str) -> int | None:
        """As of every source."""
        return sum((self.root / shard / name).stat().st_size for name in self._names(shard))

    def pieces(self, shard: str) -> Sequence[Piece]:
        """As of every source."""
        return pieces_of(shard, len(self._names(shard)), _PIECE)

    def batches(self, piece: Piece, rows: Array | None, n_rows: int) -> Iterator[Batch]:
        """As of every source."""
        folder, names = self.root / piece.shard, self._names(piece.shard)
        label = folder.name
        if piece.stop is not None and piece.stop > len(names):
            raise CorruptFileError(
                f"{folder} has lost files while it was read: there are {len(names)} now. Leave the source alone while "
                "a set is made of it."
            )
        for some in piece.runs(rows, len(names), n_rows):
            yield Batch([self._content(folder / names[row]) for row in some], [label] * len(some), some)

    def file_of(self, shard: str, row: int) -> str:
        """The path of a row's file below the source."""
        return f"{shard}/{self._names(shard)[row]}"

    def _names(self, shard: str) -> tuple[str, ...]:
        folder = self.root / shard
        try:
            changed_ns = folder.stat().st_mtime_ns
        except OSError as error:
            raise StorageError(f"{folder} cannot be read: {error.strerror or error}.") from error
        return _listed(folder, self.root, IMAGES if self.kind == "images" else TEXTS, changed_ns)

    def _content(self, path: Path) -> bytes | str:
        try:
            with path.open("rb") as stream:
                data = stream.read(_MOST_BYTES + 1)
            if len(data) > _MOST_BYTES:
                raise CorruptFileError(f"{path} has more than 256 MB; no sample is as large.")
            return data if self.kind == "images" else data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise CorruptFileError(f"{path}: byte {error.start + 1} is not UTF-8.") from None
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error


@functools.lru_cache(maxsize=2)
def _listed(folder: Path, root: Path, suffixes: Sequence[str], _changed_ns: int) -> tuple[str, ...]:
    """The files of a folder, listed once for all pieces that a process reads of it as long as it does not change."""
    return tuple(walking.files(folder, root, suffixes))
