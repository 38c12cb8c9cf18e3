"""Where bytes are: the shipped files and given roots; every byte that leaves here was verified."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tinytorch_hf.catalog import DataFile, DatasetInfo
from tinytorch_hf.errors import (
    REPAIR_ADVICE,
    GitLFSPointerError,
    MissingFileError,
    StorageError,
    TruncatedFileError,
    WrongHashError,
)
from tinytorch_hf.readers import GIT_LFS_POINTER_START

_PACKAGE = Path(__file__).resolve().parent


def shipped(folder: str) -> Path:
    """Path of a folder that ships with the package: "datasets", "cards" or "loading_scripts".

    A wheel carries them inside the package; in a checkout they are the folders beside it.
    """
    inside = _PACKAGE / "_shipped"
    return (inside if inside.is_dir() else _PACKAGE.parent) / folder


def folder(dataset: DatasetInfo, root: str | Path | None = None) -> Path:
    """Folder of a dataset's files: the shipped one, or ``root/<name>``. A leading ``~`` is expanded."""
    if root is None:
        return shipped("datasets") / dataset.folder_name
    return Path(root).expanduser() / dataset.name


def is_on_hub(name: str) -> bool:
    """Whether a dataset has a loading script, which says what its columns are on Hugging Face's Hub."""
    return (shipped("loading_scripts") / f"{name}.py").is_file()


# Content that has been hashed before, by its hash. Comparing with it is as strict as hashing again and
# costs a fraction, so that repeated loads stay cheap. Only small shipped files go through here.
_hashed_before: dict[str, bytes] = {}


def read(dataset: DatasetInfo, file: DataFile, root: str | Path | None = None) -> bytes:
    """Content of one file of a dataset, verified against the catalog.

    Raises
    ------
    MissingFileError, GitLFSPointerError, TruncatedFileError, WrongHashError, StorageError
        Each names the file and what to run next.
    """
    path = folder(dataset, root) / file.name
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise MissingFileError(_missing_message(dataset, path, root)) from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}. {REPAIR_ADVICE}") from error
    if data != _hashed_before.get(file.sha256):
        check(data, file, path)
        _hashed_before[file.sha256] = data
    return data


def _missing_message(dataset: DatasetInfo, path: Path, root: str | Path | None) -> str:
    if root is None:
        return f"{path} is missing from the installation. Reinstall tinytorch-hf."
    return (
        f"{dataset.title} was not found: there is no {path}. "
        "You can use download=True to put it there (no network is needed), or root=None for the bundled files."
    )


def check(data: bytes, file: DataFile, path: Path) -> None:
    """Raise the error that fits if ``data`` is not the content the catalog states for ``file``."""
    if data.startswith(GIT_LFS_POINTER_START):
        raise GitLFSPointerError(path)
    if len(data) < file.size_bytes:
        raise TruncatedFileError(path, len(data), file.size_bytes)
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != file.sha256:
        raise WrongHashError(path, sha256, file.sha256)


class Found(Enum):
    """What stands at a place where a known file belongs."""

    NOTHING = "nothing"
    SAME = "the same file"
    POINTER = "a Git-LFS pointer"
    OTHER = "a different file"


def found_at(path: Path, data: bytes) -> Found:
    """Tell what stands at ``path``, where ``data`` belongs."""
    try:
        present = path.read_bytes()
    except FileNotFoundError:
        return Found.NOTHING
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error
    if present == data:
        return Found.SAME
    return Found.POINTER if present.startswith(GIT_LFS_POINTER_START) else Found.OTHER


def write(path: Path, data: bytes) -> None:
    """Write a file so that at every moment either the old or the whole new content is there.

    The content goes to a temporary file in the same folder, is read back and compared, and is then renamed.

    Raises
    ------
    StorageError
        The disk is full, the folder is read-only, or what was read back differs; the old file still stands.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if temporary.read_bytes() != data:
            raise OSError("what was read back differs from what was written")
        # mkstemp makes files private; these are as public as any other file of the user's.
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
        raise StorageError(
            f"{path} could not be written: {error.strerror or error}. Nothing was changed. "
            "Free some space or choose a folder you may write to, then run it again."
        ) from error


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


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


@dataclass(frozen=True)
class ExportStep:
    """One file of an export: where it belongs, what stands there now, and whether it is to be written."""

    path: Path
    data: bytes
    found: Found
    is_data: bool
    will_write: bool

    @property
    def kept_wrong(self) -> bool:
        """Whether a data file stays that is not the published one."""
        return self.is_data and self.found is Found.OTHER and not self.will_write


def plan_export(dataset: DatasetInfo, root: str | Path, *, force: bool = False) -> list[ExportStep]:
    """Decide what an export into a TinyTorch checkout would do, without doing it.

    Absent files and Git-LFS pointers are to be written; files that differ are the user's and stay, unless
    ``force``.

    Raises
    ------
    MissingFileError
        ``root`` is no folder.
    """
    root = Path(root).expanduser()
    if not root.is_dir():
        raise MissingFileError(
            f"{root} is not a folder. Give the root of a TinyTorch checkout: the folder that holds its "
            "`milestones` and `datasets`."
        )
    return list(_export_steps(dataset, root, force))


def _export_steps(dataset: DatasetInfo, root: Path, force: bool) -> Iterator[ExportStep]:
    source = shipped("datasets")
    data_files = {file.name: file for file in dataset.files}
    companions = [path for path in folder(dataset).iterdir() if _goes_along(path) and path.name not in data_files]
    relative_names = ["__init__.py", *sorted(f"{dataset.folder_name}/{path.name}" for path in companions)]
    for relative in [*relative_names, *(f"{dataset.folder_name}/{name}" for name in data_files)]:
        file = data_files.get(relative.removeprefix(f"{dataset.folder_name}/"))
        data = read(dataset, file) if file else (source / relative).read_bytes()
        path = root / "datasets" / relative
        found = found_at(path, data)
        will_write = found in (Found.NOTHING, Found.POINTER) or (force and found is Found.OTHER)
        yield ExportStep(path, data, found, is_data=file is not None, will_write=will_write)


def _goes_along(path: Path) -> bool:
    # A recipe reads its selection from .csv and .txt files.
    return path.suffix in (".py", ".md", ".csv", ".txt") or path.name == "LICENSE"


def export(dataset: DatasetInfo, root: str | Path, *, force: bool = False) -> list[ExportStep]:
    """Put a dataset's folder into a TinyTorch checkout, where its milestones look for it.

    Git-LFS pointers are replaced; files that differ stay unless ``force``.

    Returns
    -------
    list of ExportStep
        What was found and done, one entry a file.
    """
    steps = plan_export(dataset, root, force=force)
    for step in steps:
        if step.will_write:
            write(step.path, step.data)
    return steps
