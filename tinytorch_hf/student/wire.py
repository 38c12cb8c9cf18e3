"""Arrays and plain values as JSON, so that nothing which a student's process sends is ever unpickled."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

# Everything a result may hold; complex numbers and objects do not belong there.
_KINDS = "biuf"
# A result of an operation on our batches is thousands of times smaller.
MAX_BYTES = 64_000_000


class WireError(Exception):
    """What arrived is not what this module writes."""


def encode(values: Mapping[str, Any]) -> dict[str, Any]:
    """Turn inputs or results into values that JSON knows; the numbers survive bit by bit."""
    return {name: _encode(value) for name, value in values.items()}


def _encode(value: Any) -> Any:
    if not isinstance(value, np.ndarray | np.generic):
        return value
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


def decode(values: Any) -> dict[str, Any]:
    """The inverse of `encode`.

    Raises
    ------
    WireError
        The values are no encoding of anything.
    """
    if not isinstance(values, dict):
        raise WireError(f"a {type(values).__name__} arrived instead of named values")
    return {name: _decode(value) for name, value in values.items()}


def _decode(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    try:
        dtype = np.dtype(str(value["dtype"]))
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
    # A copy, because what is laid over the text itself could not be written to, and optimizers may do that.
    array: Any = np.frombuffer(content, dtype).reshape(shape).copy()
    return array
