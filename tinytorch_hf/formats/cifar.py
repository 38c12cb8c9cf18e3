"""Batches of CIFAR-10's python version: pickles of Python 2, read without running anything.

References
----------
A. Krizhevsky, The CIFAR-10 dataset, "Dataset layout", https://www.cs.toronto.edu/~kriz/cifar.html
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.formats.pickle_steps import shown
from tinytorch_hf.formats.pickles import array_of, kind_of, unpickle

_SHAPE = (3, 32, 32)
_N_VALUES = 3 * 32 * 32
_N_CLASSES = 10


def read_cifar_batch(data: bytes, path: Path) -> tuple[Array, Array]:
    """Read one batch: a dictionary of which ``data`` is an array of pixels and ``labels`` a list of numbers.

    Parameters
    ----------
    data
        The file's content: a pickle of protocol 2, whose text Python 2 wrote as bytes.
    path
        Where it came from, for error messages.

    Returns
    -------
    images
        (N, 3, 32, 32) uint8: red, green and blue of each pixel.
    labels
        (N,) int64, 0 to 9.

    Raises
    ------
    UnsafePickleError
        The pickle asks for anything but arrays.
    CorruptFileError
        It is no pickle, is cut off, or is no such dictionary.
    """
    content = unpickle(data, path)
    if not isinstance(content, dict):
        raise CorruptFileError(f"{path} holds a {kind_of(content)}, not a batch of CIFAR-10.")
    pixels, labels = (content.get(name.encode(), content.get(name)) for name in ("data", "labels"))
    array = array_of(pixels)
    if array is None or array.dtype != np.uint8 or array.shape[1:] != (_N_VALUES,):
        found = "nothing" if pixels is None else f"a {kind_of(pixels)}"
        if array is not None:
            found = f"{array.dtype}{list(array.shape)}"
        raise CorruptFileError(f"{path} has to hold data of type uint8[N, {_N_VALUES}], but it holds {found}.")
    if not isinstance(labels, list) or len(labels) != len(array):
        found = f"{len(labels)}" if isinstance(labels, list) else f"a {kind_of(labels)}, no list of them"
        raise CorruptFileError(f"{path} has {len(array)} images, but of labels {found}.")
    wrong = [label for label in labels if type(label) is not int or not 0 <= label < _N_CLASSES]
    if wrong:
        raise CorruptFileError(f"{path} has the label {shown(wrong[0])}, which is no number from 0 to 9.")
    return array.reshape(len(array), *_SHAPE), np.array(labels, dtype=np.int64)
