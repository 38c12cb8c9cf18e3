"""A folder with a folder for each class: image files, or text files, each a sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf.curation.batch import Batch
from tinytorch_hf.curation.source import Kind, Piece, pieces_of
from tinytorch_hf.curation.sources.files import sha256_of_all
from tinytorch_hf.curation.sources.looking import IMAGES, TEXTS, check_link
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
        return sha256_of_all((path.name, path) for path in self._files(self.root / shard))

    def n_rows(self, shard: str) -> int | None:
        """As of every source."""
        return len(self._files(self.root / shard))

    def n_bytes(self, shard: str) -> int | None:
        """As of every source."""
        return sum(path.stat().st_size for path in self._files(self.root / shard))

    def pieces(self, shard: str) -> Sequence[Piece]:
        """As of every source."""
        return pieces_of(shard, len(self._files(self.root / shard)), _PIECE)

    def batches(self, piece: Piece, rows: Array | None, n_rows: int) -> Iterator[Batch]:
        """As of every source."""
        files = self._files(self.root / piece.shard)
        label = (self.root / piece.shard).name
        if piece.stop is not None and piece.stop > len(files):
            raise CorruptFileError(
                f"{self.root / piece.shard} has lost files while it was read: there are {len(files)} now. Leave the "
                "source alone while a set is made of it."
            )
        for some in piece.runs(rows, len(files), n_rows):
            yield Batch([self._content(files[row]) for row in some], [label] * len(some), some)

    def _files(self, folder: Path) -> list[Path]:
        suffixes = IMAGES if self.kind == "images" else TEXTS
        return [path for path in _listed(folder, self.root) if path.suffix.lower() in suffixes]

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


def _listed(folder: Path, root: Path) -> list[Path]:
    """The files in a folder, sorted, without hidden ones; refused if one is a link out of the root."""
    try:
        found = sorted(path for path in folder.iterdir() if path.name[0] != "." and path.is_file())
    except OSError as error:
        raise StorageError(f"{folder} cannot be read: {error.strerror or error}.") from error
    for path in found:
        check_link(path, root)
    return found
