"""npz archives are read without trusting them and written the same everywhere."""

from __future__ import annotations

import hashlib
import io
import struct
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinytorch_hf.errors import CorruptFileError, TinyTorchHFError
from tinytorch_hf.formats.npz import read_npz, write_npz

PATH = Path("somewhere/file.npz")
ARRAYS = {"images": np.arange(24, dtype=np.uint8).reshape(2, 3, 4), "labels": np.array([7, 1], dtype=np.int64)}
DTYPES = ("bool", "uint8", "int16", "<i8", ">i4", "<f4", ">f8", "float16", "uint64")


def numpys(compressed: bool = False, **arrays: np.ndarray) -> bytes:
    """What NumPy itself writes."""
    stream = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(stream, **arrays)
    return stream.getvalue()


def member(content: bytes, name: str = "images.npy", compression: int = zipfile.ZIP_STORED) -> bytes:
    """An archive of one member with any content."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def npy(header: str, values: bytes = b"") -> bytes:
    """A member of NumPy's format 1.0 with any header."""
    line = header.encode("latin-1") + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(line)) + line + values


def refusal(data: bytes, **options: int) -> str:
    """The message with which the reader refuses an archive; it always names the file."""
    with pytest.raises(CorruptFileError) as caught:
        read_npz(data, PATH, **options)
    message = str(caught.value)
    assert str(PATH) in message
    assert "tinytorch-hf export" in message
    return message


@pytest.mark.parametrize("compressed", [False, True])
def test_reads_what_numpy_writes(compressed: bool) -> None:
    """Archives of numpy.savez and numpy.savez_compressed are read as numpy.load reads them."""
    arrays = read_npz(numpys(compressed, **ARRAYS), PATH)
    assert list(arrays) == list(ARRAYS)
    for name, array in arrays.items():
        assert array.dtype == ARRAYS[name].dtype
        np.testing.assert_array_equal(array, ARRAYS[name])


@settings(deadline=None)
@given(st.sampled_from(DTYPES).flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0))))
def test_what_is_written_is_read_by_both(array: np.ndarray) -> None:
    """Every plain array comes back bit for bit, from this reader and from numpy.load without pickles."""
    data = write_npz({"column": array})
    ours = read_npz(data, PATH)["column"]
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        numpys_reading = archive["column"]
    for read in (ours, numpys_reading):
        assert read.shape == array.shape
        assert read.astype(array.dtype).tobytes() == array.tobytes()
    assert ours.dtype.isnative
    assert ours.flags.writeable
    assert ours.flags.c_contiguous


def test_fortran_order_and_foreign_byte_order_are_normalised() -> None:
    """Arrays arrive C-ordered and native whatever the file's order was."""
    array = np.asfortranarray(np.arange(6, dtype=">i4").reshape(2, 3))
    read = read_npz(numpys(column=array), PATH)["column"]
    assert read.dtype == np.dtype("int32")
    assert read.flags.c_contiguous
    np.testing.assert_array_equal(read, array)


def test_written_bytes_are_fixed() -> None:
    """The same arrays give the same bytes on every machine: this hash holds everywhere."""
    assert hashlib.sha256(write_npz(ARRAYS)).hexdigest() == (
        "d315ea0a9363a0d137339bc66dd6b671bf77bad5703c3e67cfdf420befa97f68"
    )


def test_the_byte_order_in_memory_does_not_matter() -> None:
    """Equal values are equal bytes, and the header is that of little-endian ones."""
    big, little = (write_npz({"a": np.arange(3, dtype=dtype)}) for dtype in (">i4", "<i4"))
    assert big == little


def test_written_members_carry_no_clock_and_no_machine() -> None:
    """Every member has zip's earliest date and the same creator, and is packed with bzip2."""
    with zipfile.ZipFile(io.BytesIO(write_npz(ARRAYS))) as archive:
        for info in archive.infolist():
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert (info.create_system, info.compress_type) == (3, zipfile.ZIP_BZIP2)


def test_members_may_be_stored_as_they_are() -> None:
    """For what hardly shrinks: the values stand in the file, whose bytes are fixed as well."""
    data = write_npz(ARRAYS, packed=False)
    assert ARRAYS["images"].tobytes() in data
    for name, array in read_npz(data, PATH).items():
        np.testing.assert_array_equal(array, ARRAYS[name])
    assert hashlib.sha256(data).hexdigest() == ("17968ccf4c75d3ff2c2e0f5aa807a132224442944ae637d25e2cf42c14adf1c7")


@given(st.integers(0, len(write_npz(ARRAYS)) - 1))
def test_every_truncation_is_refused(length: int) -> None:
    """An archive that is cut off anywhere is refused, and the message names the file."""
    refusal(write_npz(ARRAYS)[:length])


@settings(deadline=None)
@given(st.sampled_from([write_npz(ARRAYS), numpys(**ARRAYS), numpys(True, **ARRAYS)]), st.data())
def test_a_flipped_bit_never_changes_values_silently(data: bytes, draw: st.DataObject) -> None:
    """A flipped bit is refused, or it stood where no value depends on it."""
    bit = draw.draw(st.integers(0, 8 * len(data) - 1))
    damaged = bytearray(data)
    damaged[bit // 8] ^= 1 << bit % 8
    try:
        arrays = read_npz(bytes(damaged), PATH)
    except CorruptFileError as error:
        assert str(PATH) in str(error)
    else:
        by_content = sorted(array.tobytes() for array in arrays.values())
        assert all(content in {a.tobytes() for a in ARRAYS.values()} for content in by_content)


@given(st.binary(max_size=400))
def test_garbage_is_refused(data: bytes) -> None:
    """Bytes that are not archive are refused with an error of this package, never another."""
    refusal(data)


@given(st.binary(max_size=200))
def test_garbage_inside_an_archive_is_refused(content: bytes) -> None:
    """A member that is not an array is refused."""
    refusal(member(content))


@given(st.text(max_size=120).filter(lambda text: all(ord(letter) < 256 for letter in text)))
def test_garbage_headers_are_refused(header: str) -> None:
    """A header is compared with one pattern and never evaluated."""
    refusal(member(npy(header)))


def test_pickled_objects_are_refused() -> None:
    """An array of objects, which numpy.load would have to unpickle, is never read."""
    objects = np.array([{"a": 1}, None], dtype=object)
    assert "pickled objects" in refusal(numpys(labels=objects))


@pytest.mark.parametrize(
    "array",
    [np.array(["text"]), np.array([b"bytes"]), np.zeros(2, dtype="i4,f4"), np.zeros(2, complex), np.zeros(2, "M8[s]")],
    ids=lambda array: array.dtype.str,
)
def test_only_plain_numbers_are_admitted(array: np.ndarray) -> None:
    """Text, bytes, records, complex numbers and dates are refused."""
    assert "not an array of booleans, integers or floats" in refusal(numpys(labels=array))


@pytest.mark.parametrize("start", [b"\x93NUMPY\x02\x00", b"\x92NUMPY\x01\x00", b"\x93numpy\x01\x00"])
def test_another_format_of_arrays_is_refused(start: bytes) -> None:
    """Format 2.0 has a longer header; nothing is guessed from what follows."""
    good = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }", b"x")
    assert "images is not an array of NumPy's format 1.0" in refusal(member(start + good[8:]))


def test_a_dtype_that_does_not_exist_is_refused() -> None:
    """A kind and a size that NumPy does not combine are refused."""
    assert "no dtype" in refusal(member(npy("{'descr': '<f1', 'fortran_order': False, 'shape': (1,), }", b"x")))


@pytest.mark.parametrize("shape", ["(1000000000000,)", "(9999999999, 9999999999)", "(3,)", "(1, 1, 1)"])
def test_a_shape_is_believed_only_if_the_values_are_there(shape: str) -> None:
    """A header may announce any shape; nothing is allocated before the values were counted."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
    assert "images has 16 bytes, too few or too many for float64" in refusal(member(npy(header, bytes(16))))


def test_a_length_below_zero_is_no_header() -> None:
    """What stands there is shown."""
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }"
    shown = f"{header}\n".encode()[:60]
    assert f"its header says {shown!r}" in refusal(member(npy(header, bytes(16))))


def test_a_directory_that_is_gone_or_lies_is_named() -> None:
    """It stands at the end of the file, and says where each member starts."""
    assert "its zip directory is damaged or missing (" in refusal(numpys(**ARRAYS)[:-30])

    data = bytearray(member(npy("")))
    directory = data.index(b"PK\x01\x02")
    data[directory + 42] += 1
    assert "images.npy does not start where the directory says" in refusal(bytes(data))


def test_a_python_without_bzip2_is_told_from_a_damaged_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pythons that were built without the library's headers lack the module; the file is good."""
    monkeypatch.setitem(sys.modules, "bz2", None)

    with pytest.raises(TinyTorchHFError, match=r"images\.npy is packed with bzip2.*Install the bzip2") as caught:
        read_npz(write_npz(ARRAYS), PATH)
    assert not isinstance(caught.value, CorruptFileError)


@pytest.mark.parametrize("name", ["../images.npy", "/images.npy", "a/b.npy", "images.txt", ".npy", "im ages.npy"])
def test_names_that_are_no_array_names_are_refused(name: str) -> None:
    """A member is called like a Python name and ends in .npy."""
    assert "not the name of one array" in refusal(member(npy(""), name))


def test_two_members_of_one_name_are_refused() -> None:
    """The second of two members of one name would hide the first."""
    stream = io.BytesIO(numpys(labels=ARRAYS["labels"]))
    with zipfile.ZipFile(stream, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("labels.npy", npy(""))
    assert "not the name of one array" in refusal(stream.getvalue())


def test_encrypted_members_are_refused() -> None:
    """A member that is marked as encrypted is refused."""
    data = bytearray(numpys(labels=ARRAYS["labels"]))
    directory = data.index(b"PK\x01\x02")
    data[directory + 8] |= 1
    assert "encrypted" in refusal(bytes(data))


def test_other_compressions_are_refused() -> None:
    """LZMA, which no npz file uses, is refused by name of its number."""
    assert "zip method 14" in refusal(member(npy(""), compression=zipfile.ZIP_LZMA))


def test_too_many_members_are_refused() -> None:
    """An archive of thousands of members is refused before any is unpacked; sixty-four are not too many."""
    arrays = {f"a{number}": np.zeros(1) for number in range(65)}
    assert "65 members" in refusal(numpys(**arrays))
    del arrays["a64"]
    assert len(read_npz(numpys(**arrays), PATH)) == 64


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_decompression_bomb_is_refused_in_little_memory(compression: int) -> None:
    """An archive that unpacks to far more than the bound is given up at the bound."""
    n_bytes = 64 * 2**20
    bomb = member(
        npy(f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({n_bytes},), }}", bytes(n_bytes)),
        compression=compression,
    )
    assert len(bomb) < 70_000
    tracemalloc.start()
    try:
        message = refusal(bomb, max_array_bytes=2**20)
        _now, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "unpacks to more than 1048576 bytes" in message
    assert peak_bytes < 16 * 2**20


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_the_bound_itself_is_allowed(compression: int) -> None:
    """A byte more is not."""
    content = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }", b"abcd")
    data = member(content, "a.npy", compression)
    assert read_npz(data, PATH, max_array_bytes=len(content))["a"].tolist() == [*b"abcd"]
    assert "unpacks to more than" in refusal(data, max_array_bytes=len(content) - 1)


def test_the_bound_is_for_all_members_together() -> None:
    """Many members, each below the bound, do not pass it together."""
    arrays = {f"a{number}": np.zeros(1000, dtype=np.uint8) for number in range(10)}
    assert len(read_npz(numpys(**arrays), PATH, max_array_bytes=20_000)) == 10
    refusal(numpys(**arrays), max_array_bytes=5_000)


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_STORED])
def test_a_declared_size_is_not_believed(compression: int) -> None:
    """A directory that lies about a member's size is refused."""
    data = bytearray(
        member(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }", b"abcd"), "a.npy", compression)
    )
    directory = data.index(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = struct.pack("<I", 10)
    assert "size or checksum" in refusal(bytes(data))


def test_damaged_streams_are_refused() -> None:
    """Compressed bytes that do not unpack are refused in a sentence, whatever the decompressor says."""
    for compression in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2):
        data = bytearray(member(b"x" * 2000, compression=compression))
        start = data.index(b"images.npy") + len(b"images.npy")
        data[start : start + 4] = b"\xff\xff\xff\xff"
        assert "images.npy does not unpack" in refusal(bytes(data))
