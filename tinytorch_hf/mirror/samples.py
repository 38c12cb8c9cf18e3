"""Samples of a dataset for the viewer: which are asked for, and what is shown of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.data.loaders import load_split, unit_range
from tinytorch_hf.errors import InvalidArgumentError, UnknownNameError
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats.arrays import Array

PER_PAGE = 48

# What samples can be chosen by: its name on the page, and the column that holds it.
FILTERS = {"label": "labels", "level": "level", "difficulty": "difficulty"}


@dataclass(frozen=True)
class Choice:
    """What a visitor asks for: a split, values of some filters, and a page, counted from 1."""

    split: str
    values: Mapping[str, int]
    page: int


@dataclass(frozen=True)
class Page:
    """One page of samples: their positions in the split, and how many there are of samples and pages."""

    split: Split
    indices: tuple[int, ...]
    n_samples: int
    n_pages: int


def filters(dataset: catalog.DatasetInfo) -> list[str]:
    """The filters a dataset's columns allow."""
    columns = {column.name for column in dataset.columns}
    return [name for name, column in FILTERS.items() if column in columns]


def options(dataset: catalog.DatasetInfo, filter_name: str, split: Split) -> dict[int, str]:
    """The values of a filter that occur in a split, and how they are called."""
    return {int(v): value_name(dataset, filter_name, int(v)) for v in np.unique(split[FILTERS[filter_name]])}


def value_name(dataset: catalog.DatasetInfo, filter_name: str, value: int) -> str:
    """What a value of a filter is called."""
    names = {"label": dataset.classes, "difficulty": catalog.DIFFICULTIES}.get(filter_name, ())
    return names[value] if 0 <= value < len(names) else str(value)


def choice(dataset: catalog.DatasetInfo, query: Mapping[str, str]) -> Choice:
    """Read a visitor's choice; empty values are as good as none.

    Raises
    ------
    UnknownNameError
        No such split.
    InvalidArgumentError
        A value is no number.
    """
    split = query.get("split") or dataset.splits[0].name
    dataset.split(split)
    values = {name: _number(name, query[name]) for name in filters(dataset) if query.get(name)}
    return Choice(split, values, _number("page", query.get("page") or "1"))


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidArgumentError(f"{name} is a number, not {text[:50]!r}.")
    return int(text)


def page(dataset: catalog.DatasetInfo, chosen: Choice) -> Page:
    """The samples of a choice.

    Raises
    ------
    UnknownNameError
        There is no such page; the first is there even when no sample is.
    MissingFileError, CorruptFileError, StorageError
        The dataset cannot be loaded.
    """
    split = load_split(dataset.name, chosen.split)
    selected = np.ones(len(split), bool)
    for name, value in chosen.values.items():
        selected &= split[FILTERS[name]] == value
    indices: list[int] = np.flatnonzero(selected).tolist()
    n_pages = max(1, -(-len(indices) // PER_PAGE))
    if not 1 <= chosen.page <= n_pages:
        raise UnknownNameError("page numbered", chosen.page, [f"1 to {n_pages}"])
    start = (chosen.page - 1) * PER_PAGE
    return Page(split, tuple(indices[start : start + PER_PAGE]), len(indices), n_pages)


def caption(dataset: catalog.DatasetInfo, split: Split, index: int) -> str:
    """A sample in a few words: its number and the values it can be found by."""
    values = (value_name(dataset, name, int(split[FILTERS[name]][index])) for name in filters(dataset))
    named = (f"level {value}" if value.isdigit() else value for value in values)
    return f"[{index}] {', '.join(named)}".strip()


def picture(split: Split, index: int) -> Array:
    """A sample's image as uint8, black ink on white."""
    shades: Array = np.rint(255 * (1 - np.clip(unit_range(split["images"][index]), 0.0, 1.0))).astype(np.uint8)
    return shades


def has_pictures(dataset: catalog.DatasetInfo) -> bool:
    """Whether its samples are greyscale images."""
    return dataset.columns[0].name == "images" and len(dataset.columns[0].shape) == 2


def texts(split: Split, index: int) -> Iterator[tuple[str, str]]:
    """Every column of a sample that holds one value: its name and the value."""
    for name, column in split.columns.items():
        if column.ndim == 1:
            value: Any = column[index]
            yield name, f"{value:g}" if column.dtype.kind == "f" else str(value)
