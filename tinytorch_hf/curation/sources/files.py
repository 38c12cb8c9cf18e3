"""Files that are shards, on this machine or on a server: their bytes, their hashes, and what to call them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from tinytorch_hf.curation.options import option
from tinytorch_hf.curation.sources import columns
from tinytorch_hf.curation.sources.columns import Roles
from tinytorch_hf.errors import (
    GitLFSPointerError,
    InvalidArgumentError,
    MissingExtraError,
    MissingFileError,
    NetworkError,
    StorageError,
    TinyTorchHFError,
)
from tinytorch_hf.files.opening import open_file

_PIECE_BYTES = 1 << 20
_ADVICE = f"Run it again with {option('resume')}."
_LFS_ADVICE = "Get the data themselves, in its folder with `git lfs pull`."


@dataclass(frozen=True)
class Files:
    """Files by the name of their shard.

    Attributes
    ----------
    addresses
        A path here, or an address that fsspec knows, such as ``hf://...``.
    hashes, sizes
        SHA-256 and bytes of those that a server states.
    """

    addresses: dict[str, str]
    hashes: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def names(self) -> Sequence[str]:
        """The names of the shards, sorted."""
        return sorted(self.addresses)

    def place(self, shard: str) -> str:
        """What messages call a file."""
        return self.addresses[shard]

    def path(self, shard: str) -> Path | None:
        """Where a file is on this machine; None if it is on a server.

        Raises
        ------
        MissingFileError, GitLFSPointerError, StorageError
            It is not there any more, is a pointer, or cannot be read.
        """
        if "://" in self.addresses[shard]:
            return None
        path = Path(self.addresses[shard])
        with _opened(path) as stream:
            if stream.read(len(GitLFSPointerError.START)) == GitLFSPointerError.START:
                raise GitLFSPointerError(path, _LFS_ADVICE)
        return path

    def stream(self, shard: str) -> Any:
        """A file, open to read bytes from any place.

        Raises
        ------
        MissingFileError, GitLFSPointerError, StorageError, NetworkError, MissingExtraError
            It cannot be read, or what reads from servers is not installed.
        """
        path = self.path(shard)
        if path is not None:
            return _opened(path)
        try:
            import fsspec  # type: ignore[import-untyped]
        except ImportError as error:
            raise MissingExtraError("fsspec", "hf", error) from error
        try:
            return fsspec.open(self.addresses[shard], "rb").open()
        except Exception as error:
            # Which exceptions there are hangs on the server's protocol.
            raise unreachable(self.addresses[shard], error) from error

    def n_bytes(self, shard: str) -> int | None:
        """How large a file is; None where nobody says so."""
        path = self.path(shard)
        return self.sizes.get(shard) if path is None else path.stat().st_size

    def sha256(self, shard: str) -> str:
        """SHA-256 of a file: as the server states it, or of what it gives."""
        if shard in self.hashes:
            return self.hashes[shard]
        with self.stream(shard) as stream:
            return _sha256(stream, self.place(shard))

    def wanted(self, shard: str, names: Sequence[str], roles: Roles) -> list[str]:
        """Which columns of a file hold the sample.

        Raises
        ------
        InvalidArgumentError
            It lacks a column.
        """
        found = columns.pixels_of(names, roles)
        if not found or roles.label not in names:
            lacking = roles.label if found else roles.sample
            raise InvalidArgumentError(
                f"{self.place(shard)} has no column {lacking}; it has {', '.join(names) or 'none'}. All files of a "
                "source have the same columns: name others, or leave the file out."
            )
        return found


def sha256_of(path: Path) -> str:
    """SHA-256 of a file.

    Raises
    ------
    MissingFileError, StorageError
        It cannot be read.
    """
    with _opened(path) as stream:
        return _sha256(stream, str(path))


def sha256_of_all(files: Iterable[tuple[str, Path]]) -> str:
    """SHA-256 of the names and contents of several files, in their order."""
    digest = hashlib.sha256()
    for name, path in files:
        digest.update(f"{name}\0{sha256_of(path)}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def unreachable(address: str, error: BaseException, advice: str = "") -> TinyTorchHFError:
    """The error for what a server does not give, and what to do next."""
    return NetworkError(f"{address} cannot be read: {type(error).__name__}: {words_of(error)}. {advice or _ADVICE}")


def words_of(error: BaseException) -> str:
    """What a library's error says, in one line that is not too long and has no full stop."""
    return " ".join(str(error).split())[:200].rstrip(".")


def _opened(path: Path) -> BinaryIO:
    try:
        return open_file(path)
    except FileNotFoundError:
        raise MissingFileError(f"{path} is not there.") from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error


def _sha256(stream: Any, place: str) -> str:
    digest = hashlib.sha256()
    try:
        while piece := stream.read(_PIECE_BYTES):
            digest.update(piece)
    except OSError as error:
        raise StorageError(f"{place} cannot be read: {error.strerror or error}.") from error
    return digest.hexdigest()
