"""Every dataset's facts in one table."""

from __future__ import annotations

from dataclasses import dataclass

from tinytorch_hf.errors import UnknownNameError


@dataclass(frozen=True)
class DataFile:
    """One curated file: its name inside the dataset's folder, its size and its SHA-256."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Column:
    """One array of a split: its name, NumPy dtype, and the shape of one sample."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    description: str


@dataclass(frozen=True)
class SplitInfo:
    """One split: its name, its number of samples and the file that holds it."""

    name: str
    n_samples: int
    file: DataFile


@dataclass(frozen=True)
class DatasetInfo:
    """What is known about a dataset without opening its files.

    ``fingerprint`` is the content hash that `tinytorch_hf.fingerprint` computes; it is the same through
    every adapter. ``value_range`` is the closed range of the first column.
    """

    name: str
    title: str
    summary: str
    version: str
    splits: tuple[SplitInfo, ...]
    columns: tuple[Column, ...]
    value_range: tuple[float, float]
    classes: tuple[str, ...]
    license: str
    license_note: str
    source: str
    source_url: str
    citation: str
    recipe: str
    fingerprint: str

    @property
    def files(self) -> tuple[DataFile, ...]:
        """The curated files, one for each split."""
        return tuple(split.file for split in self.splits)

    @property
    def sha256(self) -> dict[str, str]:
        """SHA-256 of each curated file, by file name."""
        return {file.name: file.sha256 for file in self.files}

    def split(self, name: str) -> SplitInfo:
        """Facts of one split; an unknown name raises `UnknownNameError`."""
        for split in self.splits:
            if split.name == name:
                return split
        raise UnknownNameError(f"split of {self.name} named", name, (split.name for split in self.splits))


DIGIT_CLASSES = (
    "0 - zero",
    "1 - one",
    "2 - two",
    "3 - three",
    "4 - four",
    "5 - five",
    "6 - six",
    "7 - seven",
    "8 - eight",
    "9 - nine",
)

TINYDIGITS = DatasetInfo(
    name="tinydigits",
    title="TinyDigits",
    summary="1000 training and 200 test images of handwritten digits, 8x8 pixels, balanced over the ten digits.",
    version="1.0.0",
    splits=(
        SplitInfo(
            "train",
            1000,
            DataFile("train.pkl", 264255, "254293630e549113002cdc3f7f1542715e0a40288a3a8a0358fb8e478dce1e54"),
        ),
        SplitInfo(
            "test",
            200,
            DataFile("test.pkl", 53044, "767ea1644a12dac6f3f94f63536de4deace8a0fa1f5c54f80a9419a267c7802d"),
        ),
    ),
    columns=(
        Column("images", "float32", (8, 8), "share of inked pixels in each 4x4 block, a multiple of 1/16"),
        Column("labels", "int64", (), "the digit that was written, 0 to 9"),
    ),
    value_range=(0.0, 1.0),
    classes=DIGIT_CLASSES,
    license="CC-BY-4.0",
    license_note=(
        "CC BY 4.0 is what the source's page at UCI states; scikit-learn, which carries the files, is BSD-3-Clause. "
        "A person has to confirm this statement before the dataset is published."
    ),
    source="test part of UCI's Optical Recognition of Handwritten Digits, as carried by scikit-learn's load_digits",
    source_url="https://doi.org/10.24432/C50P49",
    citation=(
        "E. Alpaydin and C. Kaynak (1998). Optical Recognition of Handwritten Digits [Dataset]. "
        "UCI Machine Learning Repository. https://doi.org/10.24432/C50P49"
    ),
    recipe="datasets/tinydigits/create_tinydigits.py",
    fingerprint="535ad3ebe16ed593e779fb4e41efee681c2d38ed503c7cab09515552543c196f",
)

_CATALOG = {dataset.name: dataset for dataset in (TINYDIGITS,)}


def names() -> tuple[str, ...]:
    """Names of every dataset in the catalog."""
    return tuple(_CATALOG)


def info(name: str) -> DatasetInfo:
    """Facts of one dataset.

    Raises
    ------
    UnknownNameError
        No dataset has this name; close matches are suggested.
    """
    try:
        return _CATALOG[name]
    except (KeyError, TypeError):
        raise UnknownNameError("dataset", name, _CATALOG) from None
