"""Bytes to NumPy, admitting nothing but arrays."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf.errors import CorruptFileError, UnsafePickleError
from tinytorch_hf.idx import read_idx
from tinytorch_hf.npz import read_npz

__all__ = ["BY_SUFFIX", "read_idx", "read_npz", "read_pickle"]

_PLAIN_KINDS = "biuf"


class _DtypeState:
    """Stands for numpy.dtype while a pickle is read: it keeps a type code and a byte order, nothing else."""

    def __init__(self, code: object, *_flags: object) -> None:
        self.code = code
        self.byte_order = "="

    def __setstate__(self, state: Any) -> None:
        _version, byte_order, subarray, field_names, fields, *_sizes = state
        if subarray is not None or field_names is not None or fields is not None:
            raise ValueError("structured dtypes are not plain arrays")
        if byte_order not in ("<", ">", "=", "|"):
            raise ValueError(f"unknown byte order {byte_order!r}")
        self.byte_order = byte_order

    def resolve(self) -> np.dtype[Any]:
        if not isinstance(self.code, str) or len(self.code) > 3 or self.code[:1] not in _PLAIN_KINDS:
            raise ValueError(f"dtype {self.code!r} is not a plain number type")
        dtype: np.dtype[Any] = np.dtype(self.code).newbyteorder(self.byte_order)  # type: ignore[arg-type]
        return dtype


class _ArrayState:
    """Stands for numpy.ndarray and for the function that rebuilds one while a pickle is read."""

    def __init__(self, *_args: object) -> None:
        self.array: np.ndarray[Any, Any] | None = None

    def __setstate__(self, state: Any) -> None:
        _version, shape, dtype, is_fortran, data = state
        if not isinstance(data, bytes) or not isinstance(dtype, _DtypeState):
            raise ValueError("an array must be stored as bytes of a plain dtype")
        self.array = _array(data, dtype, shape, "F" if is_fortran else "C")


class _ArrayFromBuffer(_ArrayState):
    """Stands for the function that protocol 5 uses to rebuild an array from its buffer."""

    def __init__(self, data: object, dtype: object, shape: object, order: object) -> None:
        super().__init__()
        if not isinstance(data, (bytes, bytearray)) or not isinstance(dtype, _DtypeState):
            raise ValueError("an array must be stored as bytes of a plain dtype")
        self.array = _array(bytes(data), dtype, shape, order)


def _array(data: bytes, dtype: _DtypeState, shape: object, order: object) -> np.ndarray[Any, Any]:
    if not isinstance(shape, tuple) or not all(type(length) is int and length >= 0 for length in shape):
        raise ValueError(f"{shape!r} is not the shape of an array")
    if order not in ("C", "F"):
        raise ValueError(f"{order!r} is not a memory order")
    resolved = dtype.resolve()
    flat = np.frombuffer(data, dtype=resolved)
    return flat.reshape(shape, order=order).astype(resolved.newbyteorder("="), order="C")


# NumPy 2 renamed numpy.core to numpy._core; files written by either are admitted under either.
_ADMITTED: dict[tuple[str, str], Callable[..., object]] = {
    ("numpy", "ndarray"): _ArrayState,
    ("numpy", "dtype"): _DtypeState,
    ("numpy.core.multiarray", "_reconstruct"): _ArrayState,
    ("numpy._core.multiarray", "_reconstruct"): _ArrayState,
    ("numpy.core.numeric", "_frombuffer"): _ArrayFromBuffer,
    ("numpy._core.numeric", "_frombuffer"): _ArrayFromBuffer,
}


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that hands out stand-ins instead of NumPy's classes and refuses every other name.

    Not even NumPy's own constructors see a state that the file controls: the stand-ins check it, and the
    arrays are made from bytes afterwards.
    """

    def __init__(self, data: bytes, path: Path) -> None:
        super().__init__(io.BytesIO(data))
        self._path = path

    def find_class(self, module_name: str, global_name: str) -> Any:
        try:
            return _ADMITTED[module_name, global_name]
        except KeyError:
            raise UnsafePickleError(self._path, f"{module_name}.{global_name}") from None

    def persistent_load(self, _pid: Any) -> Any:
        raise UnsafePickleError(self._path, "an object stored outside the file")


def read_pickle(data: bytes, path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Read a pickled dictionary of NumPy arrays without running anything the pickle asks for.

    Parameters
    ----------
    data
        The file's content: pickle protocol 3 or later, written under NumPy 1 or 2.
    path
        Where it came from, for error messages.

    Returns
    -------
    dict
        Names to freshly allocated, writable, C-ordered arrays of native byte order. Only booleans,
        integers and floats are admitted.

    Raises
    ------
    UnsafePickleError
        The pickle asks for anything but arrays.
    CorruptFileError
        It is no pickle, is cut off, or holds something other than a dictionary of plain arrays.
    """
    try:
        content = _ArraysOnly(data, path).load()
    except UnsafePickleError:
        raise
    except Exception as error:
        # A damaged pickle makes the unpickler raise nearly anything: EOFError, KeyError, UnicodeDecodeError ...
        raise CorruptFileError(f"{path} is not a readable pickle of NumPy arrays: {error}") from error
    if not isinstance(content, dict):
        raise CorruptFileError(f"{path} holds a {type(content).__name__}, not a dictionary of NumPy arrays")
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    for name, value in content.items():
        if not isinstance(name, str) or not isinstance(value, _ArrayState) or value.array is None:
            raise CorruptFileError(f"{path} holds an entry {str(name)[:40]!r} that is not a NumPy array")
        arrays[name] = value.array
    return arrays


# How a file is read is told by the last part of its name.
BY_SUFFIX: dict[str, Callable[[bytes, Path], dict[str, np.ndarray[Any, Any]]]] = {
    ".pkl": read_pickle,
    ".npz": read_npz,
}
