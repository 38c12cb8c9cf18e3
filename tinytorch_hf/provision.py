"""Make a dataset's files be there when the user asks for it."""

from __future__ import annotations

from pathlib import Path

from tinytorch_hf import catalog, python_functions, store
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.downloads import carried, fetch
from tinytorch_hf.downloads.plan import plan
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, MissingFileError


def provide(dataset: DatasetInfo, root: str | Path | None = None, source: str | Path | None = None) -> list[Path]:
    """Put a dataset's verified files under a root; shipped ones need no network.

    Good files are left alone, bad ones are replaced. Processes may do this at the same time; one of them downloads.

    Parameters
    ----------
    dataset
        Facts of the dataset.
    root
        None for the installation, where shipped files are already, or for the cache.
    source
        A file or folder that was carried here, in place of a download.

    Returns
    -------
    list of Path
        The files that were written, empty if all were good.

    Raises
    ------
    InvalidArgumentError
        A source for a dataset that is not downloaded.
    MissingFileError
        The source lacks something, or what the dataset is built from is not on this machine.
    NetworkError
        No place gave what is missing; each is listed with its reason.
    CorruptFileError, StorageError
        An archive is damaged, or a file could not be read or written.
    MissingExtraError
        The libraries of the extra ``download`` are not installed.
    """
    if source is not None and not dataset.archives:
        raise InvalidArgumentError(
            f"{dataset.title} is not downloaded, so there is nothing to carry: leave --from out."
        )
    if dataset.is_shipped:
        return [] if root is None else store.materialise(dataset, root)
    if dataset is catalog.TINYPY:
        return _provide_tinypy(root)
    steps = plan(dataset, root)
    if not steps:
        return []
    return fetch.fetch(dataset, root, steps) if source is None else carried.take(dataset, root, steps, source)


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
