"""The branch ``script``: the loading script and the curated files it reads, for releases of `datasets` before 4."""

from __future__ import annotations

import shutil
from pathlib import Path

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import StorageError
from tinytorch_hf.files import folders, store
from tinytorch_hf.hub.contents import Snapshot, take_snapshot
from tinytorch_hf.hub.parquet import COMPANIONS

BRANCH = "script"


def is_for(dataset: DatasetInfo) -> bool:
    """Whether a script gives this dataset, and not another that a user called the same."""
    return dataset.name in catalog.built_in_names() and catalog.info(dataset.name) == dataset


def write(dataset: DatasetInfo, folder: Path, repo_id: str) -> Snapshot | None:
    """Write what belongs on the branch into a folder that may not be there yet; None for a dataset without a script.

    Raises
    ------
    MissingFileError, CorruptFileError
        A file of the dataset is not there or is damaged.
    StorageError
        The folder cannot be written.
    """
    script = folders.loading_script(dataset)
    if script is None:
        return None
    # These releases look for a script with the repository's name.
    contents = {f"{repo_id.partition('/')[2]}.py": script}
    documents = folders.documents(dataset) or folders.folder(dataset)
    contents |= {companion: documents / companion for companion in COMPANIONS}
    for file in dataset.files:
        store.read(dataset, file)
        contents[file.name] = folders.folder(dataset) / file.name
    try:
        for path, place in contents.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(place, target)
    except OSError as error:
        raise StorageError(f"{folder} could not be written: {error}") from error
    return take_snapshot(folder)
