"""Samples of a dataset for the viewer: which are asked for, and what is shown of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.data.loaders import load_split
from tinytorch_hf.data.pictures import shades
from tinytorch_hf.errors import InvalidArgumentError, UnknownNameError
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats.arrays import Array

PER_PAGE = 48
"""Samples of a page at most: so many pictures, and fewer of what takes more room."""

_TEXTS_PER_PAGE = 24


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


@dataclass(frozen=True)
class Filter:
    """What samples can be chosen by: its name on the page, the column that holds it, and the names of its values.

    The first name is that of ``lowest``.
    """

    name: str
    column: str
    names: tuple[str, ...]
    lowest: int = 0

    def value_name(self, value: int) -> str:
        """What a value is called."""
        position = value - self.lowest
        return self.names[position] if 0 <= position < len(self.names) else str(value)


def filters(dataset: catalog.DatasetInfo) -> dict[str, Filter]:
    """The filters that a dataset's columns allow, by their names: those whose values have names."""
    found = [
        Filter("label", column.name, dataset.classes)
        if column.name == "labels"
        else Filter(column.name, column.name, column.hub_names, column.lowest)
        for column in dataset.columns
        if not column.shape and (column.names or (column.name == "labels" and dataset.classes))
    ]
    return {one.name: one for one in found}


def options(chosen: Filter, split: Split) -> dict[int, str]:
    """The values of a filter that occur in a split, and how they are called."""
    return {int(value): chosen.value_name(int(value)) for value in np.unique(split[chosen.column])}


def choice(dataset: catalog.DatasetInfo, query: Mapping[str, str]) -> Choice:
    """Read a visitor's choice; empty values are as good as none.

    Raises
    ------
    UnknownNameError
        No such split.
    InvalidArgumentError
        A value is not a number.
    """
    split = query.get("split") or dataset.splits[0].name
    dataset.split(split)
    values = {name: whole_number(name, query[name]) for name in filters(dataset) if query.get(name)}
    return Choice(split, values, whole_number("page", query.get("page") or "1"))


def whole_number(name: str, text: str) -> int:
    """A number of a query; raises InvalidArgumentError if it is none."""
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
    split = load_split(dataset, chosen.split)
    selected = np.ones(len(split), bool)
    known = filters(dataset)
    for name, value in chosen.values.items():
        selected &= split[known[name].column] == value
    indices: list[int] = np.flatnonzero(selected).tolist()
    per_page = PER_PAGE if has_pictures(dataset) else _TEXTS_PER_PAGE
    n_pages = max(1, -(-len(indices) // per_page))
    if not 1 <= chosen.page <= n_pages:
        raise UnknownNameError("page numbered", chosen.page, [f"1 to {n_pages}"])
    start = (chosen.page - 1) * per_page
    return Page(split, tuple(indices[start : start + per_page]), len(indices), n_pages)


def caption(dataset: catalog.DatasetInfo, split: Split, index: int) -> str:
    """A sample in a few words: its number and the values it can be found by."""
    named = []
    for one in filters(dataset).values():
        value = int(split[one.column][index])
        text = one.value_name(value)
        # A name that begins with a number says what is counted by it: "level 3 arithmetic".
        named.append(f"{one.name} {text}" if one.lowest or text == str(value) else text)
    return f"[{index}] {', '.join(named)}".strip()


def picture(split: Split, index: int) -> Array:
    """A sample's image as `pictures.shades` gives it."""
    return shades(split["images"][index])


def has_pictures(dataset: catalog.DatasetInfo) -> bool:
    """Whether its samples are images."""
    return dataset.kind == "images"


def texts(split: Split, index: int) -> Iterator[tuple[str, str]]:
    """Every column of a sample that holds one value: its name and the value."""
    for name, column in split.columns.items():
        if column.ndim == 1:
            value: Any = column[index]
            yield name, f"{value:g}" if column.dtype.kind == "f" else str(value)
