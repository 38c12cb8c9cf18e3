"""Arrays and plain values as JSON, so that nothing which a student's process sends is ever unpickled."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

# Everything a result may hold; complex numbers and objects do not belong there.
_KINDS = "biuf"
_DTYPE = re.compile(r"[<>|=]?[biuf][0-9]{1,2}")
# A result of an operation on our batches is thousands of times smaller.
MAX_BYTES = 64_000_000
_DEEPEST = 5


class WireError(Exception):
    """What arrived is not what this module writes."""


def encode(values: Mapping[str, Any]) -> dict[str, Any]:
    """Turn inputs or results into values that JSON knows; the numbers survive bit by bit."""
    return {name: _encode(value) for name, value in values.items()}


def _encode(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        # JSON has no word for it; bits have.
        value = np.float64(value)
    if not isinstance(value, np.ndarray | np.generic):
        return _plain(value)
    array = np.asarray(value)
    if array.dtype.kind not in _KINDS or array.nbytes > MAX_BYTES:
        # The shape and the dtype are what a message about it needs.
        return f"an array of {array.dtype} and shape {array.shape}"
    little_endian = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return {
        "dtype": little_endian.dtype.str,
        "shape": list(array.shape),
        "base64": base64.b64encode(little_endian.tobytes()).decode("ascii"),
    }


def _plain(value: Any, depth: int = 0) -> Any:
    """What JSON knows, as it is; in lists numbers of NumPy's, too, as Python's; of anything else its type."""
    if isinstance(value, np.generic) and value.dtype.kind in _KINDS:
        value = value.item()
    if isinstance(value, list | tuple) and depth < _DEEPEST:
        return [_plain(entry, depth + 1) for entry in value]
    if value is None or type(value) in (bool, int, str) or (type(value) is float and math.isfinite(value)):
        return value
    return f"{value} in a list" if type(value) is float else f"a {type(value).__name__}"


def decode(values: Any) -> dict[str, Any]:
    """The inverse of `encode`.

    Raises
    ------
    WireError
        The values are not encoding of anything.
    """
    if not isinstance(values, dict):
        raise WireError(f"a {type(values).__name__} arrived instead of named values")
    return {name: _decode(value) for name, value in values.items()}


def _decode(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    try:
        if not _DTYPE.fullmatch(value["dtype"]):
            raise ValueError("its dtype is not one of numbers")
        dtype = np.dtype(value["dtype"])
        shape = tuple(int(length) for length in value["shape"])
        content = base64.b64decode(value["base64"], validate=True)
    except (KeyError, TypeError, ValueError, OverflowError, binascii.Error) as error:
        raise WireError(f"an array arrived damaged: {error}") from error
    if (
        dtype.kind not in _KINDS
        or min(shape, default=0) < 0
        or len(content) != math.prod(shape) * dtype.itemsize
        or len(content) > MAX_BYTES
    ):
        raise WireError("an array arrived whose dtype, shape and content do not belong together")
    try:
        # A copy, because what is laid over the text itself could not be written to, and optimizers may do that.
        array: Any = np.frombuffer(content, dtype).reshape(shape).copy()
    except (ValueError, OverflowError) as error:
        # More axes than NumPy has, or one that is longer than its numbers go.
        raise WireError(f"an array arrived damaged: {error}") from error
    return array
