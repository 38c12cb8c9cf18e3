"""Make a dataset's files be there when the user asks for it."""

from __future__ import annotations

from pathlib import Path

from tinytorch_hf import store
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import MissingFileError


def provide(dataset: DatasetInfo, root: str | Path | None = None) -> list[Path]:
    """Put a dataset's verified files under a root; shipped ones need no network.

    Good files are left alone, bad ones are replaced. Processes may do this at the same time.

    Parameters
    ----------
    dataset
        Facts of the dataset.
    root
        None for the installation, where shipped files are already, or for the cache.

    Returns
    -------
    list of Path
        The files that were written, empty if all were good.

    Raises
    ------
    StorageError
        A file could not be written.
    """
    if dataset.is_shipped:
        return [] if root is None else store.materialise(dataset, root)
    raise MissingFileError(f"{dataset.title} cannot be downloaded yet.")
