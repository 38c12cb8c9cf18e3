"""What a shard holds, as a hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from tinytorch_hf.errors import StorageError

_PIECE_BYTES = 1 << 20


def sha256_of(path: Path) -> str:
    """SHA-256 of a file.

    Raises
    ------
    StorageError
        It cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while piece := stream.read(_PIECE_BYTES):
                digest.update(piece)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error
    return digest.hexdigest()


def sha256_of_all(files: Iterable[tuple[str, Path]]) -> str:
    """SHA-256 of the names and contents of several files, in their order."""
    digest = hashlib.sha256()
    for name, path in files:
        digest.update(f"{name}\0{sha256_of(path)}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
