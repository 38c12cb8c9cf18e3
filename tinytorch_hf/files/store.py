"""Where bytes are: the shipped files, the cache and folders of the user's; every byte that leaves here was verified."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import stat
from collections.abc import Iterable
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from tinytorch_hf.catalog import Built, DataFile, DatasetInfo
from tinytorch_hf.errors import (
    REPAIR_ADVICE,
    GitLFSPointerError,
    LineEndsError,
    MissingFileError,
    StorageError,
    TinyTorchHFError,
    TruncatedFileError,
    WrongHashError,
)
from tinytorch_hf.files.advice import not_found, repair
from tinytorch_hf.files.folders import folder
from tinytorch_hf.files.opening import open_file, read_file, refuse_links_of_others

GIT_LFS_POINTER_START = GitLFSPointerError.START

# How much of a large file is held in memory at once.
PIECE_BYTES = 2**20

# More than this a file that should be smaller is not read to say what is wrong with it.
_MOST_OF_ANOTHER = 2**26

# How the names of temporary files end.
PARTIAL_SUFFIX = ".part"

# Windows replaces no file that is open somewhere; whoever reads a file of ours, or scans it, is soon done.
_WAITS_FOR_READERS = os.name == "nt"
_PATIENCE_S = (0.01, 0.03, 0.1, 0.3, 1.0)

# Content that has been hashed before, by its hash. Comparing with it is as strict as hashing again and
# costs a fraction, so that repeated loads stay cheap. Only small files are kept.
_hashed_before: dict[str, bytes] = {}
_KEPT_BYTES = 2**20


def read(dataset: DatasetInfo, file: DataFile, root: str | Path | None = None, *, can_download: bool = False) -> bytes:
    """Content of one file of a dataset, verified against the catalog, or against the sums beside it.

    Parameters
    ----------
    dataset, file, root
        Which file, and under which root.
    can_download
        Whether the call that the user made has an argument ``download``, which an error may then advise.

    Raises
    ------
    MissingFileError, GitLFSPointerError, TruncatedFileError, WrongHashError, StorageError
        Each names the file and what to run next.
    """
    path = folder(dataset, root) / file.name
    data = _bytes(dataset, path, root, can_download, file.size_bytes)
    known = with_hash(dataset, file, root)
    if data != _hashed_before.get(_published_hash(known)[1]):
        check(data, known, path, repair(dataset, root, can_download=can_download))
        if len(data) <= _KEPT_BYTES:
            _hashed_before[_published_hash(known)[1]] = data
    return data


def _bytes(dataset: DatasetInfo, path: Path, root: str | Path | None, can_download: bool, size_bytes: int = 0) -> bytes:
    try:
        return read_file(path, 2 * size_bytes + _MOST_OF_ANOTHER)
    except FileNotFoundError:
        raise MissingFileError(not_found(dataset, path, root, can_download=can_download)) from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}. {repair(dataset, root)}") from error


def with_hash(dataset: DatasetInfo, file: DataFile, root: str | Path | None = None) -> DataFile:
    """The same file with the hash that it must have: the catalog's, or where it knows none that of the sums.

    Raises
    ------
    MissingFileError, CorruptFileError, StorageError
        The file of sums is not there, is damaged, or cannot be read.
    """
    if not isinstance(dataset.provider, Built):
        return file
    from tinytorch_hf.files import sums

    path = folder(dataset, root) / sums.FILE_NAME
    names = [one.name for one in dataset.files]
    data = _bytes(dataset, path, root, can_download=False)
    return replace(file, sha256=sums.parse(data, path, names, repair(dataset, root))[file.name])


def is_there(dataset: DatasetInfo, root: str | Path | None = None) -> bool:
    """Whether every file of a dataset exists, good or not; what may not be looked at counts as absent."""
    names = [file.name for file in dataset.files]
    if isinstance(dataset.provider, Built):
        from tinytorch_hf.files import sums

        names.append(sums.FILE_NAME)
    return all(is_file(folder(dataset, root) / name) for name in names)


def is_file(path: Path) -> bool:
    """Whether a file stands at ``path``; False, too, where the system forbids to look."""
    # Before Python 3.14, Path.is_file raises PermissionError there.
    with contextlib.suppress(OSError):
        return path.is_file()
    return False


def check(data: bytes, file: DataFile, path: Path, advice: str = REPAIR_ADVICE) -> None:
    """Raise the error that fits if ``data`` is not the content the catalog states for ``file``."""
    if data.startswith(GIT_LFS_POINTER_START):
        raise GitLFSPointerError(path, advice)
    algorithm, expected = _published_hash(file)
    found = _hash_of(io.BytesIO(data), algorithm)
    if found == expected:
        return
    for ends, changed in (("LF to CRLF", data.replace(b"\r\n", b"\n")), ("CRLF to LF", data.replace(b"\n", b"\r\n"))):
        if _hash_of(io.BytesIO(changed), algorithm) == expected:
            raise LineEndsError(path, ends, advice)
    if len(data) < file.size_bytes:
        raise TruncatedFileError(path, len(data), file.size_bytes, advice)
    raise WrongHashError(path, algorithm, found, expected, advice)


def is_good(path: Path, file: DataFile) -> bool:
    """Whether a file of the catalog stands at ``path``; it is read in pieces, whatever its size.

    Raises
    ------
    StorageError
        Something stands there that cannot be read.
    """
    algorithm, expected = _published_hash(file)
    try:
        with open_file(path) as stream:
            if file.size_bytes and os.fstat(stream.fileno()).st_size != file.size_bytes:
                return False
            return _hash_of(stream, algorithm) == expected
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error


def _published_hash(file: DataFile) -> tuple[str, str]:
    return ("SHA-256", file.sha256) if file.sha256 else ("md5", file.md5)


def _new_hash(algorithm: str) -> hashlib._Hash:
    return hashlib.new(algorithm.replace("-", ""), usedforsecurity=False)


def _hash_of(stream: BinaryIO, algorithm: str) -> str:
    digest = _new_hash(algorithm)
    while piece := stream.read(PIECE_BYTES):
        digest.update(piece)
    return digest.hexdigest()


class Found(Enum):
    """What stands at a place where a known file belongs."""

    NOTHING = "nothing"
    SAME = "the same file"
    POINTER = "a Git-LFS pointer"
    CUT_OFF = "the beginning of the same file"
    OTHER = "a different file"
    EARLIER = "the file of an earlier version"


def found_at(path: Path, data: bytes) -> Found:
    """Tell what stands at ``path``, where ``data`` belongs."""
    # A pointer is longer than the smallest files.
    present = present_at(path, max(len(data), 1024))
    if present is None:
        return Found.NOTHING
    if present == data:
        return Found.SAME
    return Found.POINTER if present.startswith(GIT_LFS_POINTER_START) else Found.OTHER


def present_at(path: Path, most_bytes: int) -> bytes | None:
    """The content of a file, or its beginning and one byte more than ``most_bytes``; None where there is none.

    Raises
    ------
    StorageError
        It cannot be read, or is not a file.
    """
    try:
        with open_file(path) as stream:
            return stream.read(min(os.fstat(stream.fileno()).st_size, most_bytes) + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}. Move it away.") from error


def earlier_version(dataset: DatasetInfo, name: str, data: bytes) -> str:
    """Which earlier version of a dataset a file of this name and content belongs to; "" if it is of none."""
    for release in dataset.earlier:
        for file in release.files:
            algorithm, expected = _published_hash(file)
            if file.name == name and len(data) == file.size_bytes and _hash_of(io.BytesIO(data), algorithm) == expected:
                return release.version
    return ""


def write(path: Path, data: bytes) -> None:
    """Write a file so that at every moment either the old or the whole new content is there.

    Who may read and write the old file may do so with the new one. The content goes to a temporary file in the same
    folder, is read back and compared, and is then renamed.

    Raises
    ------
    StorageError
        The disk is full, the folder is read-only, or what was read back differs; the old file still stands.
    """
    write_pieces(path, (data,))


def write_pieces(
    path: Path, pieces: Iterable[bytes], file: DataFile | None = None, advice: str = REPAIR_ADVICE
) -> None:
    """Write a file as `write` does, of which only one piece at a time is held in memory.

    Parameters
    ----------
    path
        Where it belongs.
    pieces
        Its content. An exception while they are made leaves the old file.
    file
        If given, what the pieces must be in the end.
    advice
        What to do if they are not.

    Raises
    ------
    StorageError
        As `write`.
    WrongHashError
        The pieces are not the content that the catalog states for ``file``.
    """
    algorithm, expected = ("SHA-256", None) if file is None else _published_hash(file)
    temporary: Path | None = None
    try:
        refuse_links_of_others(path.parent)
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = _new_hash(algorithm)
        # Not a private file, as mkstemp makes them: it is to be as public as any other of the user's.
        with (path.parent / f".{path.name}.{os.urandom(8).hex()}{PARTIAL_SUFFIX}").open("xb") as stream:
            temporary = Path(stream.name)
            for piece in pieces:
                stream.write(piece)
                digest.update(piece)
            stream.flush()
            _keep_mode(path, stream.fileno())
            os.fsync(stream.fileno())
        with temporary.open("rb") as stream:
            if _hash_of(stream, algorithm) != digest.hexdigest():
                raise OSError("what was read back differs from what was written")
        if expected not in (None, digest.hexdigest()):
            raise WrongHashError(path, algorithm, digest.hexdigest(), str(expected), advice)
        _into_place(temporary, path)
    except TinyTorchHFError:
        raise
    except OSError as error:
        raise not_written(path, error) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def _into_place(temporary: Path, path: Path) -> None:
    """Rename a file, over another one if there is one, for which some systems must wait."""
    import time

    for seconds in _PATIENCE_S if _WAITS_FOR_READERS else ():
        with contextlib.suppress(PermissionError):
            temporary.replace(path)
            return
        time.sleep(seconds)
    temporary.replace(path)


def _keep_mode(path: Path, descriptor: int) -> None:
    """Give a new file the permissions of the one that it replaces; where there is none it has those of any new file."""
    with contextlib.suppress(FileNotFoundError):
        found = path.lstat()
        if stat.S_ISREG(found.st_mode) and hasattr(os, "fchmod"):
            os.fchmod(descriptor, stat.S_IMODE(found.st_mode) & 0o777)


def not_written(path: Path, error: OSError) -> StorageError:
    """The error for a file that the system refused to write, while the old one still stands."""
    return StorageError(
        f"{path} could not be written: {error.strerror or error}. Nothing was changed. "
        "Free some space or choose a folder you may write to, then run it again."
    )


def materialise(dataset: DatasetInfo, root: str | Path) -> list[Path]:
    """Put a shipped dataset's verified files under ``root/<name>``; needs no network.

    Good files are left alone, bad ones are replaced. Processes may do this at the same time: each file is
    renamed into place whole.

    Returns
    -------
    list of Path
        The files that were written, empty if all were good.
    """
    target = folder(dataset, root)
    contents = {target / file.name: read(dataset, file) for file in dataset.files}
    wrong = [path for path, data in contents.items() if found_at(path, data) is not Found.SAME]
    for path in wrong:
        write(path, contents[path])
    return wrong
