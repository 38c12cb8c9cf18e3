"""Make a dataset's files be there when the user asks for it."""

from __future__ import annotations

from pathlib import Path

from tinytorch_hf import catalog, python_functions, store
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import CorruptFileError, MissingFileError


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
    MissingFileError
        What the dataset is built from is not on this machine.
    """
    if dataset.is_shipped:
        return [] if root is None else store.materialise(dataset, root)
    if dataset is catalog.TINYPY:
        return _provide_tinypy(root)
    raise MissingFileError(f"{dataset.title} cannot be downloaded yet.")


def provide_on_first_use(dataset: DatasetInfo) -> None:
    """Put into the cache what takes seconds and no network: TinyPy. Does nothing for others, or if it is there.

    Raises
    ------
    StorageError, MissingFileError
        As for `provide`.
    """
    if dataset is catalog.TINYPY and not python_functions.is_built():
        provide(dataset)


def _provide_tinypy(root: str | Path | None) -> list[Path]:
    try:
        for split in python_functions.N_IN_SPLIT:
            python_functions.read(split, root)
    except (MissingFileError, CorruptFileError):
        # Parsing the standard library takes seconds; who only reads need not import what does it.
        from tinytorch_hf import standard_library

        return python_functions.write(standard_library.build(), root)
    return []
