"""Archives, and files that come as they are, to a dataset's files: verified, and never more bytes than is allowed."""

from __future__ import annotations

import contextlib
import gzip
import tarfile
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from tinytorch_hf.catalog import Archive, DataFile, DatasetInfo
from tinytorch_hf.errors import CorruptFileError, StorageError
from tinytorch_hf.files import store
from tinytorch_hf.files.opening import open_file

# The most that is unpacked of a file whose size is published nowhere: more than any batch of CIFAR-10 has.
_UNKNOWN_BYTES = 2**25

# What a tar file may hold beside the files that are wanted: headers, padding, a page of text.
_BESIDE_BYTES = 2**20

# No file is unpacked for so long.
_LEFTOVER_S = 3600

# What the libraries raise on damaged archives. gzip's own error and those of a file system are both an OSError.
_DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError, ValueError, OverflowError, RecursionError)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def most_bytes(file: DataFile) -> int:
    """The most bytes a file may have."""
    return file.size_bytes or _UNKNOWN_BYTES


def files_in(archive: Archive, dataset: DatasetInfo) -> tuple[DataFile, ...]:
    """Those of a dataset's files that an archive holds: all for a tar file, else the one of the same name."""
    name = archive.file.name
    if name.endswith(".tar.gz"):
        return dataset.files
    return tuple(file for file in dataset.files if file.name == name.removesuffix(".gz"))


def is_packed(archive: Archive) -> bool:
    """Whether a dataset's files are unpacked from it; otherwise it is such a file itself."""
    return archive.file.name.endswith(".gz")


def unpack(archive: Path, files: Sequence[DataFile], folder: Path, *, member_folder: str = "") -> list[Path]:
    """Unpack the files that are wanted from an archive, each verified against the catalog before it is in place.

    Nothing of an archive decides where something is written: members of a tar file are taken if they are regular
    files under exactly the names that are wanted, the first of each name counts, and their content alone is read.

    Parameters
    ----------
    archive
        ``.tar.gz``, or ``.gz`` for one file, or that file itself, which is copied to where it belongs.
    files
        What is wanted.
    folder
        Where they belong.
    member_folder
        The folder they stand in inside a tar file.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    CorruptFileError
        The archive is damaged, lacks a file, or holds other content; files that are in place are good.
    StorageError
        It cannot be read, or a file cannot be written.
    """
    _remove_leftovers(files, folder)
    try:
        with open_file(archive) as stream:
            if archive.name.endswith(".tar.gz"):
                return _from_tar(stream, archive, files, folder, member_folder)
            (file,) = files
            if not archive.name.endswith(".gz"):
                return _as_it_is(stream, archive, file, folder / file.name)
            with gzip.GzipFile(fileobj=stream, mode="rb") as unpacked:
                _write(folder / file.name, unpacked, file, archive)
            return [folder / file.name]
    except (CorruptFileError, StorageError):
        raise
    except _DAMAGE as error:
        raise CorruptFileError(f"{archive} is damaged: {error}. {_advice(archive)}") from error
    except OSError as error:
        raise StorageError(f"{archive} cannot be read: {error.strerror or error}.") from error


def _as_it_is(stream: BinaryIO, archive: Path, file: DataFile, path: Path) -> list[Path]:
    if path == archive:
        return []
    _write(path, stream, file, archive)
    return [path]


def _from_tar(
    stream: BinaryIO, archive: Path, files: Sequence[DataFile], folder: Path, member_folder: str
) -> list[Path]:
    wanted = {f"{member_folder}/{file.name}": file for file in files}
    written = []
    with gzip.GzipFile(fileobj=stream, mode="rb") as unpacked:
        most = sum(map(most_bytes, files)) + _UNKNOWN_BYTES + _BESIDE_BYTES
        bounded: Any = _Bounded(unpacked, most)
        with tarfile.open(fileobj=bounded, mode="r|") as members:
            for member in members:
                file = wanted.get(member.name) if member.isreg() else None
                content = members.extractfile(member) if file else None
                if file is None or content is None:
                    continue
                del wanted[member.name]
                _write(folder / file.name, content, file, archive)
                written.append(folder / file.name)
                if not wanted:
                    return written
    raise CorruptFileError(f"{archive} does not hold {', '.join(wanted)}. {_advice(archive)}")


def _write(path: Path, content: _Readable, file: DataFile, archive: Path) -> None:
    store.write_pieces(path, _pieces(content, file, archive), file, _advice(archive))


def _pieces(content: _Readable, file: DataFile, archive: Path) -> Iterator[bytes]:
    """What is read, in pieces; damage is told from what the disk refuses, because both are an OSError."""
    left = most_bytes(file)
    while True:
        try:
            piece = content.read(min(store.PIECE_BYTES, left + 1))
        except _DAMAGE as error:
            raise CorruptFileError(f"{archive} is damaged: {error}. {_advice(archive)}") from error
        except OSError as error:
            raise StorageError(f"{archive} cannot be read: {error.strerror or error}.") from error
        if not piece:
            return
        left -= len(piece)
        if left < 0:
            raise CorruptFileError(
                f"{archive} holds more than the {most_bytes(file)} bytes that {file.name} may have. {_advice(archive)}"
            )
        yield piece


class _Bounded:
    """A stream that refuses to give more than a number of bytes, so that no archive keeps a reader busy for ever."""

    def __init__(self, stream: _Readable, most: int) -> None:
        self._stream, self._left = stream, most

    def read(self, size: int, /) -> bytes:
        """Read like a file."""
        piece = self._stream.read(min(size, self._left + 1))
        self._left -= len(piece)
        if self._left < 0:
            raise ValueError("it holds far more than the files that are wanted")
        return piece


def _remove_leftovers(files: Sequence[DataFile], folder: Path) -> None:
    """Remove what a process left that was killed while it unpacked: it is old, so that nobody is writing it now."""
    for file in files:
        for leftover in folder.glob(f".{file.name}.*{store.PARTIAL_SUFFIX}"):
            with contextlib.suppress(OSError):
                if time.time() - leftover.stat().st_mtime > _LEFTOVER_S:
                    leftover.unlink()


def _advice(archive: Path) -> str:
    return f"Remove {archive.name}, then run it again to get a good copy."
