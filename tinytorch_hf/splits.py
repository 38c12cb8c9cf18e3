"""Files to NumPy columns: one split of a dataset, read and held against the catalog."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf import catalog, python_functions, readers, store, talks
from tinytorch_hf.catalog import DatasetInfo, SplitInfo
from tinytorch_hf.errors import CorruptFileError, UnknownNameError

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Split:
    """Named NumPy columns of equal length; ``split["images"]`` is a column, ``len(split)`` the samples."""

    name: str
    columns: Mapping[str, Array]

    def __getitem__(self, column: str) -> Array:
        try:
            return self.columns[column]
        except KeyError:
            raise UnknownNameError(f"column of split {self.name!r} named", column, self.columns) from None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

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
        # The catalog cannot know its files; each release of Python has its own.
        path = python_functions.folder(root)
        arrays: Mapping[str, Array] = python_functions.columns(python_functions.read(split_name, root))
    else:
        folder = store.folder(dataset, root)
        contents = {folder / file.name: store.read(dataset, file, root) for file in split.files}
        path = next(iter(contents))
        arrays = _FORMATS.get(dataset.name, _by_suffix)(contents, split)
    check_columns(dataset, split, arrays, path)
    return Split(split.name, {column.name: arrays[column.name] for column in dataset.columns})


Contents = Mapping[Path, bytes]


def _by_suffix(contents: Contents, split: SplitInfo) -> Mapping[str, Array]:
    ((path, data),) = contents.items()
    if path.suffix == ".jsonl":
        # One file holds every split: each line says which it belongs to.
        return talks.columns(talks.in_split(talks.parse_jsonl(data, path), split.name))
    return readers.BY_SUFFIX[path.suffix](data, path)


def _idx(contents: Contents, _split: SplitInfo) -> Mapping[str, Array]:
    images, labels = (readers.read_idx(data, path) for path, data in contents.items())
    return {"images": images, "labels": labels.astype(np.int64)}


# Datasets whose files say nothing of their format by the last part of their names.
_FORMATS: dict[str, Callable[[Contents, SplitInfo], Mapping[str, Array]]] = {"mnist": _idx}


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
