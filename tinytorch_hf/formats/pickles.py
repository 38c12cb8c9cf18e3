"""Pickles: read without running anything they ask for, and admitting nothing but arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.formats import pickle_opcodes
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.formats.pickle_steps import Name, shown
from tinytorch_hf.formats.pickled_arrays import PickledArray, PickledDtype, makers

MAX_BYTES = 64 * 2**20
"""Size of a pickle that is still believed; twice a batch of CIFAR-10."""


def unpickle(data: bytes, path: Path) -> Any:
    """What a pickle holds, of plain values and stand-ins for arrays, which `array_of` takes out.

    Parameters
    ----------
    data
        The file's content. Text that Python 2 wrote arrives as bytes.
    path
        Where it came from, for error messages.

    Raises
    ------
    UnsafePickleError
        The pickle asks for anything but arrays.
    CorruptFileError
        It is too large to be one of ours, is no pickle, or is cut off; the message says where in the file.
    """
    if len(data) > MAX_BYTES:
        raise CorruptFileError(f"{path} has {len(data)} bytes; no pickle of arrays here has more than {MAX_BYTES}.")
    # The protocols of Python 2 hold an array as text, which is made into bytes first.
    return pickle_opcodes.run(data, path, makers(2 * MAX_BYTES))


def array_of(value: object) -> Array | None:
    """The array that a stand-in holds, None if the value is something else."""
    return value.array if isinstance(value, PickledArray) else None


def kind_of(value: object) -> str:
    """What a value is called in a message; a stand-in is called what it stands for."""
    if isinstance(value, PickledArray):
        return "ndarray without values" if value.array is None else "ndarray"
    if isinstance(value, Name):
        return shown(value)
    return "dtype" if isinstance(value, PickledDtype) else type(value).__name__


def read_pickle(data: bytes, path: Path) -> dict[str, Array]:
    """Read a pickled dictionary of NumPy arrays without running anything the pickle asks for.

    Parameters
    ----------
    data
        The file's content, written under NumPy 1 or 2, by Python 2 or 3.
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
        raise CorruptFileError(f"{path} holds a {kind_of(content)}, not a dictionary of NumPy arrays.")
    arrays: dict[str, Array] = {}
    for key, value in content.items():
        array = array_of(value)
        try:
            # Python 2 wrote names as bytes.
            name = key.decode("ascii") if isinstance(key, bytes) else key
        except UnicodeDecodeError:
            raise CorruptFileError(f"{path} holds an entry whose name {shown(key)} is not ascii.") from None
        if not isinstance(name, str) or array is None:
            found = f"{shown(key)} that is a {kind_of(value)}" if array is None else f"{shown(key)} without a text"
            raise CorruptFileError(f"{path} holds an entry {found}, not a name and a NumPy array.")
        if name in arrays:
            raise CorruptFileError(f"{path} holds the entry {shown(name)} twice.")
        arrays[name] = array
    return arrays
