"""Pickles: read without running anything they ask for, and admitting nothing but arrays.

References
----------
The opcodes: CPython, ``Lib/pickletools.py``.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf.errors import CorruptFileError, UnsafePickleError
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.shown import printable

MAX_BYTES = 64 * 2**20
"""Size of a pickle that is still believed; twice a batch of CIFAR-10."""

# The unpickler's table has a place for every number up to the largest one, used or not.
_MAX_REMEMBERED = 2**20
# Not all that NumPy takes: "i,f" would be a record.
_PLAIN_CODE = re.compile(r"[biuf][0-9]{1,2}", re.ASCII)


class _DtypeState:
    """Stands for numpy.dtype while a pickle is read: it keeps a type code and a byte order, nothing else."""

    def __init__(self, code: object, *_flags: object) -> None:
        self.code = code
        self.byte_order = "="

    def __setstate__(self, state: Any) -> None:
        _version, byte_order, subarray, field_names, fields, *_sizes = state
        if subarray is not None or field_names is not None or fields is not None:
            raise ValueError("structured dtypes are not plain arrays")
        byte_order = _text(byte_order)
        if byte_order not in ("<", ">", "=", "|"):
            raise ValueError(f"unknown byte order {byte_order!r}")
        self.byte_order = byte_order

    def resolve(self) -> np.dtype[Any]:
        code = _text(self.code)
        if not isinstance(code, str) or not _PLAIN_CODE.fullmatch(code):
            raise ValueError(f"dtype {code!r} is not a plain number type")
        dtype: np.dtype[Any] = np.dtype(code).newbyteorder(self.byte_order)  # type: ignore[arg-type]
        return dtype


def _text(value: Any) -> Any:
    """Python 2's text, which arrives as bytes, as text."""
    return value.decode("latin-1") if isinstance(value, bytes) else value


class _ArrayState:
    """Stands for numpy.ndarray and for the function that rebuilds one while a pickle is read."""

    def __init__(self, *_args: object) -> None:
        self.array: Array | None = None

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


def _array(data: bytes, dtype: _DtypeState, shape: object, order: object) -> Array:
    if not isinstance(shape, tuple) or not all(type(length) is int and length >= 0 for length in shape):
        raise ValueError(f"{shape!r} is not the shape of an array")
    if order not in ("C", "F"):
        raise ValueError(f"{order!r} is not a memory order")
    resolved = dtype.resolve()
    flat = np.frombuffer(data, dtype=resolved)
    return flat.reshape(shape, order=order).astype(resolved.newbyteorder("="), order="C")


def _bytes_from_text(text: object, encoding: object) -> bytes:
    """Stands for the function by which Python 3 writes bytes in the protocols of Python 2."""
    if type(text) is not str or encoding != "latin1":
        raise ValueError("bytes must be stored as text of Latin-1")
    return text.encode("latin-1")


# NumPy 2 renamed numpy.core to numpy._core; files written by either are admitted under either.
_ADMITTED: dict[tuple[str, str], Callable[..., object]] = {
    ("numpy", "ndarray"): _ArrayState,
    ("numpy", "dtype"): _DtypeState,
    ("numpy.core.multiarray", "_reconstruct"): _ArrayState,
    ("numpy._core.multiarray", "_reconstruct"): _ArrayState,
    ("numpy.core.numeric", "_frombuffer"): _ArrayFromBuffer,
    ("numpy._core.numeric", "_frombuffer"): _ArrayFromBuffer,
    ("_codecs", "encode"): _bytes_from_text,
}


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that hands out stand-ins instead of NumPy's classes and refuses every other name.

    Not even NumPy's own constructors see a state that the file controls: the stand-ins check it, and the
    arrays are made from bytes afterwards.
    """

    def __init__(self, data: bytes, path: Path, encoding: str) -> None:
        super().__init__(io.BytesIO(data), encoding=encoding)
        self._path = path

    def find_class(self, module_name: str, global_name: str) -> Any:
        try:
            return _ADMITTED[module_name, global_name]
        except KeyError:
            raise UnsafePickleError(self._path, f"{module_name}.{global_name}") from None

    def persistent_load(self, _pid: Any) -> Any:
        raise UnsafePickleError(self._path, "an object stored outside the file")


def unpickle(data: bytes, path: Path, encoding: str = "ASCII") -> Any:
    """What a pickle holds, of plain values and stand-ins for arrays, which `array_of` takes out.

    Parameters
    ----------
    data
        The file's content.
    path
        Where it came from, for error messages.
    encoding
        Of the text that Python 2 wrote; "bytes" leaves it as bytes.

    Raises
    ------
    UnsafePickleError
        The pickle asks for anything but arrays.
    CorruptFileError
        It is too large to be one of ours, is no pickle, or is cut off.
    """
    if len(data) > MAX_BYTES:
        raise CorruptFileError(f"{path} has {len(data)} bytes; no pickle of arrays here has more than {MAX_BYTES}.")
    try:
        _check_memo(data)
        return _ArraysOnly(data, path, encoding).load()
    except UnsafePickleError:
        raise
    except Exception as error:
        # A damaged pickle makes the unpickler raise nearly anything: EOFError, KeyError, UnicodeDecodeError ...
        raise CorruptFileError(f"{path} is not a readable pickle of NumPy arrays: {printable(str(error))}") from error


def _check_memo(data: bytes) -> None:
    """Raise ValueError if values are remembered under numbers for which the unpickler would fill the memory."""
    for opcode, number, _position in pickletools.genops(data):
        if opcode.name in ("PUT", "LONG_BINPUT") and int(number or 0) > _MAX_REMEMBERED:
            raise ValueError(f"a value is remembered under the number {number}")


def array_of(value: object) -> Array | None:
    """The array that a stand-in holds, None if the value is something else."""
    return value.array if isinstance(value, _ArrayState) else None


def kind_of(value: object) -> str:
    """What a value is called in a message; a stand-in is called what it stands for."""
    if isinstance(value, _ArrayState):
        return "ndarray"
    return "dtype" if isinstance(value, _DtypeState) else type(value).__name__


def read_pickle(data: bytes, path: Path) -> dict[str, Array]:
    """Read a pickled dictionary of NumPy arrays without running anything the pickle asks for.

    Parameters
    ----------
    data
        The file's content, written under NumPy 1 or 2.
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
    content = unpickle(data, path)
    if not isinstance(content, dict):
        raise CorruptFileError(f"{path} holds a {kind_of(content)}, not a dictionary of NumPy arrays")
    arrays: dict[str, Array] = {}
    for name, value in content.items():
        array = array_of(value)
        if not isinstance(name, str) or array is None:
            raise CorruptFileError(f"{path} holds an entry {str(name)[:40]!r} that is not a NumPy array")
        arrays[name] = array
    return arrays
