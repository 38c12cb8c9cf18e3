"""Files to NumPy columns: one split of a dataset, read and checked against the catalog."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from tinytorch_hf.catalog import DatasetInfo, Folder, SplitInfo
from tinytorch_hf.errors import (
    REPAIR_ADVICE,
    CorruptFileError,
    InvalidArgumentError,
    MissingExtraError,
    UnknownNameError,
    WrongHashError,
)
from tinytorch_hf.files import advice, decode, folders, store
from tinytorch_hf.formats.arrays import Array

if TYPE_CHECKING:
    from collections.abc import ItemsView, KeysView, ValuesView


@dataclass(frozen=True, eq=False)
class Split:
    """Named NumPy columns of equal length.

    =======================  =====================================================
    ``split["images"]``      a column
    ``split[10:20]``         samples 10 to 19, as a Split that shares their memory
    ``len(split)``           how many samples it has
    ``for name in split``    the names of the columns; ``keys``, ``items``, ``values`` as of a dict
    ``dict(split)``          the columns by name
    ``split.to_pandas()``    a table, one row a sample
    =======================  =====================================================

    Raises
    ------
    InvalidArgumentError
        There is no column, or the columns are not of equal length.
    """

    name: str
    columns: Mapping[str, Array]

    def __post_init__(self) -> None:
        single = [column for column, array in self.columns.items() if getattr(array, "shape", None) == ()]
        if single:
            raise InvalidArgumentError(f"{single[0]} of split {self.name!r} is one value, not a column of them.")
        lengths = {column: len(array) for column, array in self.columns.items()}
        if len(set(lengths.values())) != 1:
            found = ", ".join(f"{column} {length}" for column, length in lengths.items()) or "there is none"
            raise InvalidArgumentError(f"The columns of split {self.name!r} must have equal lengths: {found}.")

    @overload
    def __getitem__(self, key: str) -> Array: ...

    @overload
    def __getitem__(self, key: slice) -> Split: ...

    def __getitem__(self, key: str | slice) -> Array | Split:
        """A column by its name, or some samples by a slice."""
        if isinstance(key, slice):
            return Split(self.name, {column: array[key] for column, array in self.columns.items()})
        try:
            return self.columns[key]
        except (KeyError, TypeError):
            note = "" if isinstance(key, str) else "Samples are taken by a slice, such as split[0:1]."
            raise UnknownNameError(f"column of split {self.name!r} named", key, self.columns, note) from None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __bool__(self) -> bool:
        """Whether there are samples."""
        return len(self) > 0

    def __iter__(self) -> Iterator[str]:
        """The names of the columns, so that ``"images" in split`` asks for one."""
        return iter(self.columns)

    def __contains__(self, column: object) -> bool:
        return column in self.columns

    def keys(self) -> KeysView[str]:
        """The names of the columns."""
        return self.columns.keys()

    def values(self) -> ValuesView[Array]:
        """The columns."""
        return self.columns.values()

    def items(self) -> ItemsView[str, Array]:
        """The columns with their names."""
        return self.columns.items()

    def to_pandas(self) -> Any:
        """The samples as a `pandas.DataFrame`, one row a sample.

        A column whose samples are arrays becomes a column for each of their numbers, row by row: images of 8x8 pixels
        become ``images_0`` to ``images_63``. Every number keeps its dtype; texts become Python's str. The table has
        memory of its own.

        Raises
        ------
        MissingExtraError
            pandas is not installed.
        InvalidArgumentError
            Two columns of the table would have one name, such as ``images_0`` beside ``images``.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise MissingExtraError("pandas", "pandas", error) from error
        parts = []
        for name, array in self.columns.items():
            names = [name] if array.ndim == 1 else [f"{name}_{number}" for number in range(math.prod(array.shape[1:]))]
            values = array.astype(object) if array.dtype.kind == "U" else array
            parts.append(pd.DataFrame(values.reshape(len(array), len(names)), columns=names))
        table = pd.concat(parts, axis=1)
        if not table.columns.is_unique:
            twice = table.columns[table.columns.duplicated()][0]
            raise InvalidArgumentError(f"The table of split {self.name!r} would have two columns {twice}. Rename one.")
        return table

    def __array__(self, *_arguments: Any, **_options: Any) -> Array:
        """Refuse to become an array: `numpy.asarray` and pandas would make a table of the columns' names."""
        raise InvalidArgumentError(
            f"A Split is {len(self.columns)} columns, not an array. Take one, such as split[{next(iter(self))!r}], "
            "or split.to_pandas() for a table."
        )

    def __repr__(self) -> str:
        columns = ", ".join(f"{name}: {a.dtype}{list(a.shape)}" for name, a in self.columns.items())
        return f"Split({self.name!r}, {columns})"

    def _repr_html_(self) -> str:
        """Its columns as a table, for notebooks: what each holds, and its first values where these are short."""
        from tinytorch_hf.catalog.notebook import table

        rows = [(name, str(a.dtype), str(list(a.shape)), _beginning(a)) for name, a in self.columns.items()]
        return table(f"Split {self.name}: {len(self)} samples", rows, ("column", "dtype", "shape", "begins with"))


def _beginning(array: Array) -> str:
    """The first values of a column, each in a few characters; of images and other arrays nothing."""
    if array.ndim != 1:
        return ""
    shown = [text if len(text) <= 24 else f"{text[:23]}…" for text in map(str, array[:4].tolist())]
    return ", ".join([*shown, "…"] if len(array) > len(shown) else shown)


def read_split(
    dataset: DatasetInfo, split_name: str, root: str | Path | None = None, *, can_download: bool = False
) -> Split:
    """Read one split with all its columns; its files alone are read.

    ``can_download`` says whether the user's call has an argument ``download``, which an error may advise.

    Raises
    ------
    UnknownNameError
        There is no such split.
    MissingFileError, CorruptFileError, StorageError
        A file is not there, is damaged, or cannot be read.
    """
    split, folder = dataset.split(split_name), folders.folder(dataset, root)
    contents = {}
    for file in split.files:
        try:
            contents[folder / file.name] = store.read(dataset, file, root, can_download=can_download)
        except WrongHashError as error:
            raise (
                _closer(dataset, split, folder / file.name, advice.repair(dataset, root, can_download=can_download))
                or error
            ) from None
    return from_contents(dataset, split_name, contents)


def _closer(dataset: DatasetInfo, split: SplitInfo, path: Path, repair: str) -> CorruptFileError | None:
    """What is wrong with a file of lines whose hash differs, if its decoder can name the line."""
    if not dataset.decoder.endswith("lines"):
        return None
    try:
        decode.read(dataset, split.name, {path: path.read_bytes()})
    except CorruptFileError as error:
        # What the formats advise is for any dataset.
        return CorruptFileError(f"{str(error).removesuffix(REPAIR_ADVICE)}{repair}")
    return None


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
    arrays = decode.read(dataset, split_name, contents)
    check_columns(dataset, split, arrays, next(iter(contents)))
    if isinstance(dataset.provider, Folder):
        check_values(dataset, arrays, next(iter(contents)))
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


def check_values(dataset: DatasetInfo, arrays: Mapping[str, Array], path: Path) -> None:
    """Raise CorruptFileError where `problem_of_values` finds something.

    What is published was looked at by a person; this is for datasets of the user's own.
    """
    problem = problem_of_values(dataset, arrays)
    if problem:
        raise CorruptFileError(f"{path}: {problem[1]}")


def problem_of_values(dataset: DatasetInfo, arrays: Mapping[str, Array]) -> tuple[str, str] | None:
    """The first fact that the values of a split, of the right dtypes and shapes and not empty, do not keep.

    Returns
    -------
    tuple of str, or None
        The fact's field in ``dataset.json``, and what is wrong.
    """
    for number, column in enumerate(dataset.columns):
        array, is_labels = arrays[column.name], column.name == "labels"
        names = dataset.classes if is_labels else column.names
        lowest, highest = column.lowest, column.lowest + len(names) - 1
        if names and not lowest <= array.min() <= array.max() <= highest:
            field = "classes" if is_labels else f"columns[{number}].names"
            found = (
                f"{column.name} has values from {array.min()} to {array.max()}, but {lowest} to {highest} have names."
            )
            return field, f"{found} Name all of them, or change the values."
        if array.dtype.kind == "U" and not _is_utf8(array):
            return (
                f"columns[{number}]",
                f"{column.name} has half of a character, which UTF-8 cannot keep. Leave it out.",
            )
    if dataset.kind == "images" and arrays["images"].dtype.kind == "f":
        images = arrays["images"]
        if not 0 <= images.min() <= images.max() <= 1:
            return (
                "columns[0]",
                f"images in {images.dtype} must be from 0 to 1, all of them. Change the values.",
            )
        steps = dataset.pixel_steps
        shades = (images * steps).round().astype("uint8")
        if steps and (shades / steps).astype(images.dtype).tobytes() != images.tobytes():
            problem = f"images are not all whole multiples of 1/{steps}. Write another number, or leave it out."
            return "pixel_steps", problem
    numbers = next((arrays[column.name] for column in dataset.columns if arrays[column.name].dtype.kind in "iuf"), None)
    low, high = dataset.value_range
    is_stated = dataset.kind == "images" or (low, high) != (0, 0)
    if numbers is not None and is_stated and not low <= numbers.min() <= numbers.max() <= high:
        # Written in full: what is rounded would be refused again.
        found = f"[{numbers.min().item()}, {numbers.max().item()}]"
        return "value_range", f"the first column of numbers has the range {found}, not [{low:g}, {high:g}]. Write that."
    return None


def _is_utf8(texts: Array) -> bool:
    try:
        "".join(texts.tolist()).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def dtype_name(array: Array) -> str:
    """NumPy's name of a dtype; "str" for texts, whatever width the longest of them needs."""
    return "str" if array.dtype.kind == "U" else array.dtype.name
