"""What a split's files hold, whatever their format: bytes to NumPy, admitting nothing but arrays.

Each format has a module of its own, which is imported when a file needs it: who loads TinyDigits does not wait for
zip archives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from tinytorch_hf.catalog import DatasetInfo, SplitInfo
from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.formats.arrays import Array

Arrays = Mapping[str, Array]
Contents = Mapping[Path, bytes]


def read(dataset: DatasetInfo, split: SplitInfo, contents: Contents) -> Arrays:
    """The arrays in a split's files.

    Parameters
    ----------
    dataset, split
        Facts of the dataset and of the split.
    contents
        What each of the split's files holds, in the catalog's order, by where it came from.

    Raises
    ------
    CorruptFileError
        A file cannot be read, or holds something else than arrays or texts.
    """
    suffix = next(iter(contents)).suffix
    return (_BY_NAME.get(dataset.name) or _BY_SUFFIX[suffix])(contents, split)


def _pickle(contents: Contents, _split: SplitInfo) -> Arrays:
    from tinytorch_hf.formats.pickles import read_pickle

    ((path, data),) = contents.items()
    return read_pickle(data, path)


def _npz(contents: Contents, _split: SplitInfo) -> Arrays:
    from tinytorch_hf.formats.npz import read_npz

    ((path, data),) = contents.items()
    return read_npz(data, path)


def _talks(contents: Contents, split: SplitInfo) -> Arrays:
    from tinytorch_hf.files import talks

    # One file holds every split: each line says which it belongs to.
    ((path, data),) = contents.items()
    return talks.columns(talks.in_split(talks.parse_jsonl(data, path), split.name))


def _idx(contents: Contents, _split: SplitInfo) -> Arrays:
    from tinytorch_hf.formats.idx import read_idx

    images, labels = (read_idx(data, path) for path, data in contents.items())
    return {"images": images, "labels": labels.astype(np.int64)}


def _cifar_batches(contents: Contents, split: SplitInfo) -> Arrays:
    from tinytorch_hf.formats.cifar import read_cifar_batch

    # All pixels are held once: a batch is put in its place before the next one is read.
    images = np.empty((split.n_samples, 3, 32, 32), np.uint8)
    labels = np.empty(split.n_samples, np.int64)
    end = 0
    for path, data in contents.items():
        batch_images, batch_labels = read_cifar_batch(data, path)
        start, end = end, end + len(batch_labels)
        if end > split.n_samples:
            break
        images[start:end], labels[start:end] = batch_images, batch_labels
    if end != split.n_samples:
        raise CorruptFileError(
            f"{next(iter(contents)).parent} does not hold the {split.n_samples} images of the {split.name} split."
        )
    return {"images": images, "labels": labels}


_Read = Callable[[Contents, SplitInfo], Arrays]

# How a file is read is told by the last part of its name,
_BY_SUFFIX: dict[str, _Read] = {".pkl": _pickle, ".npz": _npz, ".jsonl": _talks}
# except in datasets whose files have names that say nothing of it.
_BY_NAME: dict[str, _Read] = {"mnist": _idx, "cifar10": _cifar_batches}
