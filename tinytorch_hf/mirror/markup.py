"""HTML as a tree of elements: whatever text is put into it is escaped, because nothing but the tree is text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

Element = ElementTree.Element

# XML, of which the tree is made, has no place for these; a browser shows the stand-in.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

_LONG, _BEGINNING = 1500, 600

_STYLE = Path(__file__).with_name("style.css").read_text(encoding="utf-8")


def element(tag: str, *children: Element | str | None, **attributes: str | None) -> Element:
    """An element with its children in order.

    Parameters
    ----------
    tag
        Name of the element.
    children
        Elements, or texts, which are escaped; None is left out.
    attributes
        ``class_`` and ``for_`` stand for the names that Python reserves, ``_`` inside a name for ``-``; None is left
        out.
    """
    given = {key.rstrip("_").replace("_", "-"): _clean(value) for key, value in attributes.items() if value is not None}
    made = ElementTree.Element(tag, given)
    for child in children:
        if isinstance(child, str):
            if len(made):
                made[-1].tail = (made[-1].tail or "") + _clean(child)
            else:
                made.text = (made.text or "") + _clean(child)
        elif child is not None:
            made.append(child)
    return made


def _clean(text: str) -> str:
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def table(rows: list[tuple[str, ...]], header: tuple[str, ...]) -> Element:
    """A table, each row of which is a block of lines where the screen is narrow; the first cell of a row heads it."""
    head = element("tr", *(element("th", cell, scope="col") for cell in header))
    body = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(element("td", cell, data_column=of) for cell, of in zip(row[1:], header[1:], strict=True)),
        )
        for row in rows
    ]
    shown = element("table", element("thead", head), element("tbody", *body), class_="figures")
    return element("div", shown, class_="wide")


def pairs(values: Iterable[tuple[str, str]]) -> Element:
    """Names with their values; of a long one the beginning, and the whole below a line that opens it."""
    rows = []
    for name, value in values:
        whole = element("details", element("summary", f"all {len(value):,} characters"), value)
        shown = [f"{value[:_BEGINNING]} \N{HORIZONTAL ELLIPSIS}", whole] if len(value) > _LONG else [value]
        rows.append(element("div", element("dt", name), element("dd", *shown)))
    return element("dl", *rows)


def link(address: str, *text: str) -> Element:
    """A link in a line of its own."""
    return element("p", element("a", *text, href=address))


def document(title: str, *body: Element | str | None, reload_s: int | None = None) -> str:
    """A whole page that needs nothing but itself; it may ask to be loaded again after some seconds."""
    again = None if reload_s is None else element("meta", http_equiv="refresh", content=str(reload_s))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        again,
        element("title", title),
        # An empty picture, so that browsers ask for no favicon.
        element("link", rel="icon", href="data:,"),
        element("style", _STYLE),
    )
    page = element("html", head, element("body", *body), lang="en")
    return "<!DOCTYPE html>\n" + ElementTree.tostring(page, encoding="unicode", method="html") + "\n"
