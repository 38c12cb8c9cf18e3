"""Specification of tinytorch_hf.formats.cifar: batches of Python 2 are read, and nothing in them is run."""

from __future__ import annotations

import os
import pickle
import tracemalloc
from pathlib import Path
from typing import Any

import cifar_files
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinytorch_hf.errors import CorruptFileError, TinyTorchHFError, UnsafePickleError
from tinytorch_hf.files.splits import read_split
from tinytorch_hf.formats import pickles
from tinytorch_hf.formats.cifar import read_cifar_batch

PATH = Path("some/data_batch_1")
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 3, 32, 32), dtype=np.uint8)
LABELS = np.array([9, 0, 4])
SMALL = cifar_files.batch(IMAGES, LABELS)


def holding(**entries: Any) -> bytes:
    """A batch in which some entries are others, or None for none."""
    content = {"batch_label": "x", "labels": LABELS.tolist(), "data": IMAGES.reshape(3, -1), **entries}
    return cifar_files.PythonTwo().dumps({key: value for key, value in content.items() if value is not None})


def refusal(data: bytes) -> str:
    """The message with which a batch is refused; it always names the file."""
    with pytest.raises(CorruptFileError) as caught:
        read_cifar_batch(data, PATH)
    assert str(PATH) in str(caught.value)
    return str(caught.value)


def test_the_writer_writes_what_python_2_wrote() -> None:
    """The first bytes of every official batch, and a text longer than its short form can be."""
    assert SMALL.startswith(
        b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x15training batch 1 of 5q\x03U\x06labelsq\x04]q\x05("
    )
    assert b"cnumpy.core.multiarray\n_reconstruct\n" in SMALL
    assert b"T\x00\x24\x00\x00" in SMALL
    assert pickle.loads(SMALL, encoding="latin1")["labels"] == [9, 0, 4]


def test_a_batch_of_python_2_is_read() -> None:
    """Pixels by colour, row and column; labels as numbers; both the caller's own."""
    images, labels = read_cifar_batch(SMALL, PATH)

    assert (images.dtype, labels.dtype) == (np.uint8, np.int64)
    assert np.array_equal(images, IMAGES)
    assert np.array_equal(labels, LABELS)
    assert images.flags.writeable


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("keys", [str, str.encode])
def test_a_batch_that_python_3_wrote_again_is_read(protocol: int, keys: Any) -> None:
    """In every protocol since, with keys that are text or bytes."""
    content = {keys("data"): IMAGES.reshape(3, -1), keys("labels"): LABELS.tolist()}

    images, labels = read_cifar_batch(pickle.dumps(content, protocol=protocol), PATH)

    assert np.array_equal(images, IMAGES)
    assert labels.tolist() == LABELS.tolist()


def test_an_array_that_was_stored_by_columns_is_read() -> None:
    """NumPy's other memory order."""
    images, _ = read_cifar_batch(holding(data=np.asfortranarray(IMAGES.reshape(3, -1))), PATH)

    assert np.array_equal(images, IMAGES)


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ({"data": None}, "holds nothing"),
        ({"data": [1, 2, 3]}, "holds a list"),
        ({"data": IMAGES.reshape(3, -1)[:, :-1]}, r"uint8[3, 3071]"),
        ({"data": IMAGES.reshape(3, -1).astype("<i2")}, r"int16[3, 3072]"),
        ({"data": IMAGES.reshape(-1)}, "uint8[9216]"),
        ({"labels": None}, "no list of them"),
        ({"labels": "9, 0, 4"}, "no list of them"),
        ({"labels": [9, 0]}, "3 images, but of labels 2"),
        ({"labels": [9, 0, 10]}, "the label 10"),
        ({"labels": [9, 0, -1]}, "the label -1"),
        ({"labels": [9, 0, "4"]}, "no number from 0 to 9"),
        ({"labels": [9, 0, [4]]}, "no number from 0 to 9"),
    ],
)
def test_other_contents_are_refused_by_name(entries: dict[str, Any], says: str) -> None:
    """Missing, of another kind, of another shape, of another number, out of range."""
    assert says in refusal(holding(**entries))


def test_truth_values_are_no_labels() -> None:
    """True is 1 to Python, and no class of CIFAR-10."""
    content = {"data": IMAGES.reshape(3, -1), "labels": [9, True, 4]}

    assert "the label True" in refusal(pickle.dumps(content, protocol=2))


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "a NoneType"), ([], "a list"), ("text", "a str"), (IMAGES, "a ndarray"), ({}, "holds nothing")],
)
def test_what_is_no_batch_is_refused(content: Any, says: str) -> None:
    """Whatever else a pickle may hold."""
    assert says in refusal(pickle.dumps(content, protocol=2))


class _Runs:
    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("where", ["labels", "data", "filenames", "another"])
@pytest.mark.parametrize("protocol", [0, 1, 2, 4])
def test_a_batch_that_asks_for_anything_else_is_refused_before_it_gets_it(
    where: str, protocol: int, tmp_path: Path
) -> None:
    """In any entry, also in one that nobody reads, and in the protocols that Python 2 knew."""
    marker = tmp_path / "marker"
    content = {"data": 1, "labels": [], where: _Runs(os.mkdir, str(marker))}

    with pytest.raises(UnsafePickleError, match="mkdir"):
        read_cifar_batch(pickle.dumps(content, protocol=protocol), PATH)

    assert not marker.exists()


def test_no_class_of_python_2_is_admitted() -> None:
    """The names that old attacks used are other names today, and refused as well."""
    for name in (b"__builtin__\neval", b"copy_reg\n_reconstructor", b"numpy\nload", b"numpy.core.multiarray\nscalar"):
        with pytest.raises(UnsafePickleError):
            read_cifar_batch(b"\x80\x02c" + name + b"\n.", PATH)
    refusal(b"\x80\x02c_codecs\nencode\nU\x01xU\x05utf-8\x86R.")


@pytest.mark.parametrize("number", [2**21, 2**28, 2**32 - 1])
def test_a_number_that_would_fill_the_memory_is_refused(number: int) -> None:
    """The unpickler makes a table up to the largest number that a value is remembered under: gigabytes of 8 bytes."""
    tracemalloc.start()
    try:
        message = refusal(b"\x80\x02Nr" + number.to_bytes(4, "little") + b".")
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert f"number {number}" in message
    assert peak_bytes < 2**20


def test_an_announced_length_is_not_believed() -> None:
    """Text of two gigabytes, of a negative length, and more text than a file here can hold."""
    refusal(b"\x80\x02T\xff\xff\xff\x7fx.")
    refusal(b"\x80\x02T\xff\xff\xff\xffx.")
    assert str(pickles.MAX_BYTES) in refusal(bytes(pickles.MAX_BYTES + 1))


def test_nothing_but_the_whole_file_is_read() -> None:
    """A batch that is cut off is refused, wherever the cut is."""
    for length in [*range(0, 700), *range(700, len(SMALL), 97), len(SMALL) - 1]:
        refusal(SMALL[:length])


@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_damaged_bytes_give_a_clear_error_or_a_batch(changes: list[tuple[int, int]]) -> None:
    """A few changed bytes never crash the reader, let an object through, or give a label that is none."""
    damaged = bytearray(SMALL)
    for position, value in changes:
        damaged[position] = value
    _reads_or_explains(bytes(damaged))


@settings(max_examples=200)
@given(st.data())
def test_damage_around_the_pixels_gives_a_clear_error_or_a_batch(data: st.DataObject) -> None:
    """Where the opcodes are: all but the pixels are a few hundred bytes."""
    where = [i for i in range(len(SMALL)) if not 400 < i < len(SMALL) - 200]
    damaged = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.sampled_from(where))] = data.draw(st.integers(0, 255))
    _reads_or_explains(bytes(damaged))


@given(st.binary(max_size=300))
def test_random_bytes_give_a_clear_error(data: bytes) -> None:
    """With the head of a pickle and without."""
    refusal(data)
    refusal(b"\x80\x02" + data)


def _reads_or_explains(data: bytes) -> None:
    try:
        images, labels = read_cifar_batch(data, PATH)
    except TinyTorchHFError as error:
        assert str(PATH) in str(error)
    else:
        assert images.shape == (len(labels), 3, 32, 32)
        assert all(0 <= label <= 9 for label in labels)


@pytest.fixture
def small_root(tmp_path: Path) -> tuple[Path, Any]:
    """A root with six small batches, and the entry of the catalog for them."""
    images = np.arange(60 * 3072, dtype=np.uint32).astype(np.uint8).reshape(60, 3, 32, 32)
    labels = np.arange(60) % 10
    contents = cifar_files.files({"train": (images[:50], labels[:50]), "test": (images[50:], labels[50:])})
    cifar_files.unpack(cifar_files.archive(contents), tmp_path)
    return tmp_path, cifar_files.entry(contents, 50, 10)


def test_a_split_is_its_batches_in_order(small_root: tuple[Path, Any]) -> None:
    """Five for train, one for test."""
    root, entry = small_root
    train, test = (read_split(entry, name, root) for name in ("train", "test"))

    assert (train["images"].shape, test["images"].shape) == ((50, 3, 32, 32), (10, 3, 32, 32))
    assert train["labels"].tolist() == [*range(10)] * 5
    assert train["images"][37].tobytes() == (np.arange(3072) + 37 * 3072).astype(np.uint8).tobytes()


def test_all_images_are_those_of_the_batches(small_root: tuple[Path, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the last batch's, whatever stood in the memory before."""
    root, entry = small_root
    monkeypatch.setattr(np, "empty", lambda shape, dtype: np.full(shape, 77, dtype))

    for name, first, n in (("train", 0, 50), ("test", 50, 10)):
        split = read_split(entry, name, root)
        expected = np.arange(first * 3072, (first + n) * 3072).astype(np.uint8).reshape(n, 3, 32, 32)
        assert np.array_equal(split["images"], expected)
        assert np.array_equal(split["labels"], np.arange(first, first + n) % 10)


def test_batches_of_other_sizes_are_refused(small_root: tuple[Path, Any]) -> None:
    """Too many images and too few."""
    root, entry = small_root
    for n in (49, 51, 9):
        (train, test) = entry.splits
        wrong = cifar_files.dataclasses.replace(
            entry, splits=(cifar_files.dataclasses.replace(train, n_samples=n), test)
        )
        with pytest.raises(CorruptFileError, match=f"the {n} images of the train split"):
            read_split(wrong, "train", root)
