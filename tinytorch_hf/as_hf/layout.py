"""What a dataset is on Hugging Face's Hub: its configurations and their columns, which follow from its facts.

==============  ==========================================================================================
kind            configurations, the default first
==============  ==========================================================================================
images          ``default`` with ``image``, a PNG for the eye, and ``array`` with ``pixels``, float32 in [0, 1].
                Floats that no PNG can hold exactly: ``array``, and ``preview`` with an ``image`` that is rounded
pairs           ``pair``, and ``text``, what a character-level model reads
source text     ``function``, and ``text``
plain text      ``text``, which is the column itself
==============  ==========================================================================================

The columns that every dataset of a kind has come first, then those whose values have names, then the others.
``labels`` are called ``label``; what else has a name keeps it. ``text`` stands beside columns with named values alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from tinytorch_hf.catalog import KINDS, Column, DatasetInfo, Kind
from tinytorch_hf.errors import InvalidArgumentError, UnknownNameError

MOST_DIMENSIONS = 5
"""Arrays with more have no type in Hugging Face's library."""

# Stands for all splits together there.
_RESERVED_SPLIT = "all"


class Form(Enum):
    """How a column of the catalog is told on the Hub."""

    PICTURE = "a PNG"
    PIXELS = "float32 in [0, 1]"
    CLASS = "a class, stored as its position in the list of names"
    VALUES = "the values"
    TEXT = "the sample as a character-level model reads it"


@dataclass(frozen=True)
class HubColumn:
    """A column on the Hub: its name there, how it is told, and the column of the catalog; None for `Form.TEXT`.

    ``names`` are those of a class. ``is_exact`` says whether the catalog's columns can be had back from it.
    """

    name: str
    form: Form
    column: Column | None
    names: tuple[str, ...] = ()
    is_exact: bool = True


@dataclass(frozen=True)
class Configuration:
    """One way in which a dataset is published: its name, what it is for, and its columns in order."""

    name: str
    description: str
    columns: tuple[HubColumn, ...]

    @property
    def is_exact(self) -> bool:
        """Whether the catalog's columns can be had back from all of its columns."""
        return all(column.is_exact for column in self.columns)

    def holding(self, name: str) -> HubColumn | None:
        """The column that holds a column of the catalog, or None."""
        return next((held for held in self.columns if held.column and held.column.name == name), None)


def configurations(dataset: DatasetInfo) -> tuple[Configuration, ...]:
    """The configurations of a dataset, the default first.

    Raises
    ------
    InvalidArgumentError
        A split or a column has a name, or a column a shape, that cannot be on the Hub.
    """
    for split in dataset.splits:
        if split.name.lower() == _RESERVED_SPLIT:
            raise InvalidArgumentError(
                f"{dataset.name} has a split {split.name}, which stands for all splits together in Hugging Face's "
                "library. Give the split another name."
            )
    found = _BY_KIND[dataset.kind](dataset)
    for configuration in found:
        _check(dataset, configuration)
    return found


def configuration(dataset: DatasetInfo, name: str | None) -> Configuration:
    """One configuration by its name, None for the default; an unknown name raises `UnknownNameError`."""
    known = configurations(dataset)
    for found in known:
        if name in (None, found.name):
            return found
    raise UnknownNameError(f"configuration of {dataset.name} named", name, (found.name for found in known))


def _check(dataset: DatasetInfo, configuration: Configuration) -> None:
    (name, count), *_ = Counter(column.name for column in configuration.columns).most_common()
    if count > 1:
        raise InvalidArgumentError(
            f"Two columns of {dataset.name} would be called {name} on the Hub. Give the one that is called so in the "
            "dataset itself another name."
        )
    for held in configuration.columns:
        if held.column and len(held.column.shape) > MOST_DIMENSIONS:
            raise InvalidArgumentError(
                f"A sample of {held.column.name} in {dataset.name} has {len(held.column.shape)} dimensions; Hugging "
                f"Face's library knows arrays of up to {MOST_DIMENSIONS}."
            )


def _images(dataset: DatasetInfo) -> tuple[Configuration, ...]:
    images, *others = _in_order(dataset)
    assert images.column is not None  # noqa: S101 -- every dataset of images has them
    with_these = f" {', '.join(column.name for column in others)}"
    pixels = HubColumn("pixels", Form.PIXELS, images.column)
    array = Configuration("array", f"float32 pixels,{with_these}", (pixels, *others))
    if images.column.dtype == "uint8" or dataset.pixel_steps:
        picture = HubColumn("image", Form.PICTURE, images.column)
        return Configuration("default", f"PNG image,{with_these}", (picture, *others)), array
    rounded = HubColumn("image", Form.PICTURE, images.column, is_exact=False)
    return array, Configuration(
        "preview", f"PNG image rounded to 256 shades, for the eye,{with_these}", (rounded, *others)
    )


def _pairs(dataset: DatasetInfo) -> tuple[Configuration, ...]:
    columns = _in_order(dataset)
    return Configuration("pair", "question, answer and all their other columns", columns), _text(columns)


def _source_text(dataset: DatasetInfo) -> tuple[Configuration, ...]:
    columns = _in_order(dataset)
    return Configuration("function", "the parts of a function and all its other columns", columns), _text(columns)


def _plain_text(dataset: DatasetInfo) -> tuple[Configuration, ...]:
    return (Configuration("text", "a text and all its other columns", _in_order(dataset)),)


def _text(columns: tuple[HubColumn, ...]) -> Configuration:
    read = HubColumn("text", Form.TEXT, None, is_exact=False)
    classes = (column for column in columns if column.form is Form.CLASS)
    return Configuration("text", "the text that a model reads, one per sample", (read, *classes))


_BY_KIND: dict[Kind, Callable[[DatasetInfo], tuple[Configuration, ...]]] = {
    "images": _images,
    "pairs": _pairs,
    "source text": _source_text,
    "plain text": _plain_text,
}


def _in_order(dataset: DatasetInfo) -> tuple[HubColumn, ...]:
    """Every column of a dataset as it is on the Hub, in the order there; images as they are."""
    first = [name for name, _dtype in KINDS[dataset.kind].required]
    columns = {column.name: _hub_column(dataset, column) for column in dataset.columns}
    ranks = {
        name: (first.index(name) if name in first else len(first) + (c.form is not Form.CLASS))
        for name, c in columns.items()
    }
    return tuple(columns[name] for name in sorted(columns, key=lambda name: ranks[name]))


def _hub_column(dataset: DatasetInfo, column: Column) -> HubColumn:
    is_label = column.name == "labels"
    names = dataset.hub_classes if is_label else column.hub_names
    form = Form.CLASS if names and not column.shape else Form.VALUES
    return HubColumn("label" if is_label else column.name, form, column, names if form is Form.CLASS else ())
