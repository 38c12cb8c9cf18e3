"""Files to NumPy columns: one split of a dataset, read and held against the catalog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo, SplitInfo
from tinytorch_hf.errors import CorruptFileError, UnknownNameError
from tinytorch_hf.files import decode, store
from tinytorch_hf.formats.arrays import Array


@dataclass(frozen=True, eq=False)
class Split:
    """Named NumPy columns of equal length; ``split["images"]`` is a column, ``len(split)`` the samples.

    What it iterates over are the columns' names.
    """

    name: str
    columns: Mapping[str, Array]

    def __getitem__(self, column: str) -> Array:
        try:
            return self.columns[column]
        except (KeyError, TypeError):
            raise UnknownNameError(f"column of split {self.name!r} named", column, self.columns) from None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __iter__(self) -> Iterator[str]:
        """The names of the columns, so that ``"images" in split`` asks for one."""
        return iter(self.columns)

    def __repr__(self) -> str:
        columns = ", ".join(f"{name}: {a.dtype}{list(a.shape)}" for name, a in self.columns.items())
        return f"Split({self.name!r}, {columns})"


def read_split(dataset: DatasetInfo, split_name: str, root: str | Path | None = None) -> Split:
    """Read one split with all its columns; its files alone are read.

    Raises
    ------
    UnknownNameError
        There is no such split.
    MissingFileError, CorruptFileError, StorageError
        A file is not there, is damaged, or cannot be read.
    """
    split = dataset.split(split_name)
    if dataset is catalog.TINYPY:
        from tinytorch_hf.files import python_functions

        # The catalog cannot know its files; each release of Python has its own.
        arrays = python_functions.columns(python_functions.read(split_name, root))
        return _split(dataset, split, arrays, python_functions.folder(root))
    folder = store.folder(dataset, root)
    return from_contents(dataset, split_name, {folder / f.name: store.read(dataset, f, root) for f in split.files})


def from_contents(dataset: DatasetInfo, split_name: str, contents: decode.Contents) -> Split:
    """Read one split from what its files hold, wherever they are.

    Parameters
    ----------
    dataset
        Facts of the dataset.
    split_name
        A name from its splits.
    contents
        Verified content of each of the split's files, in the catalog's order, by where it came from.

    Raises
    ------
    UnknownNameError
        There is no such split.
    CorruptFileError
        The files do not hold the columns that the catalog states.
    """
    split = dataset.split(split_name)
    return _split(dataset, split, decode.read(dataset, split, contents), next(iter(contents)))


def _split(dataset: DatasetInfo, split: SplitInfo, arrays: Mapping[str, Array], path: Path) -> Split:
    check_columns(dataset, split, arrays, path)
    return Split(split.name, {column.name: arrays[column.name] for column in dataset.columns})


def check_columns(dataset: DatasetInfo, split: SplitInfo, arrays: Mapping[str, Array], path: Path) -> None:
    """Raise CorruptFileError unless the arrays have the names, dtypes and shapes the catalog states."""
    expected = {c.name: (c.dtype, (split.n_samples, *c.shape)) for c in dataset.columns}
    present = {name: (dtype_name(array), array.shape) for name, array in arrays.items()}
    if present != expected:
        raise CorruptFileError(
            f"{path} does not hold the columns of {dataset.title}'s {split.name} split: "
            f"expected {expected}, found {present}."
        )


def dtype_name(array: Array) -> str:
    """NumPy's name of a dtype; "str" for texts, whatever width the longest of them needs."""
    return "str" if array.dtype.kind == "U" else array.dtype.name
