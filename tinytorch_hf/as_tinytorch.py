"""Datasets for TinyTorch: the student's own package when it is installed, the reference otherwise."""

from __future__ import annotations

import math
from collections.abc import Iterator
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.catalog import Dataset, DatasetInfo
from tinytorch_hf.data import texts, windows
from tinytorch_hf.data.loaders import as_stored, load_images, load_split
from tinytorch_hf.data.tokenizer import CharTokenizer
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, StudentCodeError, whole_number
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

    def __init__(self, framework: Framework, inputs: Array, targets: Array, batch_size: int, seed: int) -> None:
        self.epoch = 0
        self._framework = framework
        self._inputs = inputs
        self._targets = targets
        self._batch_size = batch_size
        self._seed = seed

    def __len__(self) -> int:
        return math.ceil(len(self._targets) / self._batch_size)

    def __iter__(self) -> Iterator[Any]:
        order = epoch_order(len(self._targets), self._seed, self.epoch)
        self.epoch += 1
        dataset = _tensor_dataset(self._framework, self._inputs[order], self._targets[order])
        return iter(self._framework.DataLoader(dataset, batch_size=self._batch_size, shuffle=False))


def _tensor_dataset(framework: Framework, inputs: Array, targets: Array) -> Any:
    return framework.TensorDataset(framework.Tensor(inputs), framework.Tensor(targets))


def dataset(
    name: Dataset,
    split: str = "train",
    *,
    block_size: int | None = None,
    stride: int = 1,
    root: str | Path | None = None,
    framework: Framework | None = None,
) -> Any:
    """One split as TinyTorch's TensorDataset: images and labels, or blocks of characters and what follows each.

    Of texts a sample is a block of the split's text, as ids; its target is the block one character further on. The text
    is what `tinytorch_hf.TinyTalks` and `TinyPy` cut, too, with the same ids; `tokenizer` tells what they stand for.

    Parameters
    ----------
    name
        A dataset, as for `tinytorch_hf.load`.
    split
        A name from ``tinytorch_hf.info(name).splits``.
    block_size
        Characters in a block. Texts need it, images have none.
    stride
        From the start of one block to the start of the next, in characters. With 1 there is a block for every place
        where one can start, and each character is held ``block_size`` times; ``block_size`` gives blocks that follow
        each other.
    root
        None for the bundled files, for those in the folder that was registered, or for those in the cache; or a folder
        in which they are looked for.
    framework
        What `find_framework` gave; by default it is found now.

    Returns
    -------
    TensorDataset
        Of the framework found; float32 both tensors, as every one of TinyTorch. Images (N, height, width), in colour
        (N, 3, height, width), exact, in [0, 1], and labels (N,), whole numbers. Of texts inputs and targets
        (N, block_size), whole numbers.

    Raises
    ------
    UnknownNameError
        No such dataset or split.
    InvalidArgumentError
        ``block_size`` is missing for texts, given for images, or does not fit the text.
    MissingFileError, CorruptFileError, StorageError
        A file is not there, is damaged, or cannot be read.
    """
    framework = framework or find_framework()
    return _tensor_dataset(framework, *_arrays(catalog.info(name), split, block_size, stride, root))


def dataloader(
    name: Dataset,
    split: str = "train",
    batch_size: int = 32,
    shuffle: bool = False,
    seed: int | None = None,
    *,
    block_size: int | None = None,
    stride: int = 1,
    root: str | Path | None = None,
    framework: Framework | None = None,
) -> Any:
    """One split as TinyTorch's DataLoader, optionally in an order that can be repeated.

    Parameters
    ----------
    name, split, block_size, stride, root, framework
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
    iterable of (images, labels) or (inputs, targets)
        With ``len()``; tensors of the framework found.

    Raises
    ------
    InvalidArgumentError
        ``batch_size`` or ``seed`` is not a number of its kind, there is a seed without shuffling; or as for `dataset`.
    UnknownNameError, MissingFileError, CorruptFileError, StorageError
        As for `dataset`.
    """
    batch_size = whole_number("batch_size", batch_size)
    if seed is not None and not shuffle:
        raise InvalidArgumentError("A seed has no effect without shuffle=True.")
    framework = framework or find_framework()
    arrays = _arrays(catalog.info(name), split, block_size, stride, root)
    return _loader(framework, arrays, batch_size, shuffle, seed)


def tokenizer(name: Dataset, *, root: str | Path | None = None) -> CharTokenizer:
    """What the ids of a dataset of texts stand for: ``encode``, ``decode`` and ``vocab_size``, for all of its splits.

    It knows the characters of the train split; another character of another split has the id 0.

    Parameters
    ----------
    name, root
        As for `dataset`.

    Raises
    ------
    InvalidArgumentError
        The dataset holds no texts.
    UnknownNameError, MissingFileError, CorruptFileError, StorageError
        As for `dataset`.
    """
    return windows.tokenizer(name, root)


def _loader(
    framework: Framework, arrays: tuple[Array, Array], batch_size: int, shuffle: bool = False, seed: int | None = None
) -> Any:
    if shuffle and seed is not None:
        return SeededDataLoader(framework, *arrays, batch_size, whole_number("seed", seed, 0))
    return framework.DataLoader(_tensor_dataset(framework, *arrays), batch_size=batch_size, shuffle=shuffle)


def _arrays(
    dataset: DatasetInfo, split: str, block_size: int | None, stride: int, root: str | Path | None
) -> tuple[Array, Array]:
    """Inputs and targets of one split, before the framework makes tensors of them."""
    dataset.split(split)
    if dataset.kind == "images":
        if block_size is not None or stride != 1:
            raise InvalidArgumentError(
                f"block_size and stride cut texts, and {dataset.title} holds images. Leave them out."
            )
        return load_images(dataset, split, root)
    if block_size is None:
        raise InvalidArgumentError(
            f"{dataset.title} holds texts, which are cut into blocks of characters. Say how long, such as "
            "block_size=64."
        )
    text = "".join(texts.texts(dataset, split, root))
    return _windows(text, windows.tokenizer(dataset, root), block_size, whole_number("stride", stride))


def _windows(text: str, characters: CharTokenizer, block_size: int, stride: int) -> tuple[Array, Array]:
    if not isinstance(block_size, Integral) or not 1 <= block_size < len(text):
        raise InvalidArgumentError(
            f"block_size must be a whole number, at least 1 and less than the {len(text)} characters of the text, "
            f"got {block_size!r}."
        )
    return windows.windows(windows.encoded(text, characters).astype(np.float32), int(block_size), stride)


def read_back(name: Dataset | str, framework: Framework | None = None) -> dict[str, Split]:
    """What arrives behind TinyTorch's DataLoader, in the catalog's dtypes, for comparison.

    Images and labels; or the columns that the text is made of, see `tinytorch_hf.data.texts`.

    Raises
    ------
    StudentCodeError
        The framework's own code failed, or what arrives is not of the form of what it was given.
    """
    framework = framework or find_framework()
    dataset = catalog.info(name)
    read = _read_back_images if dataset.kind == "images" else _read_back_texts
    return {split.name: read(dataset, split.name, framework) for split in dataset.splits}


def gave_other_numbers(name: str, framework: Framework) -> StudentCodeError:
    """The error for a DataLoader that does not hand out what a dataset holds."""
    return StudentCodeError(
        f"The DataLoader of {framework.name} gave other numbers than {name} holds. First look at how it collects "
        f"samples into batches. The package is at {framework.location}."
    )


def _arrived(name: str, split: str, framework: Framework, arrays: tuple[Array, Array]) -> tuple[Array, Array]:
    """Inputs and targets behind the framework's DataLoader, of the shapes that it was given."""
    with blaming(framework, f"reading {name}'s {split} split through its DataLoader"):
        batches = list(_loader(framework, arrays, batch_size=100))
        inputs = np.concatenate([np.asarray(inputs.data) for inputs, _ in batches])
        targets = np.concatenate([np.asarray(targets.data) for _, targets in batches])
    if (inputs.shape, targets.shape) != (arrays[0].shape, arrays[1].shape):
        raise gave_other_numbers(name, framework)
    return inputs, targets


def _read_back_images(dataset: DatasetInfo, split: str, framework: Framework) -> Split:
    images, labels = _arrived(dataset.name, split, framework, _arrays(dataset, split, None, 1, None))
    # Every tensor of TinyTorch is float32; whole numbers of this size are exact in it.
    return as_stored(dataset, split, images, labels.astype(np.int64))


def _read_back_texts(dataset: DatasetInfo, split: str, framework: Framework) -> Split:
    columns = load_split(dataset, split)
    text = "".join(texts.texts_of(dataset.kind, columns))
    # With the split's own characters none is unknown.
    characters = windows.tokenizer_of([text])
    stride = max(1, min(64, len(text) - 1))
    # As long as it takes for the last block to end where the text does.
    block_size = stride + (len(text) - 1) % stride
    inputs, targets = _arrived(dataset.name, split, framework, _windows(text, characters, block_size, stride))
    ids = np.concatenate([inputs[:-1, :stride].ravel(), inputs[-1], targets[-1, -1:]])
    again = windows.windows(ids, block_size, stride)
    is_known = np.isin(ids, np.arange(characters.vocab_size)).all()
    if not (is_known and np.array_equal(inputs, again[0]) and np.array_equal(targets, again[1])):
        raise gave_other_numbers(dataset.name, framework)
    try:
        return texts.cut(dataset.kind, characters.decode(ids.astype(np.int64).tolist()), columns)
    except CorruptFileError as error:
        raise gave_other_numbers(dataset.name, framework) from error
