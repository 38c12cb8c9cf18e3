"""Specification of tinytorch_hf.files.decode: arrays come out, nothing else gets in."""

from __future__ import annotations

import codecs
import os
import pickle
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch_hf import catalog
from tinytorch_hf.errors import CorruptFileError, TinyTorchHFError, UnsafePickleError
from tinytorch_hf.files import folders
from tinytorch_hf.formats.pickles import read_pickle

PATH = Path("some/train.pkl")
TRAIN = (folders.folder(catalog.TINYDIGITS) / "train.pkl").read_bytes()
SMALL = pickle.dumps({"images": np.arange(6, dtype=np.float32).reshape(2, 3), "labels": np.array([4, 5])}, protocol=4)

DTYPES = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
DTYPES += ["float32", "float64", "longdouble"]


@st.composite
def plain_arrays(draw: st.DrawFn) -> np.ndarray[Any, Any]:
    """Arrays of every plain dtype, byte order, memory order and up to three axes, some of length 0."""
    shape = tuple(draw(st.lists(st.integers(0, 4), max_size=3)))
    dtype = np.dtype(draw(st.sampled_from(DTYPES))).newbyteorder(draw(st.sampled_from("<>")))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return np.array(rng.integers(0, 2, shape) * 3, dtype=dtype, order=draw(st.sampled_from("CF")))


@given(array=plain_arrays(), protocol=st.integers(3, pickle.HIGHEST_PROTOCOL))
def test_arrays_come_back_as_they_were_written(array: np.ndarray[Any, Any], protocol: int) -> None:
    """Values, shape and type survive; the result is native, C-ordered and writable."""
    found = read_pickle(pickle.dumps({"a": array}, protocol=protocol), PATH)["a"]

    assert found.shape == array.shape
    assert found.dtype == array.dtype.newbyteorder("=")
    assert np.array_equal(found, array)
    assert found.flags.c_contiguous
    assert found.flags.writeable


def test_the_module_names_of_numpy_1_and_2_are_both_admitted() -> None:
    """NumPy 2 renamed numpy.core; files written under either must open under either."""
    new, old = b"\x16numpy._core.multiarray", b"\x15numpy.core.multiarray"
    written_by_2 = pickle.dumps({"a": np.arange(3)}, protocol=4).replace(old, new)
    written_by_1 = written_by_2.replace(new, old)
    # The frame that surrounds the name states its length.
    frame_bytes = struct.unpack_from("<Q", written_by_2, 3)[0] if new in pickle.dumps(np.arange(3)) else None
    if frame_bytes is not None:
        written_by_1 = written_by_1[:3] + struct.pack("<Q", frame_bytes - 1) + written_by_1[11:]

    assert new in written_by_2
    assert old in written_by_1
    assert read_pickle(written_by_1, PATH)["a"].tolist() == [0, 1, 2]
    if frame_bytes is not None:
        assert read_pickle(written_by_2, PATH)["a"].tolist() == [0, 1, 2]


def test_the_published_file_opens_under_this_numpy() -> None:
    """Written under NumPy 2, it opens here whatever NumPy this is."""
    arrays = read_pickle(TRAIN, PATH)

    assert {name: (a.dtype.name, a.shape) for name, a in arrays.items()} == {
        "images": ("float32", (1000, 8, 8)),
        "labels": ("int64", (1000,)),
    }


class _Runs:
    """Pickles to a call of whatever it is given."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ({"images": _Runs(os.system, "exit 1")}, "posix.system"),
        (_Runs(eval, "1 + 1"), "builtins.eval"),
        ({_Runs(getattr, "text", "upper"): 1}, "builtins.getattr"),
        ({"images": OrderedDict(a=1)}, "collections.OrderedDict"),
        ({"images": np.float32(1.0)}, "scalar"),
        ({"images": Path("x")}, "pathlib"),
    ],
)
def test_a_pickle_that_asks_for_anything_else_is_refused_by_name(content: Any, wanted: str) -> None:
    """The message names the file and what its pickle wanted."""
    with pytest.raises(UnsafePickleError, match=wanted) as caught:
        read_pickle(pickle.dumps(content, protocol=4), PATH)

    assert str(PATH) in str(caught.value)


def test_nothing_runs_before_the_refusal(tmp_path: Path) -> None:
    """Even a call that stands before everything else in the file is not made."""
    marker = tmp_path / "marker"

    with pytest.raises(UnsafePickleError):
        read_pickle(pickle.dumps([_Runs(os.mkdir, str(marker)), {"a": np.zeros(1)}], protocol=4), PATH)

    assert not marker.exists()


def test_persistent_ids_are_refused() -> None:
    """A pickle that points outside itself is not a dictionary of arrays."""
    with pytest.raises(UnsafePickleError, match="outside the file") as caught:
        read_pickle(b"\x80\x04\x8c\x01xQ.", PATH)

    assert str(PATH) in str(caught.value)


def test_what_is_found_instead_of_arrays_is_named() -> None:
    """The whole, or the first entry that is none; a long name is cut off."""
    for content, kind in (([], "list"), (np.zeros(1), "ndarray"), (np.dtype("u1"), "dtype")):
        with pytest.raises(CorruptFileError, match=f"holds a {kind}, not a dictionary"):
            read_pickle(pickle.dumps(content, protocol=4), PATH)
    with pytest.raises(CorruptFileError, match=f"holds an entry '{'n' * 40}' that is not a NumPy array"):
        read_pickle(pickle.dumps({"n" * 60: 1}), PATH)


def test_names_that_python_2_wrote_are_names() -> None:
    """Its strings are bytes; those of names are ASCII."""
    written = pickle.dumps({"a": np.arange(3)}, protocol=2)
    by_python_2 = written.replace(b"X\x01\x00\x00\x00a", b"U\x01a")

    assert by_python_2 != written
    assert read_pickle(by_python_2, PATH)["a"].tolist() == [0, 1, 2]
    with pytest.raises(CorruptFileError, match="ascii"):
        read_pickle(written.replace(b"X\x01\x00\x00\x00a", b"U\x01\xe4"), PATH)


@pytest.mark.parametrize(
    "content",
    [
        {"a": np.array([{"k": 1}], dtype=object)},
        {"a": np.zeros(2, dtype=[("x", "f4"), ("y", "f4")])},
        {"a": np.array(["text"])},
        {"a": np.array([1j])},
        {"a": np.array(["2026-01-01"], dtype="datetime64[D]")},
        {"a": [1, 2, 3]},
        {1: np.zeros(2)},
        [np.zeros(2)],
        {"a": np.dtype("f4")},
        {"a": np.ndarray},
        None,
    ],
)
def test_anything_but_a_dictionary_of_plain_arrays_is_refused(content: Any) -> None:
    """Objects, structures, text, dates, lists and bare values have no place in a data file."""
    with pytest.raises(CorruptFileError, match=r"some/train\.pkl"):
        read_pickle(pickle.dumps(content, protocol=4), PATH)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("(1, (2, 3), dtype, False, b'short')", "buffer size"),
        ("(1, (-1,), dtype, False, data)", "not the shape of an array"),
        ("(1, (2**62, 2**62), dtype, False, data)", "not a readable pickle"),
        ("(1, [2, 3], dtype, False, data)", "not the shape of an array"),
        ("(1, (True, 6), dtype, False, data)", "not the shape of an array"),
        ("(1, (2, 3), dtype, False, [1, 2])", "bytes of a plain dtype"),
        ("(1, (2, 3), None, False, data)", "bytes of a plain dtype"),
        ("(1, (2, 3))", "not a readable pickle"),
        ("None", "not a NumPy array"),
    ],
)
def test_a_lying_array_state_is_refused(state: str, reason: str) -> None:
    """Shape, dtype and bytes are checked before any array is made of them."""

    class Lying:
        def __reduce__(self) -> Any:
            rebuild, arguments, true_state = np.arange(6, dtype=np.float32).reshape(2, 3).__reduce__()
            names = {"dtype": true_state[2], "data": true_state[4]}
            return rebuild, arguments, eval(state, names)  # noqa: S307 -- the strings above

    with pytest.raises(CorruptFileError, match=reason):
        read_pickle(pickle.dumps({"a": Lying()}, protocol=4), PATH)


def read_with_dtype(code: object, *state: object) -> np.ndarray[Any, Any]:
    """An array of eight bytes is read whose dtype is pickled as this code and this state."""

    class Dtype:
        def __reduce__(self) -> Any:
            return np.dtype, (code, False, True), *state

    class Array:
        def __reduce__(self) -> Any:
            rebuild, arguments, _ = np.zeros(1).__reduce__()
            return rebuild, arguments, (1, (8,), Dtype(), False, bytes(range(8)))

    return read_pickle(pickle.dumps({"a": Array()}, protocol=4), PATH)["a"]


@pytest.mark.parametrize("lie", [(("f4", (2,)), None, None), (None, ("x",), None), (None, None, {"x": ("f4", 0)})])
def test_a_lying_dtype_state_is_refused(lie: tuple[object, ...]) -> None:
    """A dtype's state could make NumPy read numbers as pointers; it never reaches NumPy."""
    with pytest.raises(CorruptFileError, match="structured"):
        read_with_dtype("u1", (3, "|", *lie, 8, 1, 0x3F))


@pytest.mark.parametrize("state", [(), ((3, "=", None, None, None, -1, -1, 0),)])
def test_a_dtype_without_a_byte_order_is_this_machines(state: tuple[object, ...]) -> None:
    """It has no state, or one that says so."""
    assert read_with_dtype("u1", *state).tolist() == [*range(8)]


@pytest.mark.parametrize("code", ["i,f", "u1,", "u1x", "u100", "O8", "V1", "S1", "M8", "", 1, None, ["u1"]])
def test_a_code_is_one_letter_and_a_size(code: object) -> None:
    """What else NumPy takes for a dtype could be a record, text or a pointer."""
    with pytest.raises(CorruptFileError, match="not a plain number type"):
        read_with_dtype(code)


@pytest.mark.parametrize("arguments", [("x", "utf-8"), (b"x", "latin1")])
def test_bytes_are_rebuilt_from_latin_1_alone(arguments: tuple[object, object]) -> None:
    """The one function beside NumPy's that is admitted does no more than protocol 2 needs."""
    content = _Runs(codecs.encode, *arguments)

    with pytest.raises(CorruptFileError, match="text of Latin-1"):
        read_pickle(pickle.dumps({"a": content}, protocol=4), PATH)


def test_a_number_that_would_fill_the_memory_is_refused_as_text_as_well() -> None:
    """Protocol 0 writes it in digits; up to the bound they are read."""
    with pytest.raises(CorruptFileError, match="number 268435456"):
        read_pickle(b"Np268435456\n.", PATH)
    with pytest.raises(CorruptFileError, match="number 1048577"):
        read_pickle(b"Np1048577\n.", PATH)
    with pytest.raises(CorruptFileError, match="NoneType"):
        read_pickle(b"Np1048576\n.", PATH)


def test_an_unknown_byte_order_is_refused() -> None:
    """There are four; a fifth is damage."""
    damaged = SMALL.replace(b"\x8c\x01<", b"\x8c\x01?")

    assert damaged != SMALL
    with pytest.raises(CorruptFileError, match="unknown byte order"):
        read_pickle(damaged, PATH)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((b"\0" * 4, "f4", (1,), "C"), "bytes of a plain dtype"),
        (("text", np.dtype("f4"), (1,), "C"), "bytes of a plain dtype"),
        ((b"\0" * 4, np.dtype("f4"), (1,), "K"), "not a memory order"),
        ((b"\0" * 4, np.dtype("f4"), (2,), "C"), "reshape"),
    ],
)
def test_a_lying_buffer_of_protocol_5_is_refused(arguments: tuple[Any, ...], reason: str) -> None:
    """The newer way to store an array is checked as strictly as the older one."""
    rebuild = np.zeros(1).__reduce_ex__(5)[0]

    class Lying:
        def __reduce__(self) -> Any:
            return rebuild, arguments

    with pytest.raises(CorruptFileError, match=reason):
        read_pickle(pickle.dumps({"a": Lying()}, protocol=5), PATH)


@pytest.mark.parametrize("length", range(len(SMALL)))
def test_a_pickle_cut_off_anywhere_is_refused(length: int) -> None:
    """Half a file never gives half the data."""
    with pytest.raises(CorruptFileError, match=r"some/train\.pkl"):
        read_pickle(SMALL[:length], PATH)


@given(st.binary(max_size=200))
def test_random_bytes_give_a_clear_error_or_arrays(data: bytes) -> None:
    """Whatever the file holds, nothing but this package's errors comes out."""
    _reads_or_explains(data)


@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_damaged_bytes_give_a_clear_error_or_arrays(changes: list[tuple[int, int]]) -> None:
    """A few flipped bytes never crash the reader or let an object through."""
    damaged = bytearray(SMALL)
    for position, value in changes:
        damaged[position] = value
    _reads_or_explains(bytes(damaged))


def _reads_or_explains(data: bytes) -> None:
    try:
        arrays = read_pickle(data, PATH)
    except TinyTorchHFError as error:
        assert str(PATH) in str(error)
    else:
        assert all(isinstance(array, np.ndarray) for array in arrays.values())
