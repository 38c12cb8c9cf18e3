"""Datasets as NumPy arrays: `load` for every column of every split; images as floats."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeAlias, overload

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.catalog import Dataset, DatasetInfo
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError
from tinytorch_hf.files import folders
from tinytorch_hf.files.splits import Split, from_contents, read_split
from tinytorch_hf.formats.arrays import Array

Root: TypeAlias = str | Path | None
"""A folder in which datasets are looked for, or None for where they are without one."""


@overload
def load(name: Dataset, split: None = None, *, root: Root = None, download: bool = False) -> dict[str, Split]: ...


@overload
def load(name: Dataset, split: str, *, root: Root = None, download: bool = False) -> Split: ...


def load(name: Dataset, split: Any = None, *, root: Root = None, download: bool = False) -> dict[str, Split] | Split:
    """Load a dataset with all its columns: every split, or the one that is named.

    Parameters
    ----------
    name
        A name from `tinytorch_hf.names()`, what `tinytorch_hf.register` gave, or the path of a dataset's folder.
    split
        A name from ``tinytorch_hf.info(name).splits``; None for all of them.
    root
        None for the bundled files, for those in the folder that was registered, or for those in the cache if the
        dataset does not ship with the package; or a folder in which ``<name>/`` is looked for (MNIST and CIFAR-10:
        where torchvision puts them).
    download
        Make the files be there first; good ones are left alone.

    Returns
    -------
    dict of str to Split, or Split
        Splits in the catalog's order, or the one that was named. The arrays are fresh and may be changed; shapes,
        dtypes and ranges are those of `tinytorch_hf.info(name)`.

    Raises
    ------
    UnknownNameError
        There is no such dataset or split.
    MissingFileError
        The files are not there, and ``download`` is False.
    NetworkError, CorruptFileError, StorageError
        They could not be downloaded, are damaged, or cannot be read or written.
    """
    dataset = catalog.info(name)
    if isinstance(split, os.PathLike) or (isinstance(split, str) and root is None and _is_folder(split, dataset)):
        # Before there was a second argument for the split, it was the root.
        split, root = None, Path(split)
    if split is not None:
        return load_split(dataset, split, root, download=download, can_download=True)
    if download:
        _download(dataset, root)
    return {one.name: load_split(dataset, one.name, root, can_download=True) for one in dataset.splits}


def _is_folder(text: str, dataset: DatasetInfo) -> bool:
    """Whether a second argument is a root, as in older calls, and not a split's name."""
    return text not in (split.name for split in dataset.splits) and (os.sep in text or Path(text).expanduser().is_dir())


def download(name: Dataset, root: Root = None) -> list[Path]:
    """Make a dataset's files be there: shipped, downloaded, cut from another dataset, or built on this machine.

    Parameters
    ----------
    name
        As for `load`.
    root
        None for where they belong without one; or a folder.

    Returns
    -------
    list of Path
        The files that were written, empty if all were there and good.

    Raises
    ------
    UnknownNameError
        There is no such dataset.
    NetworkError, MissingFileError, CorruptFileError, StorageError
        They could not be downloaded or built, are damaged, or cannot be written.
    MissingExtraError
        The libraries of the extra ``download`` are not installed.
    """
    from tinytorch_hf.acquire import provision

    return provision.provide(catalog.info(name), root)


_download = download


def load_split(
    name: Dataset | str, split_name: str, root: Root = None, *, download: bool = False, can_download: bool = False
) -> Split:
    """Load one split of a dataset with all its columns; its files alone are read.

    Parameters
    ----------
    name, root, download
        As for `load`.
    split_name
        A name from `tinytorch_hf.info(name).splits`.
    can_download
        Whether the user's call has an argument ``download``, which an error may advise.

    Raises
    ------
    UnknownNameError
        There is no such dataset or split.
    MissingFileError, CorruptFileError, StorageError
        A file of the split is not there, is damaged, or cannot be read.
    """
    dataset = catalog.info(name)
    dataset.split(split_name)
    if download:
        _download(dataset, root)
    elif not dataset.is_shipped:
        from tinytorch_hf.acquire import provision

        contents = provision.provide_on_first_use(dataset, root)
        if contents:
            folder = folders.folder(dataset, root)
            files = dataset.split(split_name).files
            return from_contents(dataset, split_name, {folder / file.name: contents[file.name] for file in files})
    return read_split(dataset, split_name, root, can_download=can_download)


def load_images(
    name: Dataset | str, split_name: str, root: Root = None, *, can_download: bool = False
) -> tuple[Array, Array]:
    """Load the images of one split as `unit_range` gives them, in float32, and their labels.

    Images are (N, height, width), in colour (N, 3, height, width).

    Raises
    ------
    InvalidArgumentError
        The dataset holds texts.
    UnknownNameError, MissingFileError, CorruptFileError, StorageError
        As for `load_split`.
    """
    dataset = catalog.info(name)
    dataset.split(split_name)
    if dataset.kind != "images":
        raise InvalidArgumentError(
            f"{dataset.title} holds texts, not images. tinytorch_hf.load({dataset.name!r}) gives them, and in PyTorch "
            f"tinytorch_hf.dataset_class({dataset.name!r})."
        )
    split = load_split(dataset, split_name, root, can_download=can_download)
    return unit_range(split["images"]), split["labels"]


def unit_range(images: Array) -> Array:
    """Images as float32 in [0, 1]: bytes are divided by 255 in float32, floats are returned as they are."""
    if images.dtype != np.uint8:
        return images
    scaled: Array = images.astype(np.float32) / np.float32(255)
    return scaled


def as_stored(dataset: DatasetInfo, split_name: str, images: Array, labels: Array) -> Split:
    """Images and labels that went through an adapter, as a dataset's columns again, to be compared with them.

    Raises
    ------
    CorruptFileError
        The dataset holds bytes, and some pixel is not exactly a byte divided by 255 in float32.
    """
    if dataset.column("images").dtype == "uint8":
        scaled, images = images, np.rint(images * np.float32(255)).astype(np.uint8)
        if scaled.dtype != np.float32 or not np.array_equal(unit_range(images), scaled):
            raise CorruptFileError(
                f"Pixels of {dataset.name} are not bytes divided by 255 in float32; something changed them."
            )
    return Split(split_name, {"images": images, "labels": labels})
