"""A folder with a folder for each class: image files, or text files, each a sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinytorch_hf.curation.batch import Batch
from tinytorch_hf.curation.source import Kind, Piece
from tinytorch_hf.curation.sources.hashing import sha256_of_all
from tinytorch_hf.errors import CorruptFileError, StorageError
from tinytorch_hf.formats.arrays import Array

IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
TEXTS = (".txt",)

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
    """

    name: str
    root: Path
    kind: Kind = "images"

    def shards(self) -> Sequence[str]:
        """As of every source: the folders in which files are, by their path below the root."""
        folders = [path for path in [self.root, *self.root.rglob("*")] if path.is_dir()]
        return sorted(path.relative_to(self.root).as_posix() for path in folders if self._files(path))

    def sha256(self, shard: str) -> str:
        """As of every source."""
        return sha256_of_all((path.name, path) for path in self._files(self.root / shard))

    def pieces(self, shard: str) -> Sequence[Piece]:
        """As of every source."""
        n = len(self._files(self.root / shard))
        return [Piece(shard, start, min(start + _PIECE, n)) for start in range(0, n, _PIECE)]

    def batches(self, piece: Piece, rows: Array | None, n_rows: int) -> Iterator[Batch]:
        """As of every source."""
        files = self._files(self.root / piece.shard)
        wanted = np.arange(piece.start, len(files) if piece.stop is None else piece.stop) if rows is None else rows
        label = (self.root / piece.shard).name
        for start in range(0, len(wanted), n_rows):
            some = wanted[start : start + n_rows]
            yield Batch([self._content(files[row]) for row in some], [label] * len(some), some)

    def _files(self, folder: Path) -> list[Path]:
        suffixes = IMAGES if self.kind == "images" else TEXTS
        found = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes and path.name[0] != ".")
        root = self.root.resolve()
        for path in found:
            if path.is_symlink() and root not in path.resolve().parents:
                raise CorruptFileError(f"{path} is a link out of {self.root}; it is not followed. Put the file there.")
        return [path for path in found if path.is_file()]

    def _content(self, path: Path) -> bytes | str:
        try:
            if path.stat().st_size > _MOST_BYTES:
                raise CorruptFileError(f"{path} has more than 256 MB; no sample is as large.")
            data = path.read_bytes()
            return data if self.kind == "images" else data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise CorruptFileError(f"{path}: byte {error.start + 1} is not UTF-8.") from None
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error
