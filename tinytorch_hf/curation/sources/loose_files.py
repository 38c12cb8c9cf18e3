"""Image files of a repository, a folder for each class, as Hugging Face's `imagefolder` reads them, here or there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tinytorch_hf.curation.batch import Batch
from tinytorch_hf.curation.source import Kind, Piece, pieces_of
from tinytorch_hf.curation.sources.files import Files, unreachable
from tinytorch_hf.curation.sources.looking import IMAGES
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, TinyTorchHFError
from tinytorch_hf.formats.arrays import Array

# A request for each file takes its time, so that a piece is not worth much more than that.
_PIECE = 500
_MOST_BYTES = 1 << 28


@dataclass(frozen=True)
class LooseFiles:
    """Files in folders; a folder is a shard, and its last name the class.

    Attributes
    ----------
    name, kind
        As of every source.
    files
        Where the files are.
    folders
        The paths of the files of each folder, sorted.
    """

    name: str
    files: Files
    folders: Mapping[str, Sequence[str]]
    kind: Kind = "images"

    def shards(self) -> Sequence[str]:
        """As of every source: the folders."""
        return sorted(self.folders)

    def sha256(self, shard: str) -> str:
        """As of every source; that of a folder with the same files on this machine is the same."""
        digest = hashlib.sha256()
        for path in self.folders[shard]:
            digest.update(f"{PurePosixPath(path).name}\0{self.files.sha256(path)}\n".encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    def n_rows(self, shard: str) -> int | None:
        """As of every source."""
        return len(self.folders[shard])

    def n_bytes(self, shard: str) -> int | None:
        """As of every source."""
        sizes = [self.files.n_bytes(path) for path in self.folders[shard]]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    def pieces(self, shard: str) -> Sequence[Piece]:
        """As of every source."""
        return pieces_of(shard, len(self.folders[shard]), _PIECE)

    def batches(self, piece: Piece, rows: Array | None, n_rows: int) -> Iterator[Batch]:
        """As of every source."""
        files = self.folders[piece.shard]
        label = PurePosixPath(piece.shard).name
        for some in piece.runs(rows, len(files), n_rows):
            yield Batch([self._content(files[row]) for row in some], [label] * len(some), some)

    def file_of(self, shard: str, row: int) -> str:
        """The path of a row's file below the source."""
        return self.folders[shard][row]

    def _content(self, path: str) -> bytes:
        try:
            with self.files.stream(path) as stream:
                data = bytes(stream.read(_MOST_BYTES + 1))
        except TinyTorchHFError:
            raise
        except Exception as error:
            # Which exceptions there are hangs on the server's protocol.
            raise unreachable(self.files.place(path), error) from error
        if len(data) > _MOST_BYTES:
            raise CorruptFileError(f"{self.files.place(path)} has more than 256 MB; no sample is as large.")
        return data


def are_loose(files: Files) -> bool:
    """Whether some files are images."""
    return any(_ending(path) in IMAGES for path in files.names())


def of_repository(name: str, files: Files) -> LooseFiles:
    """The images of a repository.

    Raises
    ------
    InvalidArgumentError
        There are other files among them, such as a table of labels, or images that are in no folder.
    """
    folders: dict[str, list[str]] = {}
    for path in files.names():
        if _ending(path) not in IMAGES:
            raise InvalidArgumentError(
                f"{name} has {path} beside its images; labels are read from the names of folders. Put the images of "
                "each class into a folder, and leave that file out."
            )
        folder = str(PurePosixPath(path).parent)
        if folder == ".":
            raise InvalidArgumentError(f"{name} has {path} in no folder; the folder's name is the label.")
        folders.setdefault(folder, []).append(path)
    return LooseFiles(name, files, folders)


def _ending(path: str) -> str:
    return PurePosixPath(path).suffix.lower()
