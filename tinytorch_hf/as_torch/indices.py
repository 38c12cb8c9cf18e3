"""Indices as rows: whole numbers, and nothing else that Python, NumPy or PyTorch would make one of.

A mask taken for indices would be the first two samples, over and over; 0.9 would be sample 0, and so would "0".
"""

from __future__ import annotations

import operator
import reprlib
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
import torch
from torch.utils.data import Subset

from tinytorch_hf.errors import InvalidArgumentError

# PyTorch takes uint8 for a mask, too.
_MASKS = (torch.bool, torch.uint8)
_TENSOR_TYPES = (torch.int64, torch.int32, torch.int16, torch.int8)
_ARRAY_TYPES = ("int64", "int32", "int16", "int8", "uint32", "uint16", "uint8")
_LARGEST = 2**63 - 1


def as_row(index: Any) -> int:
    """An index as int: an int already, an integer of NumPy, or a tensor or array of one integer and no dimension.

    Raises
    ------
    InvalidArgumentError
        It is something else, be it True or 1.0.
    IndexError
        It is larger than any dataset.
    """
    if type(index) is int:
        row = index
    else:
        is_mask = isinstance(index, bool) or (isinstance(index, torch.Tensor) and index.dtype in _MASKS)
        if is_mask or _n_dimensions(index) > 0:
            _refuse(index)
        try:
            row = operator.index(index)
        except TypeError:
            _refuse(index)
    if not -_LARGEST <= row <= _LARGEST:
        raise IndexError(f"There is no sample {row}.")
    return row


def as_rows(indices: Any) -> torch.Tensor:
    """Indices as a sampler or a user gives them, as an int64 tensor (N,); negative ones stay negative.

    Parameters
    ----------
    indices
        A tensor or array of integers (N,), or whatever can be iterated over and has what `as_row` takes.

    Raises
    ------
    InvalidArgumentError, IndexError
        As `as_row`, for the first that is not an index.
    """
    if isinstance(indices, torch.Tensor) and indices.ndim == 1 and indices.dtype in _TENSOR_TYPES:
        return indices.to("cpu", torch.int64)
    if isinstance(indices, np.ndarray) and indices.ndim == 1 and indices.dtype.name in _ARRAY_TYPES:
        return torch.from_numpy(indices.astype(np.int64))
    # Bytes are iterated over as numbers, and are none.
    if isinstance(indices, (str, bytes, bytearray)) or (_n_dimensions(indices) > 1 and len(indices)):
        _refuse(indices)
    rows = indices if isinstance(indices, list) else list(indices)
    if not set(map(type, rows)) <= {int}:
        rows = [as_row(index) for index in rows]
    try:
        return torch.from_numpy(np.fromiter(rows, np.int64, len(rows)))
    except OverflowError:
        raise IndexError(f"There is no sample {max(rows, key=abs)}.") from None


def rows_of(subset: Subset[Any]) -> torch.Tensor:
    """Which samples of its dataset a Subset has, as `as_rows` gives them.

    A Subset asks for ``indices[0]``, ``indices[1]`` and so on: of a dict or a pandas Series that is another order than
    the one in which it is iterated over.
    """
    indices: Any = subset.indices
    if not isinstance(indices, (list, tuple, range, np.ndarray, torch.Tensor)):
        indices = [indices[position] for position in range(len(indices))]
    return as_rows(indices)


def _n_dimensions(value: Any) -> int:
    return value.ndim if isinstance(value, (np.ndarray, torch.Tensor)) else 0


def _refuse(given: Any) -> NoReturn:
    what = f"{given.dtype} of shape {tuple(given.shape)}" if _n_dimensions(given) else reprlib.repr(given)
    advice = _advice(given)
    raise InvalidArgumentError(
        f"An index of a dataset must be a whole number; got {what} ({type(given).__name__})."
        f"{' ' if advice else ''}{advice}"
    )


def _advice(given: Any) -> str:
    dtype = getattr(given, "dtype", None)
    if dtype is torch.bool:
        return "In place of a boolean mask, write its indices: mask.nonzero().flatten().tolist()."
    if dtype is torch.uint8:
        return (
            "PyTorch takes uint8 for a mask; write mask.nonzero().flatten().tolist(), or .long() if it is not a mask."
        )
    if dtype == np.bool_:
        return "In place of a boolean mask, write its indices: mask.nonzero()[0].tolist()."
    if isinstance(given, bool):
        return "In place of a boolean mask, write its indices: torch.tensor(mask).nonzero().flatten().tolist()."
    if _n_dimensions(given) or (isinstance(given, (Sequence, slice)) and not isinstance(given, (str, bytes))):
        return "For several samples, use torch.utils.data.Subset with a flat list or a range of their indices."
    return ""
