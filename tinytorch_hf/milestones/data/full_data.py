"""Whole datasets for TinyTorch's milestones: looked for, read, and put where they look.

They look under a data folder, for MNIST's four packed files in ``mnist/``, for CIFAR-10's batches in
``cifar-10/cifar-10-batches-py/`` and for all of TinyShakespeare in ``tinyshakespeare/input.txt``.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf.catalog import CIFAR10, MNIST, SHAKESPEARE, DatasetInfo
from tinytorch_hf.errors import CorruptFileError, MissingFileError, TinyTorchHFError, UnknownNameError
from tinytorch_hf.files import advice, folders, splits, store
from tinytorch_hf.files.splits import Split
from tinytorch_hf.milestones.data.places import Place, look, read

_FOLDERS = {
    MNIST.name: Path("mnist"),
    CIFAR10.name: Path("cifar-10", "cifar-10-batches-py"),
    SHAKESPEARE.name: Path("tinyshakespeare"),
}


def folder(dataset: DatasetInfo, data_dir: Path) -> Path:
    """Folder in which the milestones look for MNIST, CIFAR-10 or Shakespeare.

    Raises
    ------
    UnknownNameError
        They look for no other dataset there.
    """
    if dataset.name not in _FOLDERS:
        raise UnknownNameError("dataset of the milestones' data folder named", dataset.name, _FOLDERS)
    return data_dir / _FOLDERS[dataset.name]


def places(dataset: DatasetInfo, data_dir: Path) -> list[Place]:
    """Places of a whole dataset's files under the milestones' data folder."""
    ending = ".gz" if dataset.name == MNIST.name else ""
    return [Place(dataset, file, folder(dataset, data_dir) / (file.name + ending)) for file in dataset.files]


def load(dataset: DatasetInfo, data_dir: Path) -> list[Split]:
    """Read a whole dataset from where the milestones look for it.

    Raises
    ------
    MissingFileError, CorruptFileError, StorageError
        A file is not there, is damaged, or cannot be read.
    """
    at = {place.file: place for place in places(dataset, data_dir)}
    return [
        splits.from_contents(dataset, split.name, {at[file].path: read(at[file]) for file in split.files})
        for split in dataset.splits
    ]


@dataclass(frozen=True, eq=False)
class Found:
    """A whole dataset as it was found: its splits, where, and what was wrong where it was looked for before."""

    splits: list[Split]
    root: str
    problem: CorruptFileError | None


def find(dataset: DatasetInfo, data_dir: Path) -> Found:
    """Look for a whole dataset where the milestones do, where torchvision does under the same folder, in the cache.

    Raises
    ------
    MissingFileError
        It is in none of these places.
    CorruptFileError
        It is damaged in one of these places, and in no other.
    StorageError
        A file cannot be read.
    """
    problem: CorruptFileError | None = None
    for root in (folder(dataset, data_dir), data_dir, folders.cache()):
        try:
            if root == folder(dataset, data_dir):
                return Found(load(dataset, data_dir), str(root), None)
            found = [splits.read_split(dataset, split.name, root) for split in dataset.splits]
        except MissingFileError:
            continue
        except CorruptFileError as error:
            problem = problem or error
            continue
        return Found(found, str(root), problem)
    if problem:
        raise problem
    raise MissingFileError(
        f"{dataset.title} was found neither in {folder(dataset, data_dir)} nor in {folders.cache()}. "
        f"{advice.how_to_get(dataset)}"
    )


def put(dataset: DatasetInfo, data_dir: Path, source: str | Path | None = None) -> list[Path]:
    """Copy a whole dataset to where the milestones look for it; what is good or the user's own stays.

    They are copies, not links: a script that writes to one must not change the cache.

    Parameters
    ----------
    dataset
        Facts of a dataset that `folder` knows.
    data_dir
        The data folder of the milestones.
    source
        None for the cache, or another root that has the files.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    MissingFileError, CorruptFileError
        The source does not have them, or not whole.
    StorageError
        A file could not be read or written.
    """
    wanted = [place for place in places(dataset, data_dir) if not look(place).state.can_be_used]
    for place in wanted:
        store.write(place.path, _packed(place, source) if place.is_packed else store.read(dataset, place.file, source))
    return [place.path for place in wanted]


def _packed(place: Place, source: str | Path | None) -> bytes:
    """The official archive of a file where the source has it, else the file packed here."""
    for archive in place.dataset.archives:
        if archive.file.name == place.path.name:
            path = folders.base(source) / archive.folder / archive.file.name
            try:
                data = path.read_bytes()
                store.check(data, archive.file, path)
                return data
            except (OSError, TinyTorchHFError):
                break
    return gzip.compress(store.read(place.dataset, place.file, source), mtime=0)
