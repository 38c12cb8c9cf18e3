"""What pages are made of: each function gives a block, and `page` puts blocks into a file of its own.

Text is text: whatever is given as `str` is escaped, control characters and marks of direction included, so that names
and messages of a student's package may hold anything. Only what comes from these functions is HTML.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

import numpy as np

from tinytorch_hf._version import __version__
from tinytorch_hf.data.pictures import png
from tinytorch_hf.errors import MissingExtraError
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.reports.html.charts import Limit, Series, plotted
from tinytorch_hf.shown import printable

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup as Block

_TEMPLATES = Path(__file__).parent / "templates"

Tone = Literal["good", "bad", "warn", "plain"]
"""What a badge or a bar says of its thing, beside its words."""


@dataclass(frozen=True)
class Bar:
    """A row of `bars`: what it is of, how long it is (0 to 1), what stands beside it, and its tone."""

    label: str | Block
    share: float
    text: str | Block
    tone: Tone = "plain"


@dataclass(frozen=True)
class Picture:
    """An image of `gallery`: (height, width) or (3, height, width) in [0, 1], what it shows, and words below it."""

    image: Array
    alt: str
    caption: str | Block


def page(
    title: str,
    *body: Block,
    badge: Block | None = None,
    lead: str | Block = "",
    contents: Iterable[tuple[str, str]] = (),
    when: str = "",
) -> str:
    """A whole page, to be written into one file.

    Parameters
    ----------
    title
        Of the page.
    body
        Its blocks, from top to bottom.
    badge, lead
        The verdict, and a sentence on it, below the title.
    contents
        Words and anchors of sections, to go to.
    when
        When it was made, in words; nothing by default, so that the same results give the same page.

    Raises
    ------
    MissingExtraError
        jinja2 is not installed.
    """
    style = _style()
    text: str = (
        _environment()
        .get_template("page.html")
        .render(
            title=title,
            badge=badge,
            lead=lead,
            contents=list(contents),
            body=body,
            version=__version__,
            when=when,
            style=_html(style),
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        )
    )
    return text


def require() -> None:
    """Raise MissingExtraError, before anything is computed, if no page could be made."""
    _environment()


def section(heading: str | Block, *body: Block, anchor: str = "") -> Block:
    """A part of a page under a heading."""
    return _block("section", heading, body, anchor)


def heading(text: str | Block, anchor: str = "") -> Block:
    """A heading inside a section."""
    return _block("heading", text, anchor)


def paragraph(text: str | Block, tone: Literal["", "quiet", "note"] = "") -> Block:
    """A paragraph; quiet for what is said beside, a note for what is to be noticed."""
    return _block("paragraph", text, tone)


def badge(text: str, tone: Tone) -> Block:
    """A word or two that stand out, such as a verdict."""
    return _block("badge", text, tone)


def name(text: str) -> Block:
    """A name or a line of code inside a sentence."""
    return _block("name", text)


def code(text: str) -> Block:
    """Lines to be copied and run, as they are."""
    return _block("code", text)


def joined(*parts: str | Block) -> Block:
    """Texts and blocks one after the other, inside a sentence or a cell."""
    return _html("").join(map(_shown, parts))


def listing(items: Iterable[str | Block]) -> Block:
    """Points, one below the other."""
    return _block("listing", list(items))


def facts(rows: Iterable[tuple[str, str | Block]]) -> Block:
    """Names with their values."""
    return _block("facts", list(rows))


def details(summary: str | Block, *body: Block, is_open: bool = False, anchor: str = "") -> Block:
    """What is folded up below a line until somebody opens it; on paper it is open."""
    return _block("details", summary, body, is_open, anchor)


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str | Block]],
    *,
    caption: str | Block = "",
    right: Collection[str] = (),
) -> Block:
    """A table; on a phone each row is a card.

    Parameters
    ----------
    columns
        Their names; the first one's cells head their rows.
    rows
        Cells in the order of the columns.
    caption
        What it is.
    right
        Columns of numbers, whose cells stand at the right.
    """
    return _block("table", caption, list(columns), list(rows), right)


def bars(columns: tuple[str, str], rows: Iterable[Bar], *, caption: str | Block = "") -> Block:
    """A table of lengths; ``columns`` name what the rows are of, and what is measured."""
    return _block("bars", caption, columns, list(rows))


def lines(
    caption: str,
    series: Sequence[Series],
    *,
    x_label: str,
    is_log: bool = False,
    is_share: bool = False,
    limit: Limit | None = None,
) -> Block:
    """Up to three curves over 1, 2, 3 ... as inline SVG; see `charts.plotted`."""
    return _block("chart", plotted(caption, series, x_label=x_label, is_log=is_log, is_share=is_share, limit=limit))


def matrix(caption: str, counts: Array, names: Sequence[str], *, down: str, across: str) -> Block:
    """A confusion matrix: rows are classes as they are, columns as they were predicted."""
    largest = counts.sum(axis=1, keepdims=True).clip(min=1)
    tints = np.ceil(3 * counts / largest).astype(int)
    cells = [
        [{"count": int(count), "tint": int(tint)} for count, tint in zip(row, of_row, strict=True)]
        for row, of_row in zip(counts, tints, strict=True)
    ]
    return _block("matrix", caption, across, down, list(names), cells)


def gallery(pictures: Iterable[Picture]) -> Block:
    """Small pictures with words below them."""
    return _block("gallery", [_encoded(picture) for picture in pictures])


def side_by_side(*blocks: Block) -> Block:
    """Blocks beside each other where there is room, else below each other."""
    return _block("side_by_side", blocks)


def link(text: str | Block, file: str = "", *, section: str = "") -> Block:
    """A link to a file below the page's folder, or to a section of it.

    Whatever the file is called, the link is never to anywhere else, and never a program.
    """
    target = "/".join(quote(part, safe="") for part in file.split("/") if part not in ("", "..", "."))
    return _block("link", text, f"{'./' + target if target else ''}{'#' + section if section else ''}")


def anchor(kind: str, text: str) -> str:
    """What a section is called in links: the same for the same text, another for another."""
    return f"{kind}-" + re.sub(r"[^A-Za-z0-9]", lambda found: f"_{ord(found[0]):x}_", text)


def _encoded(picture: Picture) -> dict[str, Any]:
    shades = np.rint(255 * np.clip(np.nan_to_num(picture.image), 0, 1)).astype(np.uint8)
    # Ink is black on white, as on the contact sheets; colours are as they are.
    shades = shades.transpose(1, 2, 0) if shades.ndim == 3 else 255 - shades
    height, width = shades.shape[:2]
    data = base64.b64encode(png(np.ascontiguousarray(shades))).decode()
    return {"data": data, "alt": picture.alt, "caption": picture.caption, "width": 96, "height": 96 * height // width}


@functools.cache
def _environment() -> Environment:
    try:
        import jinja2
    except ImportError as error:
        raise MissingExtraError("jinja2", "report", error) from error
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=False,
    )


def _shown(value: Any) -> Any:
    """A text with escapes in place of what a browser would obey without showing it; lines and blocks stay."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return "\n".join(map(printable, value.split("\n")))
    return value


def _block(macro: str, *arguments: Any) -> Block:
    block: Block = getattr(_environment().get_template("blocks.html").module, macro)(*arguments)
    return block


def _html(text: str) -> Block:
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 -- a file of ours, or nothing


@functools.cache
def _style() -> str:
    return (_TEMPLATES / "style.css").read_text(encoding="utf-8")
