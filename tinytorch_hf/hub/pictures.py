"""The picture of a dataset that its card shows."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.data import pictures
from tinytorch_hf.data.loaders import load_split
from tinytorch_hf.data.texts import texts_of
from tinytorch_hf.files.splits import Split

FILE_NAME = "samples.png"

_WIDTH = 580
_IN_A_ROW, _MOST_CLASSES = 10, 20
_FONT_SIZE, _MARGIN = 18, 16
_TEXTS, _LINES, _COLUMNS = 5, 8, 80


def samples_png(name: catalog.Dataset | str) -> bytes:
    """A PNG with the first samples of a dataset: ten images of each class, or one text of each named value.

    Raises
    ------
    UnknownNameError, MissingFileError, CorruptFileError, StorageError
        The dataset cannot be loaded.
    """
    dataset = catalog.info(name)
    split = load_split(dataset, dataset.splits[0].name)
    return _images_png(split) if dataset.kind == "images" else _texts_png(dataset, split)


def _images_png(split: Split) -> bytes:
    """Images of any size fill a picture of about the same width."""
    width = split["images"].shape[-1] + 1
    in_a_row = max(1, min(_IN_A_ROW, _WIDTH // width))
    classes = np.unique(split["labels"])[:_MOST_CLASSES]
    shown = np.isin(split["labels"], classes)
    few = Split(split.name, {column: split[column][shown] for column in ("images", "labels")})
    scale = max(1, round(_WIDTH / (in_a_row * width)))
    return pictures.png(pictures.contact_sheet(few, in_a_row, scale))


def _texts_png(dataset: DatasetInfo, split: Split) -> bytes:
    from PIL import Image, ImageDraw, ImageFont

    text = "\n\n".join(_excerpts(dataset, split))
    font = ImageFont.load_default(size=_FONT_SIZE)
    _, _, width, height = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox((0, 0), text, font=font)
    picture = Image.new("L", (round(width) + 2 * _MARGIN, round(height) + 2 * _MARGIN), color=255)
    ImageDraw.Draw(picture).multiline_text((_MARGIN, _MARGIN), text, fill=0, font=font)
    stream = io.BytesIO()
    picture.save(stream, format="PNG")
    return stream.getvalue()


def _excerpts(dataset: DatasetInfo, split: Split) -> Iterator[str]:
    """The first text of each value that has a name, with that; of datasets without such the first texts."""
    texts = texts_of(dataset.kind, split)
    named = next(((column.name, column.hub_names, column.lowest) for column in dataset.columns if column.names), None)
    if named is None and dataset.classes:
        named = "labels", dataset.classes, 0
    if named is None:
        yield from map(_excerpt, texts[:_TEXTS])
        return
    column, names, lowest = named
    values = split[column].tolist()
    for value in sorted(set(values))[:_MOST_CLASSES]:
        yield f"{column} {names[value - lowest]}\n{_excerpt(texts[values.index(value)])}"


def _excerpt(text: str) -> str:
    """A text in some lines that fit, without what cannot be drawn."""
    lines = [part for line in text.rstrip().splitlines() for part in _wrap(line)]
    more = ["..."] if len(lines) > _LINES else []
    return "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in lines[:_LINES] + more)


def _wrap(line: str) -> list[str]:
    return textwrap.wrap(line, _COLUMNS, replace_whitespace=False, drop_whitespace=False) or [""]
