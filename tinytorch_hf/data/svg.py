"""Samples of a split as one SVG: images that stay crisp at any size, with names as text; or the texts themselves.

It needs nothing beyond NumPy, holds everything itself, and is read in light and dark surroundings. Whatever a dataset
says is text in it, never markup; a character that cannot be printed is shown as Python writes it.
"""

from __future__ import annotations

import base64
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

import numpy as np

from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.data import pictures, samples, texts
from tinytorch_hf.files.splits import Split
from tinytorch_hf.shown import printable

_MARGIN, _GAP, _FONT_SIZE, _LINE = 16, 4, 13, 19
# How wide a character is, in parts of the font's size: of a proportional font on average, of a monospaced one always.
_PROPORTIONAL, _MONOSPACED = 0.6, 0.61
_WIDTH, _IN_A_ROW, _NARROWEST_WITH_CAPTION = 640, 10, 128
_MOST_CLASSES, _LONGEST_NAME = 40, 28
_COLUMNS, _LINES = 80, 12

# The colours stand in attributes, too, for programs that read no style. The rules hold within one class alone, since a
# notebook puts the picture into its page.
_STYLE = """
.tinytorch-hf { max-width: 100%; height: auto; }
.tinytorch-hf .paper { fill: #ffffff; }
.tinytorch-hf text { fill: #1f2328; }
.tinytorch-hf image { image-rendering: pixelated; }
@media (prefers-color-scheme: dark) {
.tinytorch-hf .paper { fill: #0d1117; }
.tinytorch-hf text { fill: #e6edf3; }
}
"""
_FONTS = {False: "system-ui, sans-serif", True: "ui-monospace, Menlo, Consolas, monospace"}

Element = ElementTree.Element


def samples_svg(dataset: DatasetInfo, split: Split, indices: Sequence[int] | None = None) -> str:
    """Draw samples of a split: those that are asked for, or the first of every class or level.

    Parameters
    ----------
    dataset
        The facts of the dataset that the split belongs to.
    split
        Images or texts.
    indices
        Positions in the split. Without them a contact sheet is drawn of images, a row of ten for each class; of texts
        the first of every level, or the first three.

    Returns
    -------
    str
        A whole SVG file, the same each time.

    Raises
    ------
    UnknownNameError
        The split has no sample of such a number.
    """
    wanted = samples.chosen(dataset, split, indices)
    title = f"{dataset.title}, split {split.name}: "
    if dataset.kind != "images":
        return _written(title + f"{len(wanted)} texts", *_texts(dataset, split, wanted))
    if indices:
        return _written(title + f"{len(wanted)} images", *_captioned(dataset, split, wanted))
    return _written(title + "the first images of each class", *_contact_sheet(dataset, split))


def _contact_sheet(dataset: DatasetInfo, split: Split) -> tuple[list[Element], float, float]:
    """A row of images for each class, with its name; the parts of the picture, and the place they take."""
    labels = split["labels"]
    found = np.unique(labels).tolist()
    side, in_a_row = _scaled(split)
    height = max(side[1], _LINE) + _GAP
    names = [_cut(dataset.classes[label], _LONGEST_NAME) for label in found[:_MOST_CLASSES]]
    left = _MARGIN + max(map(_width, names), default=0) + 2 * _GAP
    parts: list[Element] = []
    for row, (label, name) in enumerate(zip(found, names, strict=False)):
        top = _MARGIN + row * height
        parts.append(_text(name, left - 2 * _GAP, top + side[1] / 2 + _FONT_SIZE / 3, dataset.classes[label], "end"))
        for column, index in enumerate(np.flatnonzero(labels == label)[:in_a_row].tolist()):
            place = (left + column * (side[0] + _GAP), top, *side)
            parts.append(_image(split, index, place, f"[{index}] {dataset.classes[label]}"))
    width, bottom = left + in_a_row * (side[0] + _GAP), _MARGIN + len(names) * height
    if len(found) > len(names):
        more = f"{len(found) - len(names)} more classes are not shown."
        parts.append(_text(more, _MARGIN, bottom + _LINE))
        width, bottom = max(width, _MARGIN + _width(more)), bottom + _LINE
    return parts, width, bottom


def _captioned(dataset: DatasetInfo, split: Split, indices: Sequence[int]) -> tuple[list[Element], float, float]:
    """Images in rows, each with its number and class below."""
    side, _ = _scaled(split)
    cell = max(side[0] + _GAP, _NARROWEST_WITH_CAPTION)
    in_a_row = min(len(indices), max(1, _WIDTH // cell))
    height = side[1] + _LINE + 2 * _GAP
    parts: list[Element] = []
    for number, index in enumerate(indices):
        row, column = divmod(number, in_a_row)
        left, top = _MARGIN + column * cell, _MARGIN + row * height
        said = f"[{index}] {dataset.classes[split['labels'][index]]}"
        fitting = _cut(said, int((cell - _GAP) / (_PROPORTIONAL * _FONT_SIZE)))
        parts += [
            _image(split, index, (left, top, *side), said),
            _text(fitting, left, top + side[1] + _FONT_SIZE + _GAP / 2, said),
        ]
    return parts, _MARGIN + in_a_row * cell, _MARGIN + -(-len(indices) // in_a_row) * height


def _texts(dataset: DatasetInfo, split: Split, indices: Sequence[int]) -> tuple[list[Element], float, float]:
    """Texts below each other, line by line, each after its number and what is known of it."""
    parts: list[Element] = []
    bottom, width = float(_MARGIN), 0.0
    for index in indices:
        said = _cut(f"[{index}] {samples.words(dataset, split, index)}".rstrip(), _COLUMNS)
        lines = list(_lines(texts.conversation(dataset.kind, split, index)))
        more = [f"... {len(lines) - _LINES} more lines"] if len(lines) > _LINES else []
        for number, line in enumerate([said, *lines[:_LINES], *more]):
            bottom += _LINE
            parts.append(_text(line, _MARGIN, bottom - _LINE / 3, is_code=number > 0, is_heading=number == 0))
            width = max(width, _MARGIN + _width(line, _MONOSPACED))
        bottom += _LINE / 2
    return parts, width, bottom


def _lines(text: str) -> Iterator[str]:
    """A text in lines that fit; what cannot be printed is escaped, and a line without a space is broken anywhere."""
    for line in text.rstrip("\n").split("\n"):
        yield from textwrap.wrap(
            printable(line), _COLUMNS, replace_whitespace=False, drop_whitespace=False, break_on_hyphens=False
        ) or [""]


def _scaled(split: Split) -> tuple[tuple[int, int], int]:
    """How wide and high an image is drawn, a whole number of times its size; and how many stand in a row."""
    height, width = split["images"].shape[-2:]
    in_a_row = max(1, min(_IN_A_ROW, _WIDTH // (width + _GAP)))
    scale = max(1, (_WIDTH // in_a_row - _GAP) // width)
    return (width * scale, height * scale), in_a_row


def _image(split: Split, index: int, place: tuple[float, float, float, float], said: str) -> Element:
    shown = base64.b64encode(pictures.png(pictures.shades(split["images"][index]))).decode("ascii")
    x, y, width, height = place
    image = _element("image", x=x, y=y, width=width, height=height, href=f"data:image/png;base64,{shown}")
    # For programs that do not read the style sheet.
    image.set("style", "image-rendering:pixelated")
    _titled(image, said)
    return image


def _text(
    text: str, x: float, y: float, whole: str = "", anchor: str = "", *, is_code: bool = False, is_heading: bool = False
) -> Element:
    """A line of text; ``whole`` is shown where a pointer rests on it."""
    made = _element("text", x=x, y=y)
    for name, value in (("text-anchor", anchor), ("font-weight", "bold" if is_heading else "")):
        if value:
            made.set(name, value)
    if is_code:
        made.set("font-family", _FONTS[True])
        # Blanks at the start of a line are part of a program.
        made.set("style", "white-space:pre")
        made.set("xml:space", "preserve")
    made.text = printable(text)
    if whole and whole != text:
        _titled(made, whole)
    return made


def _titled(element: Element, title: str) -> None:
    said = _element("title")
    said.text = printable(title)
    element.append(said)


def _element(tag: str, **attributes: object) -> Element:
    return ElementTree.Element(tag, {name: _number(value) for name, value in attributes.items()})


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _cut(text: str, n: int) -> str:
    text = printable(text)
    return text if len(text) <= n else f"{text[: n - 1]}…"


def _width(text: str, of_a_character: float = _PROPORTIONAL) -> float:
    """How wide a line is at most, in pixels; Chinese, Japanese and Korean characters are twice as wide as others."""
    columns = sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
    return columns * of_a_character * _FONT_SIZE


def _written(title: str, parts: Sequence[Element], right: float, bottom: float) -> str:
    """The file: a sheet of paper with the parts on it."""
    width, height = round(right + _MARGIN), round(bottom + _MARGIN)
    drawn = _element(
        "svg", xmlns="http://www.w3.org/2000/svg", width=width, height=height, viewBox=f"0 0 {width} {height}"
    )
    drawn.set("class", "tinytorch-hf")
    drawn.set("role", "figure")
    drawn.set("aria-label", printable(title))
    drawn.set("font-family", _FONTS[False])
    drawn.set("font-size", str(_FONT_SIZE))
    drawn.set("fill", "#1f2328")
    _titled(drawn, title)
    style = _element("style")
    style.text = _STYLE
    paper = _element("rect", width=width, height=height, fill="#ffffff")
    paper.set("class", "paper")
    drawn.extend([style, paper, *parts])
    return ElementTree.tostring(drawn, encoding="unicode") + "\n"
