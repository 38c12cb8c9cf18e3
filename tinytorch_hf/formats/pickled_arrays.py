"""Arrays and dtypes as pickles describe them, made from their bytes without NumPy's own constructors."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.formats.pickle_steps import Makers, Name, RefusedError, shown

# Not all that NumPy takes: "i,f" would be a record.
_PLAIN_CODE = re.compile(r"[biuf][0-9]{1,2}", re.ASCII)
_OTHER_CODES = {
    "O": "objects",
    "V": "records",
    "S": "bytes",
    "U": "text",
    "c": "complex numbers",
    "M": "dates",
    "m": "durations",
}


class PickledDtype:
    """Stands for numpy.dtype while a pickle is read: it keeps a type code and a byte order, nothing else."""

    def __init__(self, code: object, *_flags: object) -> None:
        self.code = _text(code)
        self.byte_order = "="

    def set_state(self, state: object) -> None:
        """Take the byte order; refuse what makes a dtype more than a number type."""
        if type(state) is not tuple or len(state) < 5:
            raise RefusedError(f"the state of a dtype is {shown(state)}, expected a tuple of 8")
        _version, byte_order, subarray, field_names, fields, *_sizes = state
        if subarray is not None or field_names is not None or fields is not None:
            raise RefusedError("structured dtypes are not plain arrays")
        byte_order = _text(byte_order)
        if type(byte_order) is not str or byte_order not in ("<", ">", "=", "|"):
            raise RefusedError(f"unknown byte order {shown(byte_order)}, expected '<', '>', '=' or '|'")
        self.byte_order = byte_order

    def resolve(self) -> np.dtype[Any]:
        """NumPy's dtype of this code and byte order."""
        code = self.code
        if type(code) is not str or not _PLAIN_CODE.fullmatch(code):
            other = _OTHER_CODES.get(code[:1], "") if type(code) is str else ""
            raise RefusedError(f"dtype {shown(code)} is not a plain number type{other and f', but of {other}'}")
        try:
            dtype: np.dtype[Any] = np.dtype(code).newbyteorder(self.byte_order)  # type: ignore[arg-type]
        except TypeError:
            raise RefusedError(f"dtype {code!r} is not a plain number type of this machine") from None
        return dtype


class PickledArray:
    """Stands for an array while a pickle is read; it has none until its state comes."""

    def __init__(self) -> None:
        self.array: Array | None = None


class _Making:
    """Makes what one pickle describes, and no more bytes than it may."""

    def __init__(self, most_bytes: int) -> None:
        self._left = most_bytes

    def reconstruct(self, kind: object, _shape: object, _code: object) -> PickledArray:
        """Stand for numpy.core.multiarray._reconstruct: an empty array, whose state follows."""
        if kind != Name("numpy", "ndarray"):
            raise RefusedError(f"{shown(kind)} is to be made, expected numpy.ndarray")
        return PickledArray()

    def from_buffer(
        self, data: object, dtype: object, shape: object, order: object, axes: object = None
    ) -> PickledArray:
        """Stand for numpy.core.numeric._frombuffer, with which protocol 5 makes an array from its bytes."""
        made = PickledArray()
        is_permuted = type(order) is str and order == "K" and axes is not None
        array = self._array(data, dtype, shape, "C" if is_permuted else order)
        if is_permuted:
            if type(axes) is not tuple or any(type(axis) is not int for axis in axes):
                raise RefusedError(f"the order of the axes is {shown(axes)}, expected a tuple of numbers")
            if sorted(axes) != [*range(array.ndim)]:
                raise RefusedError(f"the order of the axes is no order of {array.ndim} axes")
            array = np.ascontiguousarray(array.transpose(axes)) if array.ndim else array
        made.array = array
        return made

    def encode(self, text: object, encoding: object) -> bytes:
        """Stand for _codecs.encode, by which Python 3 writes bytes in the protocols of Python 2."""
        if type(text) is not str or encoding != "latin1":
            raise RefusedError("bytes must be stored as text of Latin-1")
        self._take(len(text))
        return text.encode("latin-1")

    def no_bytes(self) -> bytes:
        """Stand for bytes(), by which Python 3 writes b"" in the protocols of Python 2."""
        return b""

    def set_state(self, target: object, state: object) -> None:
        """Give an array or a dtype what BUILD brings."""
        if type(target) is PickledDtype:
            target.set_state(state)
        elif type(target) is PickledArray:
            if type(state) is not tuple or len(state) != 5:
                raise RefusedError(f"the state of an array is {shown(state)}, expected a tuple of 5")
            _version, shape, dtype, is_fortran, data = state
            target.array = self._array(data, dtype, shape, "F" if is_fortran in (True, 1) else "C")
        else:
            raise RefusedError(f"a state for {shown(target)}, expected one for an array or a dtype")

    def _array(self, data: object, dtype: object, shape: object, order: object) -> Array:
        resolved = dtype.resolve() if type(dtype) is PickledDtype else None
        if type(data) not in (bytes, bytearray) or resolved is None:
            raise RefusedError(
                f"an array must be stored as bytes of a plain dtype, found {shown(data)} of {shown(dtype)}"
            )
        if type(shape) is not tuple or not all(type(length) is int and length >= 0 for length in shape):
            raise RefusedError(f"{shown(shape)} is not the shape of an array, expected a tuple of whole numbers")
        if type(order) is not str or order not in ("C", "F"):
            raise RefusedError(f"{shown(order)} is not a memory order, expected 'C' or 'F'")
        # Multiplied without end, lengths could take long; more axes than that NumPy has nowhere.
        n_bytes = math.prod(shape) * resolved.itemsize if len(shape) <= 64 else -1
        if len(data) != n_bytes:  # type: ignore[arg-type]
            expected = f"{resolved} of the shape {_lengths(shape)}"
            raise RefusedError(f"an array has {len(data)} bytes, too few or too many for {expected}")  # type: ignore[arg-type]
        self._take(n_bytes)
        flat = np.frombuffer(data, dtype=resolved)  # type: ignore[call-overload]
        made: Array = flat.reshape(shape, order=order).astype(resolved.newbyteorder("="), order="C")
        return made

    def _take(self, n_bytes: int) -> None:
        self._left -= n_bytes
        if self._left < 0:
            raise RefusedError("the same bytes are made into arrays again and again, expected each once")


def _text(value: object) -> object:
    """Python 2's text, which arrives as bytes, as text."""
    return value[:80].decode("latin-1") if type(value) is bytes else value


def _lengths(shape: tuple[int, ...]) -> str:
    return f"{list(shape)}" if len(shape) <= 64 else f"of {len(shape)} axes"


def makers(most_bytes: int) -> Makers:
    """What a pickle of arrays may name and have made, of all together at most so many bytes.

    NumPy 2 renamed numpy.core to numpy._core; files written by either are admitted under either.
    """
    making = _Making(most_bytes)
    return Makers(
        {
            ("numpy", "ndarray"): None,
            ("numpy", "dtype"): PickledDtype,
            ("numpy.core.multiarray", "_reconstruct"): making.reconstruct,
            ("numpy._core.multiarray", "_reconstruct"): making.reconstruct,
            ("numpy.core.numeric", "_frombuffer"): making.from_buffer,
            ("numpy._core.numeric", "_frombuffer"): making.from_buffer,
            ("_codecs", "encode"): making.encode,
            ("__builtin__", "bytes"): making.no_bytes,
        },
        making.set_state,
    )
