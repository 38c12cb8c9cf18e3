"""Make a dataset's files be there when the user asks for it, in the way that its provider says."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

from tinytorch_hf import catalog
from tinytorch_hf.catalog import Built, CutFrom, DatasetInfo, Downloaded
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, MissingFileError, StorageError
from tinytorch_hf.files import folders, store, sums
from tinytorch_hf.files.advice import how_to_get
from tinytorch_hf.files.splits import read_split


def provide(dataset: DatasetInfo, root: str | Path | None = None, source: str | Path | None = None) -> list[Path]:
    """Put a dataset's verified files under a root; only what is downloaded needs a network.

    Good files are left alone, bad ones are replaced. Processes may do this at the same time; one of them downloads.

    Parameters
    ----------
    dataset
        Facts of the dataset.
    root
        None for where the files belong without one: the installation, the user's own folder, or the cache.
    source
        A file or folder that was carried here, in place of a download; of a dataset that is cut from another, that
        one's.

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
    if isinstance(dataset.provider, Downloaded):
        return _download(dataset, root, source)
    if isinstance(dataset.provider, CutFrom):
        return _cut(dataset, root, source)
    if source is not None:
        raise InvalidArgumentError(f"{dataset.title} is not downloaded, so there is nothing to copy: leave out --from.")
    if isinstance(dataset.provider, Built):
        return _build(dataset, root)
    return [] if root is None else store.materialise(dataset, root)


def provide_on_first_use(dataset: DatasetInfo, root: str | Path | None = None) -> Mapping[str, bytes]:
    """Put what takes seconds and no network where it belongs, unless it is there. Does nothing for other datasets.

    That is what is built, in the cache, and what is cut from another dataset where that one is there.

    Returns
    -------
    dict of str to bytes
        Where nothing can be written, what the files would hold, by name, with a warning that says why; empty where the
        files are there or cannot be made.

    Raises
    ------
    MissingFileError, CorruptFileError
        As for `provide`.
    """
    if store.is_there(dataset, root):
        return {}
    if (dataset.name, root) in _in_memory:
        return _in_memory[dataset.name, root]
    if isinstance(dataset.provider, Built) and root is None:
        return _keep(dataset, root, _built(dataset), write_built)
    if isinstance(dataset.provider, CutFrom):
        place = _place_of(catalog.origin(dataset), root)
        if store.is_there(catalog.origin(dataset), place):
            return _keep(dataset, root, _cut_out(dataset, place, root), _write_cut)
    return {}


# What could not be kept: all splits are asked for one after the other, and each would be made again.
_in_memory: dict[tuple[str, str | Path | None], Mapping[str, bytes]] = {}


def _keep(
    dataset: DatasetInfo,
    root: str | Path | None,
    contents: Mapping[str, bytes],
    write: Callable[[DatasetInfo, Mapping[str, bytes], str | Path | None], object],
) -> Mapping[str, bytes]:
    """Write the files of a dataset; where that cannot be done, give them back instead."""
    try:
        write(dataset, contents, root)
    except StorageError as error:
        warnings.warn(
            f"{dataset.title} is kept in memory and made again by each program, because it cannot be stored: {error} "
            "TINYTORCH_HF_CACHE may name another folder for the cache.",
            stacklevel=2,
        )
        _in_memory[dataset.name, root] = contents
        return contents
    return {}


def _download(dataset: DatasetInfo, root: str | Path | None, source: str | Path | None) -> list[Path]:
    from tinytorch_hf.acquire import carried, fetch
    from tinytorch_hf.acquire.plan import plan

    steps = plan(dataset, root)
    if not steps:
        return []
    return fetch.fetch(dataset, root, steps) if source is None else carried.take(dataset, root, steps, source)


def _place_of(source: DatasetInfo, root: str | Path | None) -> str | Path | None:
    """None, which is the cache, where the dataset is there and not under the root; otherwise the root."""
    return None if store.is_there(source) and not store.is_there(source, root) else root


def _cut(dataset: DatasetInfo, root: str | Path | None, carried_from: str | Path | None) -> list[Path]:
    if _is_good(dataset, root):
        return []
    source = catalog.origin(dataset)
    place = _place_of(source, root)
    try:
        return cut(dataset, place, root)
    except (MissingFileError, CorruptFileError):
        provide(source, place, carried_from)
        return cut(dataset, place, root)


def cut(dataset: DatasetInfo, source_root: str | Path | None, root: str | Path | None) -> list[Path]:
    """Cut a dataset from another one's files and put it under a root; all files are checked before one is written.

    Parameters
    ----------
    dataset
        Facts of the dataset that is cut out.
    source_root, root
        Where the other one is, and where this one belongs; None for the cache.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    MissingFileError, CorruptFileError, StorageError
        The other dataset is not there, is not the published one, or the files could not be written.
    """
    return _write_cut(dataset, _cut_out(dataset, source_root, root), root)


def _cut_out(dataset: DatasetInfo, source_root: str | Path | None, root: str | Path | None) -> Mapping[str, bytes]:
    """The files that are cut from another dataset, checked."""
    from tinytorch_hf.acquire import selection

    source, folder = catalog.origin(dataset), folders.folder(dataset, root)
    contents = selection.cut(
        dataset, {split.name: read_split(source, split.name, source_root) for split in source.splits}
    )
    for file in dataset.files:
        store.check(contents[file.name], file, folder / file.name, how_to_get(source, source_root))
    return contents


def _build(dataset: DatasetInfo, root: str | Path | None) -> list[Path]:
    if _is_good(dataset, root):
        return []
    return write_built(dataset, _built(dataset), root)


def _built(dataset: DatasetInfo) -> Mapping[str, bytes]:
    assert isinstance(dataset.provider, Built)  # noqa: S101 -- for the type checker
    return BUILDERS[dataset.provider.builder](dataset)


def write_built(dataset: DatasetInfo, contents: Mapping[str, bytes], root: str | Path | None = None) -> list[Path]:
    """Write the files of this Python's release, their sums last.

    Processes may do this at the same time: each file is renamed into place whole, and all of them write the same.

    Returns
    -------
    list of Path
        The files, in the order of writing.

    Raises
    ------
    StorageError
        A file could not be written.
    """
    return _write(folders.folder(dataset, root), {**contents, sums.FILE_NAME: sums.encode(contents)})


def _write_cut(dataset: DatasetInfo, contents: Mapping[str, bytes], root: str | Path | None) -> list[Path]:
    return _write(folders.folder(dataset, root), contents)


def _write(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    for name, data in contents.items():
        store.write(folder / name, data)
    return [folder / name for name in contents]


def _is_good(dataset: DatasetInfo, root: str | Path | None) -> bool:
    """Whether every file is there and good; of what is built here, whether it is also what the catalog states."""
    try:
        for file in dataset.files:
            store.read(dataset, file, root)
        for split in dataset.splits if isinstance(dataset.provider, Built) else ():
            read_split(dataset, split.name, root)
    except (MissingFileError, CorruptFileError):
        return False
    return True


def _standard_library(dataset: DatasetInfo) -> dict[str, bytes]:
    # Parsing the standard library takes seconds; who only reads need not import what does it.
    from tinytorch_hf.acquire import standard_library

    return standard_library.build(dataset)


BUILDERS: dict[str, Callable[[DatasetInfo], dict[str, bytes]]] = {"standard_library": _standard_library}
"""What builds a dataset on the user's machine, by the name that the catalog uses: content of each file, by name."""
