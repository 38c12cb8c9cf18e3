"""Specification of tinytorch_hf.files.decode: arrays come out, nothing else gets in."""

from __future__ import annotations

import codecs
import os
import pickle
import re
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


@given(array=plain_arrays(), protocol=st.integers(0, pickle.HIGHEST_PROTOCOL), data=st.data())
def test_arrays_come_back_as_they_were_written(array: np.ndarray[Any, Any], protocol: int, data: st.DataObject) -> None:
    """Values, shape and type survive in each protocol; the result is native, C-ordered and writable."""
    if array.ndim:
        # Neither C- nor Fortran-ordered: protocol 5 has a way of its own for these.
        array = array.transpose(data.draw(st.permutations(range(array.ndim))))[
            :: data.draw(st.sampled_from([1, -1, 2]))
        ]
    arrays = read_pickle(pickle.dumps({"a": array, "again": array, "b": np.arange(3)}, protocol=protocol), PATH)
    found = arrays["a"]
    assert np.array_equal(arrays["again"], array)
    assert arrays["b"].tolist() == [0, 1, 2]

    assert found.shape == array.shape
    assert found.dtype == array.dtype.newbyteorder("=")
    assert found.tobytes() == array.astype(found.dtype).tobytes()
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
    """A pickle that points outside itself is no dictionary of arrays."""
    with pytest.raises(UnsafePickleError, match="outside the file") as caught:
        read_pickle(b"\x80\x04\x8c\x01xQ.", PATH)

    assert str(PATH) in str(caught.value)


def test_what_is_found_instead_of_arrays_is_named() -> None:
    """The whole, or the first entry that is none; a long name is cut off."""
    for content, kind in (([], "list"), (np.zeros(1), "ndarray"), (np.dtype("u1"), "dtype")):
        with pytest.raises(CorruptFileError, match=f"holds a {kind}, not a dictionary"):
            read_pickle(pickle.dumps(content, protocol=4), PATH)
    with pytest.raises(CorruptFileError, match=f"holds an entry '{'n' * 40}' that is a int, not a name and a NumPy"):
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
        ("(1, (2, 3), dtype, False, b'short')", "has 5 bytes, too few or too many for float32"),
        ("(1, (-1,), dtype, False, data)", "not the shape of an array"),
        ("(1, (2**62, 2**62), dtype, False, data)", "not a readable pickle"),
        ("(1, [2, 3], dtype, False, data)", "not the shape of an array"),
        ("(1, (True, 6), dtype, False, data)", "not the shape of an array"),
        ("(1, (2, 3), dtype, False, [1, 2])", "bytes of a plain dtype"),
        ("(1, (2, 3), None, False, data)", "bytes of a plain dtype"),
        ("(1, (2, 3))", "not a readable pickle"),
        ("None", "a ndarray without values"),
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
        ((b"\0" * 4, np.dtype("f4"), (2,), "C"), "4 bytes, too few or too many for float32"),
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


# Pickles that once ended the interpreter, took all of its memory or time, or were refused without a reason.
_TUPLES = b"K\x00" + b"\x85" * 200_000
_TWICE = b")" + b"2\x86" * 60
_TWICE_REMEMBERED = b")" + b"".join(b"\x94h" + bytes([n]) + b"\x86" for n in range(60))
_ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR"
_DTYPE = b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"}" + _TUPLES + b"K\x01s.", "SETITEM, a key is a tuple, expected a text"),
        (b"}(X\x01\x00\x00\x00a" + _TUPLES + b"u.", "nested too deeply"),
        (b"}" + _TWICE_REMEMBERED + b"K\x01s.", "a key is a tuple"),
        (b"}X\x01\x00\x00\x00a" + _TWICE_REMEMBERED + b"s.", "nested too deeply"),
        (_TWICE + b".", "DUP, it is no opcode that a dictionary of arrays needs"),
        (b"]\x94h\x00a.", "nested too deeply"),
        (b"(" * 100 + b".", "more than 16 marks are open"),
        (b"N" * (2**20 + 1), "it goes on after 1048576 opcodes"),
        (b"\x8b\x00\x00\x10\x00" + b"\x01" * 2**20 + b".", "LONG4, a whole number of 1048576 bytes"),
        (b"L" + b"9" * 10**6 + b"L\n.", "LONG, no line of at most 40 bytes follows"),
        (b"\x80\x05\x97.", "NEXT_BUFFER, its arrays were written into buffers outside the file"),
        (b"\x80\x05N\x98.", "READONLY_BUFFER, its arrays were written"),
        (b"\x80\x05\x95\xff\xff\xff\xff\xff\xff\xff\x7fN.", "FRAME, it announces 9223372036854775807 bytes"),
        (
            b"\x80\x05\x95\x03\x00\x00\x00\x00\x00\x00\x00\x8c\x02aa.",
            "SHORT_BINUNICODE, it announces 2 bytes, but its fr",
        ),
        (
            b"\x80\x04\x95\x0a\x00\x00\x00\x00\x00\x00\x00\x95\x01\x00\x00\x00\x00\x00\x00\x00N.",
            "before the last frame",
        ),
        (b"\x80\x06N.", "PROTO, protocol 6 is announced"),
        (b"\x80\x04h\x05.", "BINGET, nothing was remembered under the number 5"),
        (b"\x94.", "MEMOIZE, there is no value to remember"),
        (b"}U\x01aK\x01sU\x01aK\x02s.", "the key b'a' is there twice"),
        (b"}U\x01aK\x01s}.", "values or marks are left over"),
        (b"}.}.", "2 bytes follow, expected the end"),
        (b"\xff.", r"at byte 0, b'\\xff', it is no opcode"),
        (b"", "the file ends without STOP; it may be cut off"),
        (b"8.", "it is no opcode"),
        (b"cnumpy\nndarray\n(K\x01tR.", "numpy.ndarray is called"),
        (b"cnumpy.core.multiarray\n_reconstruct\n)R.", "is called with other arguments than NumPy writes"),
        (b"cnumpy.core.multiarray\n_reconstruct\n(NNNtR.", "None is to be made, expected numpy.ndarray"),
        (b"](K\x01K\x02eK\x01b.", "a state for a list"),
        (_ARRAY + b"(K\x01(tNK\x00C\x00tb.", "bytes of a plain dtype"),
        (_ARRAY + b"(K\x01(" + b"K\x01" * 65 + b"t" + _DTYPE + b"K\x00C\x01atb.", "of 65 axes"),
        (b"S'a\n.", "STRING, its text is not in quotes"),
        (b"F1e\n.", "FLOAT, could not convert"),
        (b"X\x02\x00\x00\x00\xff\xff.", "BINUNICODE, 'utf-8' codec can't decode"),
    ],
)
def test_a_hostile_pickle_is_refused_at_once_by_byte_and_opcode(data: bytes, reason: str) -> None:
    """Neither depth nor size nor tricks of a protocol get further than the step that is wrong, which is named."""
    with pytest.raises(CorruptFileError, match=reason) as caught:
        read_pickle(data, PATH)

    assert re.match(
        r"some/train\.pkl is not a readable pickle of NumPy arrays: at byte \d+, \S+( .*)?, \S", str(caught.value)
    )
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
    "code", [b"ios\nsystem\n.", b"(ios\nsystem\n.", b"N\x82\x01.", b"Pid\n.", b"\x83\x01\x00.", b"cos\nx\n."]
)
def test_whatever_names_an_object_elsewhere_is_refused_as_unsafe(code: bytes) -> None:
    """Old ways to name a class, the registry of extensions and persistent ids."""
    with pytest.raises(UnsafePickleError, match="at byte"):
        read_pickle(code, PATH)


def test_the_same_bytes_do_not_become_arrays_without_end() -> None:
    """A short file that has its bytes made into arrays again and again does not fill the memory."""
    size = 2**20
    bytes_once = b"B" + struct.pack("<I", size) + bytes(size) + b"\x94"
    array = _ARRAY + b"(K\x01(" + b"J" + struct.pack("<i", size) + b"t" + b"h\x01" + b"K\x00h\x00tb"

    with pytest.raises(CorruptFileError, match="again and again"):
        read_pickle(bytes_once + b"0"[:0] + b"\x85" + _DTYPE + b"\x94" + b"\x86" + (array + b"\x86") * 200 + b".", PATH)
