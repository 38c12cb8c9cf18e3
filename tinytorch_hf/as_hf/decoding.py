"""Tables of Hugging Face's library back to a split's exact columns, however they were loaded and formatted."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
from datasets import ClassLabel, Dataset, Image, IterableDataset
from PIL import Image as pillow

from tinytorch_hf.as_hf.encoding import array_shape, from_shades, shades_of
from tinytorch_hf.as_hf.layout import Configuration, Form, HubColumn, configurations
from tinytorch_hf.catalog import KINDS, Column, DatasetInfo
from tinytorch_hf.data.loaders import as_stored
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError
from tinytorch_hf.files.splits import Split
from tinytorch_hf.files.talks import parts_of
from tinytorch_hf.formats.arrays import Array

_CHANGED = "something changed them."
_GREY = "L"
_MODES = (_GREY, "RGB")
_WIDEST = {"f": np.dtype(np.float64), "i": np.dtype(np.int64), "u": np.dtype(np.uint64)}
_PAIR = ("question", "answer")
_BEFORE, _BETWEEN, _AFTER = "Q: ", "\nA: ", "\n\n"


def plain_table(dataset: DatasetInfo, split_name: str, given: Any) -> Dataset:
    """A split as a table in memory or on disk, without any format, its pictures not decoded.

    Raises
    ------
    InvalidArgumentError
        It is no `datasets.Dataset` or `IterableDataset`, has a transform, or has no samples.
    """
    if not isinstance(given, (Dataset, IterableDataset)):
        raise InvalidArgumentError(
            f"to_numpy takes tables of Hugging Face's library; the split {split_name} of {dataset.name} is a "
            f"{type(given).__name__}."
        )
    if isinstance(given, Dataset) and given.format["type"] == "custom":
        raise InvalidArgumentError(
            f"The split {split_name} of {dataset.name} has a transform, so that its columns are not what is stored. "
            "Give to_numpy the same without it: with_format(None)."
        )
    table = _undecoded(given.with_format(None))
    if isinstance(table, IterableDataset):
        # Behind a map a stream has forgotten its features, and gives pictures; the table finds that they are.
        table = _undecoded(Dataset.from_list(list(table), features=table.features))
    if not table.num_rows:
        raise InvalidArgumentError(f"to_numpy was given a split of {dataset.name} without samples.")
    return table


def _undecoded(table: Any) -> Any:
    """A table or a stream whose pictures are the bytes that are stored, as far as it knows of pictures."""
    for name, feature in (table.features or {}).items():
        if isinstance(feature, Image):
            table = table.cast_column(name, Image(decode=False))
    return table


def split_of(dataset: DatasetInfo, split_name: str, table: Dataset) -> Split:
    """The columns of the catalog that a plain table holds.

    Raises
    ------
    InvalidArgumentError
        A column that is needed is not there or is that of another dataset, or the configuration does not hold the
        catalog's columns exactly: then the message names one that does.
    CorruptFileError
        Values are not as they are on the Hub.
    """
    configuration = configuration_of(dataset, table)
    columns: dict[str, Array] = {}
    for held in configuration.columns:
        if held.name not in table.column_names:
            continue
        if held.column is not None:
            columns[held.column.name] = _decoded(dataset, split_name, held, held.column, table)
        else:
            columns |= _questions_and_answers(dataset, _listed(dataset, held.name, table))
    return Split(split_name, {c.name: columns[c.name] for c in dataset.columns if c.name in columns})


def hub_split(dataset: DatasetInfo, split_name: str, table: Dataset, configuration: Configuration) -> Split:
    """The columns of a configuration as the Hub has them: pictures as bytes, classes as positions."""
    columns = {}
    for held in configuration.columns:
        if held.form is Form.PICTURE and held.column is not None:
            columns[held.name] = _shades(dataset, held.name, held.column, table)
        elif held.column is not None and held.column.shape:
            columns[held.name] = _arrays(held.name, _hub_dtype(held, held.column), table)
        else:
            columns[held.name] = np.array(_listed(dataset, held.name, table))
    return Split(split_name, columns)


def _hub_dtype(held: HubColumn, column: Column) -> str:
    return "float32" if held.form is Form.PIXELS else column.dtype


def configuration_of(dataset: DatasetInfo, table: Dataset) -> Configuration:
    """The configuration that a table is one of: the first that has all it needs, of several one that is exact.

    Raises
    ------
    InvalidArgumentError
        It is one of none.
    """
    present = set(table.column_names)
    missing = {found: _needed(dataset, found) - present for found in configurations(dataset)}
    fitting = [found for found, names in missing.items() if not names]
    if not fitting:
        fewest = min(map(len, missing.values()))
        wanted = [" and ".join(sorted(names)) for names in missing.values() if len(names) == fewest]
        raise InvalidArgumentError(
            f"to_numpy needs the column {' or '.join(dict.fromkeys(wanted))} of {dataset.name}; there are "
            f"{', '.join(table.column_names)}."
        )
    return next((found for found in fitting if found.is_exact), fitting[0])


def _needed(dataset: DatasetInfo, configuration: Configuration) -> set[str]:
    """Columns without which a table is not of a configuration: those of the kind, and by what samples are counted."""
    always = {name for name, _dtype in KINDS[dataset.kind].required} | {dataset.counted}
    return {held.name for held in configuration.columns if held.column is None or held.column.name in always}


def _decoded(dataset: DatasetInfo, split_name: str, held: HubColumn, column: Column, table: Dataset) -> Array:
    """One column of the catalog from the Hub's."""
    if held.form is Form.PICTURE and not held.is_exact:
        problem = f"The pictures of {dataset.name} are its floats rounded to 256 shades, for the eye."
        raise InvalidArgumentError(f"{problem} {_use_another(dataset)}")
    if held.form is Form.PICTURE:
        return _from_pictures(dataset, _shades(dataset, held.name, column, table))
    if held.form is Form.PIXELS:
        pixels = _exactly(
            dataset, replace(column, dtype="float32"), _arrays(held.name, _hub_dtype(held, column), table)
        )
        _check_shape(dataset, column, pixels.shape[1:])
        # Of bytes, each pixel has to be one.
        return as_stored(dataset, split_name, pixels, np.zeros(len(pixels), np.int64))["images"]
    if held.form is Form.CLASS:
        return _exactly(dataset, column, _positions(dataset, held, table) + column.lowest)
    if not column.shape:
        return _exactly(dataset, column, _listed(dataset, held.name, table))
    values = _arrays(held.name, column.dtype, table)
    _check_shape(dataset, replace(column, shape=array_shape(column)), values.shape[1:])
    return _exactly(dataset, column, values.reshape(len(values), *column.shape))


def _use_another(dataset: DatasetInfo) -> str:
    exact = next(found.name for found in configurations(dataset) if found.is_exact)
    return f"Load the configuration {exact!r}, which has all exactly."


def _check_shape(dataset: DatasetInfo, column: Column, found: tuple[int, ...]) -> None:
    if found != column.shape:
        raise InvalidArgumentError(
            f"{column.name} of {dataset.name} have the shape {column.shape}, these {found}; is it another dataset?"
        )


def _from_pictures(dataset: DatasetInfo, shades: Array) -> Array:
    if dataset.column("images").dtype == "uint8":
        return shades
    pixels = from_shades(shades, dataset.pixel_steps)
    if not np.array_equal(shades_of(pixels), shades):
        raise CorruptFileError(
            f"Images of {dataset.name} have shades that are no multiples of 1/{dataset.pixel_steps}; {_CHANGED}"
        )
    return pixels


def _shades(dataset: DatasetInfo, name: str, column: Column, table: Dataset) -> Array:
    """Pictures as bytes, of the shape that images of the dataset have."""
    shades = []
    for stored in _listed(dataset, name, table):
        try:
            with pillow.open(io.BytesIO(stored["bytes"]) if stored["bytes"] is not None else stored["path"]) as picture:
                mode, values = picture.mode, np.asarray(picture)
        except (OSError, SyntaxError, ValueError, TypeError, KeyError) as error:
            raise CorruptFileError(f"{name} of {dataset.name} has a picture that cannot be read: {error}.") from error
        # Of a palette, the values are positions in it.
        if mode not in _MODES:
            raise InvalidArgumentError(
                f"{name} of {dataset.name} has a picture of Pillow's mode {mode}, not {' or '.join(_MODES)}; {_CHANGED}"
            )
        shades.append(values if mode == _GREY else values.transpose(2, 0, 1))
        _check_shape(dataset, column, shades[-1].shape)
    return np.stack(shades)


def _positions(dataset: DatasetInfo, held: HubColumn, table: Dataset) -> Array:
    """Classes as positions in the list of names that the dataset has, whatever list the table has."""
    values = _listed(dataset, held.name, table)
    feature = table.features[held.name]
    try:
        if isinstance(feature, ClassLabel):
            # Names that nobody uses may be missing, or others be there.
            names = {position: feature.names[position] for position in set(values)}
            values = [names[position] for position in values]
        if isinstance(values[0], str):
            places = {name: position for position, name in enumerate(held.names)}
            return np.array([places[name] for name in values], dtype=np.int64)
        positions = np.asarray(values)
        if positions.dtype.kind in "iu" and positions.min() >= 0 and positions.max() < len(held.names):
            return positions.astype(np.int64)
    except (KeyError, IndexError):
        pass
    raise InvalidArgumentError(
        f"{held.name} of {dataset.name} is one of {', '.join(held.names)}; here is another one. Is it another dataset?"
    )


def _arrays(name: str, dtype: str, table: Dataset) -> Array:
    """A column of arrays, (N, ...), with this dtype; what is stored in another one comes with one that keeps it."""
    asked = np.dtype(dtype)
    if getattr(table.features[name], "dtype", None) != dtype:
        asked = _WIDEST.get(asked.kind, asked)
    values = table.with_format("numpy", columns=[name], dtype=asked)[:][name]
    found: Array = values if isinstance(values, np.ndarray) else np.stack(values)
    return found


def _listed(dataset: DatasetInfo, name: str, table: Dataset) -> list[Any]:
    values: list[Any] = table[name][:]
    if any(value is None for value in values):
        raise InvalidArgumentError(f"{name} of {dataset.name} has a sample without a value; {_CHANGED}")
    return values


def _exactly(dataset: DatasetInfo, column: Column, values: Any) -> Array:
    """Values with a column's dtype, if it keeps them as they are."""
    if column.dtype == "str":
        texts = np.asarray(values, dtype=object)
        if not all(isinstance(text, str) for text in texts.ravel()):
            raise CorruptFileError(f"{column.name} of {dataset.name} has values that are no texts; {_CHANGED}")
        kept: Array = texts.astype(np.str_)
        return kept
    found = np.asarray(values)
    if found.dtype.kind in "biuf":
        with np.errstate(all="ignore"):
            kept = found.astype(column.dtype)
        if np.array_equal(kept, found, equal_nan=found.dtype.kind == "f"):
            return kept
    raise CorruptFileError(f"{column.name} of {dataset.name} has values that are not {column.dtype}; {_CHANGED}")


def _questions_and_answers(dataset: DatasetInfo, texts: list[Any]) -> dict[str, Array]:
    """The two columns of the text in which a model reads them, if each can be read in one way only."""
    if dataset.kind != "pairs":
        raise InvalidArgumentError(
            f"The texts of {dataset.name} do not tell its columns apart. {_use_another(dataset)}"
        )
    # Between two turns of a dialogue there is no blank line.
    ends = [len(_AFTER) if text.endswith(_AFTER) else 1 for text in map(str, texts)]
    parts = [str(text)[len(_BEFORE) : -end].split(_BETWEEN) for text, end in zip(texts, ends, strict=True)]
    if all(
        len(pair) == 2 and "".join(parts_of(*pair, is_continued=end == 1)) == text
        for pair, end, text in zip(parts, ends, texts, strict=True)
    ):
        return dict(zip(_PAIR, map(np.array, zip(*parts, strict=True)), strict=True))
    raise CorruptFileError(
        f"The texts of {dataset.name} are not one question and one answer each, so that they cannot be told apart. "
        f"{_use_another(dataset)}"
    )
