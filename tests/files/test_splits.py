"""Specification of tinytorch_hf.files.splits.Split: named columns of equal length, and samples by slices."""

from __future__ import annotations

import pickle
import sys
from typing import Any

import numpy as np
import pytest

from tinytorch_hf import Split, load
from tinytorch_hf.errors import InvalidArgumentError, MissingExtraError, UnknownNameError

N_SAMPLES = 6


@pytest.fixture
def pd() -> Any:
    """pandas; where it is not installed, what needs it is skipped."""
    return pytest.importorskip("pandas")


@pytest.fixture
def split() -> Split:
    """Six samples: pictures of 2 x 3 bytes, labels, numbers, marks, and texts of different lengths."""
    images = np.arange(N_SAMPLES * 6, dtype=np.uint8).reshape(N_SAMPLES, 2, 3)
    return Split(
        "train",
        {
            "images": images,
            "labels": np.arange(N_SAMPLES) % 3,
            "score": np.linspace(0, 1, N_SAMPLES, dtype=np.float32),
            "marked": np.arange(N_SAMPLES) > 2,
            "text": np.array(["a", "b\nc", "", "ü", "long enough", "z"]),
        },
    )


def test_a_split_reads_as_a_dict_of_columns(split: Split) -> None:
    """keys, values, items, in, iteration and dict() speak of columns, in their order."""
    names = ["images", "labels", "score", "marked", "text"]

    assert list(split) == list(split.keys()) == names
    assert [name for name, _ in split.items()] == list(dict(split)) == list({**split}) == names
    columns = [split[name] for name in names]
    for found in (split.values(), dict(split.items()).values(), dict(split).values()):
        assert all(one is other for one, other in zip(found, columns, strict=True))
    assert "labels" in split and "label" not in split and 0 not in split


def test_its_length_and_its_truth_are_those_of_its_samples(split: Split) -> None:
    """Five columns, six samples; without samples it is false."""
    assert len(split) == N_SAMPLES and bool(split)
    assert len(split[:0]) == 0 and not split[:0]


@pytest.mark.parametrize(
    "rows", [slice(1, 4), slice(-2, None), slice(None, None, 2), slice(None, None, -1), slice(4, 1, -2), slice(9, 12)]
)
def test_a_slice_takes_samples_of_every_column(split: Split, rows: slice) -> None:
    """As NumPy slices, with steps and from the end; it shares the memory and keeps name and columns."""
    part = split[rows]

    assert isinstance(part, Split) and part.name == "train" and list(part) == list(split)
    for name, column in part.items():
        assert np.array_equal(column, split[name][rows])
        assert len(column) == 0 or np.shares_memory(column, split[name])
    assert len(part) == len(range(N_SAMPLES)[rows])


@pytest.mark.parametrize("key", ["image", 0, np.int64(3), None, [0, 1], np.array([True, False]), ("images", 0)])
def test_what_is_no_column_is_refused(split: Split, key: Any) -> None:
    """With the columns that there are; who gave a number learns how samples are taken."""
    with pytest.raises(UnknownNameError, match="Known: images, labels") as refusal:
        split[key]

    assert ("split[0:1]" in str(refusal.value)) == (not isinstance(key, str))


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"images": np.zeros(3), "labels": np.zeros(2)}, "equal lengths: images 3, labels 2"),
        ({}, "there is none"),
        ({"images": np.zeros(3), "labels": np.array(7)}, "labels of split 'train' is one value"),
    ],
)
def test_columns_of_other_lengths_are_no_split(columns: dict[str, Any], found: str) -> None:
    """Each is named with its length."""
    with pytest.raises(InvalidArgumentError, match=found):
        Split("train", columns)


def test_what_would_make_a_table_of_names_is_refused(split: Split, pd: Any) -> None:
    """NumPy and pandas would take the names for samples; the error names what gives a table."""
    for make in (np.asarray, np.array, pd.DataFrame):
        with pytest.raises(InvalidArgumentError, match=r"split\['images'\].*split\.to_pandas\(\)"):
            make(split)


def test_to_pandas_has_a_row_for_each_sample(split: Split, pd: Any) -> None:
    """Pixels row by row in columns of their own, every number in its dtype, texts as str."""
    table = split.to_pandas()

    assert isinstance(table, pd.DataFrame) and len(table) == N_SAMPLES
    pixels = [f"images_{number}" for number in range(6)]
    assert list(table.columns) == [*pixels, "labels", "score", "marked", "text"]
    assert np.array_equal(table[pixels].to_numpy().reshape(N_SAMPLES, 2, 3), split["images"])
    assert [str(table[name].dtype) for name in ("images_0", "labels", "score", "marked")] == [
        *("uint8", "int64", "float32", "bool")
    ]
    assert table["text"].tolist() == split["text"].tolist()
    assert all(type(text) is str for text in table["text"])
    assert list(split[::-2].to_pandas()["labels"]) == list(split["labels"][::-2])


def test_a_table_has_memory_of_its_own(split: Split, pd: Any) -> None:
    """Who changes it does not change the dataset."""
    table = split.to_pandas()
    table.iloc[0, 0] = 99

    assert (table["images_0"][0], split["images"][0, 0, 0]) == (99, 0)


def test_a_table_of_no_samples_has_its_columns(split: Split, pd: Any) -> None:
    """All of them."""
    table = split[:0].to_pandas()

    assert table.shape == (0, 10) and list(table.columns) == list(split.to_pandas().columns)


def test_colours_come_one_after_the_other(pd: Any) -> None:
    """All of red, then green, then blue, as the array has them."""
    images = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 2, 2)

    assert Split("train", {"images": images}).to_pandas().iloc[1].tolist() == list(range(12, 24))


def test_two_columns_of_one_name_make_no_table(split: Split, pd: Any) -> None:
    """pandas would keep both, and give both for the one name."""
    with pytest.raises(InvalidArgumentError, match="two columns images_0"):
        Split("train", {**split, "images_0": split["labels"]}).to_pandas()


def test_to_pandas_without_pandas_says_what_to_install(split: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra of this package, as a line to type."""
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(MissingExtraError, match=r'pip install "tinytorch-hf\[pandas\]"'):
        split.to_pandas()


def test_a_split_survives_a_pickle(split: Split) -> None:
    """A process that loads may hand it to another."""
    again = pickle.loads(pickle.dumps(split))

    assert again.name == split.name
    assert all(np.array_equal(again[name], column) for name, column in split.items())


def test_the_digits_as_a_table(pd: Any) -> None:
    """A shipped dataset: 64 pixels, exact sixteenths, and the label."""
    test = load("tinydigits", "test")
    table = test.to_pandas()

    assert table.shape == (200, 65)
    assert np.array_equal(table.iloc[:, :64].to_numpy().reshape(-1, 8, 8), test["images"])
