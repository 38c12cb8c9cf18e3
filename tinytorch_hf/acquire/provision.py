"""Make a dataset's files be there when the user asks for it."""

from __future__ import annotations

from pathlib import Path

from tinytorch_hf import catalog
from tinytorch_hf.acquire import carried, fetch, tinycifar
from tinytorch_hf.acquire.plan import plan
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, MissingFileError
from tinytorch_hf.files import python_functions, store
from tinytorch_hf.files.splits import read_split


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
        A file or folder that was carried here, in place of a download; for TinyCIFAR, of CIFAR-10.

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
    if source is not None and not dataset.archives and not dataset.cut_from:
        raise InvalidArgumentError(
            f"{dataset.title} is not downloaded, so there is nothing to carry: leave --from out."
        )
    if dataset.is_shipped:
        return [] if root is None else store.materialise(dataset, root)
    if dataset is catalog.TINYPY:
        return _provide_tinypy(root)
    if dataset.cut_from:
        return _provide_tinycifar(dataset, root, source)
    steps = plan(dataset, root)
    if not steps:
        return []
    return fetch.fetch(dataset, root, steps) if source is None else carried.take(dataset, root, steps, source)


def provide_on_first_use(dataset: DatasetInfo, root: str | Path | None = None) -> None:
    """Put what takes seconds and no network where it belongs, unless it is there. Does nothing for other datasets.

    That is TinyPy, in the cache, and TinyCIFAR where CIFAR-10 is there.

    Raises
    ------
    StorageError, MissingFileError, CorruptFileError
        As for `provide`.
    """
    if dataset is catalog.TINYPY and root is None and not python_functions.is_built():
        provide(dataset)
    if dataset.cut_from and not store.is_there(dataset, root):
        source = catalog.info(dataset.cut_from)
        place = _place_of(source, root)
        if store.is_there(source, place):
            cut_tinycifar(source, dataset, place, root)


def _place_of(source: DatasetInfo, root: str | Path | None) -> str | Path | None:
    """None, which is the cache, where the dataset is there and not under the root; otherwise the root."""
    return None if store.is_there(source) and not store.is_there(source, root) else root


def _provide_tinycifar(dataset: DatasetInfo, root: str | Path | None, carried_from: str | Path | None) -> list[Path]:
    try:
        for file in dataset.files:
            store.read(dataset, file, root)
    except (MissingFileError, CorruptFileError):
        source = catalog.info(dataset.cut_from)
        place = _place_of(source, root)
        try:
            return cut_tinycifar(source, dataset, place, root)
        except (MissingFileError, CorruptFileError):
            provide(source, place, carried_from)
            return cut_tinycifar(source, dataset, place, root)
    return []


def cut_tinycifar(
    source: DatasetInfo, dataset: DatasetInfo, source_root: str | Path | None, root: str | Path | None
) -> list[Path]:
    """Cut TinyCIFAR from CIFAR-10's files and put it under a root; both files are checked before one is written.

    Parameters
    ----------
    source, dataset
        Facts of CIFAR-10, and of TinyCIFAR.
    source_root, root
        Where CIFAR-10 is, and where TinyCIFAR belongs; None for the cache.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    MissingFileError, CorruptFileError, StorageError
        CIFAR-10 is not there, is not the official one, or the files could not be written.
    """
    folder = store.folder(dataset, root)
    contents = tinycifar.build({split.name: read_split(source, split.name, source_root) for split in source.splits})
    for file in dataset.files:
        store.check(contents[file.name], file, folder / file.name, store.how_to_get(source, source_root))
    for file in dataset.files:
        store.write(folder / file.name, contents[file.name])
    return [folder / file.name for file in dataset.files]


def _provide_tinypy(root: str | Path | None) -> list[Path]:
    try:
        for split in python_functions.N_IN_SPLIT:
            python_functions.read(split, root)
    except (MissingFileError, CorruptFileError):
        # Parsing the standard library takes seconds; who only reads need not import what does it.
        from tinytorch_hf.acquire import standard_library

        return python_functions.write(standard_library.build(), root)
    return []
