"""IDX files, MNIST's format: bytes to NumPy.

References
----------
Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST Database of Handwritten Digits, "File formats".
"""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np

from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.formats.arrays import Array

_OTHER_TYPES = {9: "signed bytes", 11: "int16", 12: "int32", 13: "float32", 14: "float64"}


def read_idx(data: bytes, path: Path) -> Array:
    """Read an IDX file of unsigned bytes: 0, 0, 8, the number of axes, their lengths, the values.

    Parameters
    ----------
    data
        The file's content, unpacked.
    path
        Where it came from, for error messages.

    Returns
    -------
    ndarray
        uint8, freshly allocated and writable.

    Raises
    ------
    CorruptFileError
        It is no such file, or has too few or too many values.
    """
    if len(data) < 4 or data[:2] != b"\x00\x00" or data[2] not in (*_OTHER_TYPES, 8):
        raise CorruptFileError(f"{path} is not an IDX file, which begins with two zeros, a type and a number of axes.")
    if data[2] in _OTHER_TYPES:
        raise CorruptFileError(f"{path} is an IDX file of {_OTHER_TYPES[data[2]]}, expected unsigned bytes.")
    if not data[3]:
        raise CorruptFileError(f"{path} is an IDX file of one value without axes, expected a value for each sample.")
    if len(data) < 4 + 4 * data[3]:
        raise CorruptFileError(f"{path} announces {data[3]} axes, but ends before their lengths; it is cut off.")
    shape = struct.unpack(f">{data[3]}I", data[4 : 4 + 4 * data[3]])
    n_values = len(data) - 4 - 4 * data[3]
    n_expected = math.prod(shape)
    if n_values != n_expected:
        raise CorruptFileError(f"{path} has {n_values} values, but its header announces {n_expected}.")
    try:
        array: Array = np.frombuffer(data, dtype=np.uint8, offset=4 + 4 * data[3]).reshape(shape).copy()
    except ValueError as error:
        # NumPy has a largest number of axes.
        raise CorruptFileError(f"{path} announces the shape {list(shape)}, which no array has: {error}.") from error
    return array
