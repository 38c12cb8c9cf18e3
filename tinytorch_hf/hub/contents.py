"""What a folder holds, named by content: Git's object names, SHA-256, and a commit hash of the whole."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf.errors import StorageError


@dataclass(frozen=True)
class StoredFile:
    """A file of a repository: where its bytes are, and what they were when they were hashed.

    ``git_sha1`` is the name of Git's blob, which the Hub uses as ETag of small files; ``sha256`` that of its
    large ones. ``identity`` tells whether the file on disk is still the one that was hashed. ``etag`` is what clients
    keep it by where that is not ``git_sha1``.
    """

    place: Path
    size_bytes: int
    git_sha1: str
    sha256: str
    identity: tuple[int, ...]
    etag: str = ""


@dataclass(frozen=True)
class Snapshot:
    """A repository's files at one moment, by their path with forward slashes, and their commit hash."""

    commit: str
    files: Mapping[str, StoredFile]

    @property
    def size_bytes(self) -> int:
        """Bytes of all files together."""
        return sum(file.size_bytes for file in self.files.values())

    def folders(self) -> dict[str, str]:
        """Every folder's path, and a hash of the paths and contents below it."""
        inside: dict[str, dict[str, StoredFile]] = {}
        for path, file in self.files.items():
            parts = path.split("/")
            for depth in range(1, len(parts)):
                inside.setdefault("/".join(parts[:depth]), {})[path] = file
        return {folder: content_hash(files) for folder, files in sorted(inside.items())}


def tag_of(version: str) -> str:
    """The tag of a dataset's version: v1.0.0; what Git takes in no tag's name becomes a "-"."""
    return "v" + re.sub(r"[^A-Za-z0-9._-]+|\.\.+", "-", version).strip("-.")


def identity(status: os.stat_result) -> tuple[int, ...]:
    """What changes when a file is replaced or written to."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def content_hash(files: Mapping[str, StoredFile]) -> str:
    """40 hexadecimal digits that depend on paths and contents, and on nothing else."""
    digest = hashlib.sha1(usedforsecurity=False)
    for path, file in sorted(files.items()):
        digest.update(f"{path}\0{file.git_sha1}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def take_snapshot(folder: Path) -> Snapshot:
    """Hash every file below a folder.

    Hidden files are left out, and so are links that lead out of the folder and whatever is no file.

    Raises
    ------
    StorageError
        The folder or a file in it cannot be read.
    """
    try:
        root = folder.resolve(strict=True)
        files = {place.relative_to(root).as_posix(): hash_file(place) for place in _places(root)}
    except OSError as error:
        raise StorageError(f"{folder} cannot be read: {error}.") from error
    return Snapshot(content_hash(files), dict(sorted(files.items())))


def _places(root: Path) -> list[Path]:
    places = []
    for name, folders, file_names in os.walk(root, onerror=_raise):
        folders[:] = [folder for folder in folders if not folder.startswith(".")]
        places += [Path(name) / file_name for file_name in file_names if not file_name.startswith(".")]
    return [place for place in places if _is_inside(place, root)]


def _raise(error: OSError) -> None:
    raise error


def _is_inside(place: Path, root: Path) -> bool:
    # First whether it is a file: a link to itself cannot be resolved.
    return place.is_file() and place.resolve().is_relative_to(root)


def hash_file(place: Path, on_bytes: Callable[[int], object] = int) -> StoredFile:
    """Hash one file, and say of each piece how many bytes it had; an OSError is the caller's to explain."""
    with place.open("rb") as stream:
        status = os.fstat(stream.fileno())
        git_sha1 = hashlib.sha1(f"blob {status.st_size}\0".encode(), usedforsecurity=False)
        sha256 = hashlib.sha256()
        while chunk := stream.read(1 << 20):
            git_sha1.update(chunk)
            sha256.update(chunk)
            on_bytes(len(chunk))
    return StoredFile(place, status.st_size, git_sha1.hexdigest(), sha256.hexdigest(), identity(status))
