"""Datasets for TinyTorch: the student's own package when it is installed, the reference otherwise."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.data.loaders import as_stored, load_images
from tinytorch_hf.errors import InvalidArgumentError, whole_number
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student.frameworks import Framework, blaming, find_framework


def epoch_order(n_samples: int, seed: int, epoch: int) -> Array:
    """Order of the samples in one epoch: a permutation of ``range(n_samples)``, int64, the same everywhere."""
    return np.random.default_rng([seed, epoch]).permutation(n_samples)


class SeededDataLoader:
    """A framework's own DataLoader, with an order that can be repeated.

    TinyTorch's DataLoader has no seed. Here each pass lays the samples out in the order of that epoch
    (see `epoch_order`) and lets the framework's DataLoader walk through them without shuffling.

    Attributes
    ----------
    epoch
        Number of the next pass, from 0; it may be set.
    """

    def __init__(self, framework: Framework, images: Array, labels: Array, batch_size: int, seed: int) -> None:
        self.epoch = 0
        self._framework = framework
        self._images = images
        self._labels = labels
        self._batch_size = batch_size
        self._seed = seed

    def __len__(self) -> int:
        return math.ceil(len(self._labels) / self._batch_size)

    def __iter__(self) -> Iterator[Any]:
        order = epoch_order(len(self._labels), self._seed, self.epoch)
        self.epoch += 1
        dataset = _tensor_dataset(self._framework, self._images[order], self._labels[order])
        return iter(self._framework.DataLoader(dataset, batch_size=self._batch_size, shuffle=False))


def _tensor_dataset(framework: Framework, images: Array, labels: Array) -> Any:
    return framework.TensorDataset(framework.Tensor(images), framework.Tensor(labels))


def dataset(
    name: str, split: str = "train", *, root: str | Path | None = None, framework: Framework | None = None
) -> Any:
    """One split as TinyTorch's TensorDataset of images and labels.

    Parameters
    ----------
    name
        A dataset's name.
    split
        "train" or "test"; of digits_8x8 "full".
    root
        None for the bundled files, or for those in the cache; or a folder in which they are looked for.
    framework
        What `find_framework` gave; by default it is found now.

    Returns
    -------
    TensorDataset
        Of the framework found: images (N, height, width), in colour (N, 3, height, width), and labels (N,); float32
        both, as every tensor of TinyTorch. Pixels are exact, in [0, 1]; labels are whole numbers.

    Raises
    ------
    UnknownNameError
        No such dataset or split.
    InvalidArgumentError
        The dataset holds texts.
    MissingFileError, CorruptFileError, StorageError
        A file is not there, is damaged, or cannot be read.
    """
    framework = framework or find_framework()
    return _tensor_dataset(framework, *load_images(name, split, root))


def dataloader(
    name: str,
    split: str = "train",
    batch_size: int = 32,
    shuffle: bool = False,
    seed: int | None = None,
    *,
    root: str | Path | None = None,
    framework: Framework | None = None,
) -> Any:
    """One split as TinyTorch's DataLoader, optionally in an order that can be repeated.

    Parameters
    ----------
    name, split, root, framework
        As for `dataset`.
    batch_size
        Samples in a batch; the last batch may be smaller.
    shuffle
        Whether each pass takes the samples in a new order.
    seed
        With ``shuffle``: the order of every epoch follows from it, without touching any global random state.
        Without it, TinyTorch's own shuffling is used, which has no seed.

    Returns
    -------
    iterable of (images, labels)
        With ``len()``; tensors of the framework found.

    Raises
    ------
    InvalidArgumentError
        ``batch_size`` or ``seed`` is no number of its kind, there is a seed without shuffling, or the dataset holds
        texts.
    UnknownNameError, MissingFileError, CorruptFileError, StorageError
        As for `dataset`.
    """
    batch_size = whole_number("batch_size", batch_size)
    if seed is not None and not shuffle:
        raise InvalidArgumentError("A seed has no effect without shuffle=True.")
    framework = framework or find_framework()
    images, labels = load_images(name, split, root)
    if shuffle and seed is not None:
        return SeededDataLoader(framework, images, labels, batch_size, whole_number("seed", seed, 0))
    return framework.DataLoader(_tensor_dataset(framework, images, labels), batch_size=batch_size, shuffle=shuffle)


def read_back(name: str, framework: Framework | None = None) -> dict[str, Split]:
    """Images and labels as they arrive behind TinyTorch's DataLoader, in the catalog's dtypes, for comparison.

    Raises
    ------
    StudentCodeError
        The framework's own code failed.
    """
    framework = framework or find_framework()
    return {split.name: _read_back(name, split.name, framework) for split in catalog.info(name).splits}


def _read_back(name: str, split: str, framework: Framework) -> Split:
    with blaming(framework, f"reading {name}'s {split} split through its DataLoader"):
        batches = list(dataloader(name, split, batch_size=100, framework=framework))
        images = np.concatenate([np.asarray(images.data) for images, _ in batches])
        labels = np.concatenate([np.asarray(labels.data) for _, labels in batches])
    # Every tensor of TinyTorch is float32; whole numbers of this size are exact in it.
    return as_stored(catalog.info(name), split, images, labels.astype(np.int64))
