"""HTML as a tree of elements: whatever text is put into it is escaped, because nothing but the tree is text."""

from __future__ import annotations

import re
from xml.etree import ElementTree

Element = ElementTree.Element

# XML, of which the tree is made, has no place for these; a browser shows the stand-in.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 0 1rem 3rem; }
h1, h2 { font-size: 1.5rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; }
img { background: white; border: 1px solid gray; image-rendering: pixelated; max-width: 100%; height: auto; }
pre { border: 1px solid gray; overflow-wrap: anywhere; padding: .75rem; user-select: all; white-space: pre-wrap; }
summary { padding: .6rem 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { border-bottom: 1px solid gray; padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top; }
form, nav { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; margin: 1rem 0; }
label { display: flex; flex-direction: column; }
select, button { font: inherit; min-height: 2.75rem; }
nav a { padding: .6rem 0; }
.samples { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(6rem, 1fr)); padding: 0; }
.samples li { list-style: none; overflow-wrap: break-word; }
.samples img { width: 100%; box-sizing: border-box; }
.samples.texts { grid-template-columns: 1fr; }
"""


def element(tag: str, *children: Element | str | None, **attributes: str | None) -> Element:
    """An element with its children in order.

    Parameters
    ----------
    tag
        Name of the element.
    children
        Elements, or texts, which are escaped; None is left out.
    attributes
        ``class_`` and ``for_`` stand for the names that Python reserves; None is left out.
    """
    given = {key.rstrip("_"): _clean(value) for key, value in attributes.items() if value is not None}
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


def table(rows: list[tuple[str, ...]], header: tuple[str, ...] = ()) -> Element:
    """A table that scrolls sideways where the screen is too narrow; the first cell of each row heads it."""
    head = [element("tr", *(element("th", cell, scope="col") for cell in header))] if header else []
    body = [
        element("tr", element("th", row[0], scope="row"), *(element("td", cell) for cell in row[1:])) for row in rows
    ]
    return element("div", element("table", *head, *body), class_="wide")


def document(title: str, *body: Element | str | None) -> str:
    """A whole page that needs nothing but itself."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        # An empty picture, so that browsers ask for no favicon.
        element("link", rel="icon", href="data:,"),
        element("style", STYLE),
    )
    page = element("html", head, element("body", *body), lang="en")
    return "<!DOCTYPE html>\n" + ElementTree.tostring(page, encoding="unicode", method="html") + "\n"
