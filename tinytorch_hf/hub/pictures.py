"""The picture of a dataset that its card shows."""

from __future__ import annotations

import io

from tinytorch_hf import catalog
from tinytorch_hf.data import pictures
from tinytorch_hf.data.loaders import load_split
from tinytorch_hf.files.splits import Split

FILE_NAME = "samples.png"

_FONT_SIZE, _MARGIN = 18, 16


def samples_png(name: str) -> bytes:
    """A PNG with the first samples of a dataset: ten images of each class, or one pair of each level.

    Raises
    ------
    UnknownNameError, MissingFileError, CorruptFileError, StorageError
        The dataset cannot be loaded.
    """
    dataset = catalog.info(name)
    split = load_split(name, dataset.splits[0].name)
    if not dataset.classes:
        return _texts_png(split)
    # Images of either size fill a picture of about the same width.
    return pictures.png(pictures.contact_sheet(split, scale=6 if dataset.columns[0].shape == (8, 8) else 2))


def _texts_png(split: Split) -> bytes:
    from PIL import Image, ImageDraw, ImageFont

    levels = split["level"].tolist()
    firsts = [levels.index(level) for level in sorted(set(levels))]
    text = "\n\n".join(
        f"level {levels[first]}\nQ: {split['question'][first]}\nA: {split['answer'][first]}" for first in firsts
    )
    font = ImageFont.load_default(size=_FONT_SIZE)
    _, _, width, height = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox((0, 0), text, font=font)
    picture = Image.new("L", (round(width) + 2 * _MARGIN, round(height) + 2 * _MARGIN), color=255)
    ImageDraw.Draw(picture).multiline_text((_MARGIN, _MARGIN), text, fill=0, font=font)
    stream = io.BytesIO()
    picture.save(stream, format="PNG")
    return stream.getvalue()
