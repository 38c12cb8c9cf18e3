"""Specification of tinytorch_hf.formats.idx: MNIST's format is read, and a header is never believed."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinytorch_hf import catalog
from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.files import decode
from tinytorch_hf.formats.idx import read_idx

PATH = Path("some/train-labels-idx1-ubyte")
SMALL = b"\x00\x00\x08\x02\x00\x00\x00\x02\x00\x00\x00\x03abcdef"


def idx(array: np.ndarray) -> bytes:
    """An IDX file of unsigned bytes."""
    return b"\x00\x00\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def refusal(data: bytes) -> str:
    """The message with which a file is refused; it always names the file."""
    with pytest.raises(CorruptFileError) as caught:
        read_idx(data, PATH)
    assert str(PATH) in str(caught.value)
    return str(caught.value)


def test_the_headers_lengths_become_the_shape() -> None:
    """And the values are the caller's own."""
    array = read_idx(SMALL, PATH)

    assert array.tolist() == [[97, 98, 99], [100, 101, 102]]
    assert array.dtype == np.uint8
    assert array.flags.writeable


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=6, min_side=0, max_side=4)))
def test_every_array_of_bytes_comes_back(array: np.ndarray) -> None:
    """Of any shape, also of length 0."""
    read = read_idx(idx(array), PATH)

    assert read.shape == array.shape
    assert np.array_equal(read, array)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not an IDX file"),
        (b"\x00\x00\x08", "not an IDX file"),
        (b"\x00\x00\x08\x02\x00\x00", "announces 2 axes, but ends before their lengths"),
        (b"\x00\x00\x0d\x01\x00\x00\x00\x00", "is an IDX file of float32, expected unsigned bytes"),
        (b"\x00\x00\x0a\x01\x00\x00\x00\x00", "not an IDX file"),
        (b"\x00\x00\x08\x001", "of one value without axes"),
        (b"\x1f\x8b\x08\x00" + bytes(20), "not an IDX file"),
        (b"\x00\x00\x08\x01\xff\xff\xff\xff1", "announces 4294967295"),
        (b"\x00\x00\x08\x03" + b"\xff" * 12 + b"1", "announces"),
        (b"\x00\x00\x08\x02\x00\x00\x00\x00\xff\xff\xff\xff1", "announces 0"),
        (SMALL + b"g", "7 values"),
        (b"\x00\x00\x08\xff" + struct.pack(">255I", *[1] * 255) + b"1", "which no array has"),
    ],
)
def test_wrong_headers_are_refused(data: bytes, says: str) -> None:
    """Another type, a cut header, other values than announced, more axes than an array can have."""
    assert says in refusal(data)


def test_every_truncation_is_refused() -> None:
    """A file that is cut off anywhere."""
    for length in range(len(SMALL)):
        refusal(SMALL[:length])


def test_what_a_header_announces_is_not_allocated() -> None:
    """Four gigabytes in nine bytes."""
    tracemalloc.start()
    try:
        refusal(b"\x00\x00\x08\x01\xff\xff\xff\xff1")
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak_bytes < 2**16


@given(st.binary(max_size=60), st.booleans())
def test_random_bytes_give_a_clear_error_or_all_their_values(data: bytes, with_head: bool) -> None:
    """With the head of an IDX file and without."""
    data = b"\x00\x00\x08" + data if with_head else data
    try:
        array = read_idx(data, PATH)
    except CorruptFileError as error:
        assert str(PATH) in str(error)
    else:
        assert data.endswith(array.tobytes())
        assert array.size == len(data) - 4 - 4 * data[3]


def test_two_files_are_a_splits_columns() -> None:
    """Images and labels, the latter in the type of every label here."""
    contents = {Path("images"): SMALL, Path("labels"): idx(np.array([7, 1], np.uint8))}

    columns = decode.read(catalog.MNIST, catalog.MNIST.split("test"), contents)

    assert list(columns) == ["images", "labels"]
    assert columns["images"].tobytes() == b"abcdef"
    assert (columns["labels"].dtype, columns["labels"].tolist()) == (np.int64, [7, 1])
