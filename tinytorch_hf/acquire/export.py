"""The shipped datasets, put into a TinyTorch checkout where its milestones look for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.files import store
from tinytorch_hf.files.folders import expanded, folder, shipped
from tinytorch_hf.files.store import Found, found_at, read, write


@dataclass(frozen=True)
class Step:
    """One file of an export: where it belongs, what stands there now, and whether it is to be written.

    ``earlier`` is the version of the dataset that the file there belongs to, where that is an earlier one.
    """

    path: Path
    data: bytes
    found: Found
    is_data: bool
    will_write: bool
    earlier: str = ""

    @property
    def kept_wrong(self) -> bool:
        """Whether a data file stays that is not the published one."""
        return self.is_data and self.found is Found.OTHER and not self.will_write


def plan(dataset: DatasetInfo, root: str | Path, *, force: bool = False) -> list[Step]:
    """Decide what an export into a TinyTorch checkout would do, without doing it.

    Absent files, Git-LFS pointers and data files that are cut off are to be written; other files that differ are
    the user's or those of an earlier version and stay, unless ``force``.

    Raises
    ------
    InvalidArgumentError
        ``root`` is not a folder.
    """
    root = expanded(root)
    if not root.is_dir():
        raise InvalidArgumentError(
            f"{root} is not a folder. Give the root of a TinyTorch checkout: the folder that holds its "
            "`milestones` and `datasets`."
        )
    return list(_steps(dataset, root, force))


def _steps(dataset: DatasetInfo, root: Path, force: bool) -> Iterator[Step]:
    source = shipped("datasets")
    data_files = {file.name: file for file in dataset.files}
    companions = [path for path in folder(dataset).iterdir() if _goes_along(path) and path.name not in data_files]
    relative_names = ["__init__.py", *sorted(f"{dataset.folder_name}/{path.name}" for path in companions)]
    for relative in [*relative_names, *(f"{dataset.folder_name}/{name}" for name in data_files)]:
        file = data_files.get(relative.removeprefix(f"{dataset.folder_name}/"))
        data = read(dataset, file) if file else (source / relative).read_bytes()
        path = root / "datasets" / relative
        found = found_at(path, data)
        earlier = ""
        if file and found is Found.OTHER:
            sizes = [len(data), *(one.size_bytes for release in dataset.earlier for one in release.files)]
            present = store.present_at(path, max(sizes)) or b""
            if data.startswith(present):
                found = Found.CUT_OFF
            else:
                earlier = store.earlier_version(dataset, file.name, present)
        if earlier:
            found = Found.EARLIER
        will_write = found in (Found.NOTHING, Found.POINTER, Found.CUT_OFF) or (
            force and found in (Found.OTHER, Found.EARLIER)
        )
        yield Step(path, data, found, file is not None, will_write, earlier)


def leftovers(dataset: DatasetInfo, root: str | Path) -> dict[str, list[Path]]:
    """Files of earlier versions in a checkout whose names the dataset no longer has, by version."""
    target = expanded(root) / "datasets" / dataset.folder_name
    names = {file.name for file in dataset.files}
    found: dict[str, list[Path]] = {}
    for release in dataset.earlier:
        for file in release.files:
            path = target / file.name
            if file.name not in names and store.is_file(path) and store.is_good(path, file):
                found.setdefault(release.version, []).append(path)
    return found


def _goes_along(path: Path) -> bool:
    # What a recipe reads is .json and .csv.
    return path.suffix in (".py", ".md", ".csv", ".json", ".txt") or path.name == "LICENSE"


def to_checkout(dataset: DatasetInfo, root: str | Path, *, force: bool = False) -> list[Step]:
    """Put a dataset's folder into a TinyTorch checkout, where its milestones look for it.

    Git-LFS pointers and data files that are cut off are replaced; other files that differ stay unless ``force``.

    Returns
    -------
    list of Step
        What was found and done, one entry a file.

    Raises
    ------
    InvalidArgumentError
        ``root`` is not a folder.
    MissingFileError, CorruptFileError, StorageError
        A file of the installation is not there or is damaged, or one of the checkout cannot be read or written.
    """
    steps = plan(dataset, root, force=force)
    for step in steps:
        if step.will_write:
            write(step.path, step.data)
    return steps
