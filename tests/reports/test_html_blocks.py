"""Specification of tinytorch_hf.reports.html.blocks: what pages are made of."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

from tinytorch_hf.errors import MissingExtraError
from tinytorch_hf.reports.html import blocks
from tinytorch_hf.reports.html.blocks import Bar, Picture
from tinytorch_hf.reports.html.charts import Limit, Series

HOSTILE = "</td></pre><script>alert(1)</script><img src=x onerror=y>\" onload='x' \x1b[31m\u202e {{ 7*7 }} javascript:x"


class Parsed(HTMLParser):
    """A page as a browser reads it: its tags, their attributes, and its text, what stands below in another line."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.tags.append(tag)
        self.text += "" if tag in ("code", "span", "a") else "\n"
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        """Keep it."""
        self.text += data


def page_of(text: str) -> str:
    """A page with a text in every place that takes one."""
    shown = np.arange(6.0).reshape(2, 3) / 5
    return blocks.page(
        text,
        blocks.section(text, blocks.paragraph(text, "note"), blocks.heading(text, blocks.anchor("of", text))),
        blocks.facts([(text, text), ("in it", blocks.joined(text, blocks.name(text)))]),
        blocks.listing([text]),
        blocks.code(text),
        blocks.details(text, blocks.badge(text, "bad"), anchor=blocks.anchor("more", text)),
        blocks.table([text, "n"], [[text, text]], caption=text, right=["n"]),
        blocks.bars((text, text), [Bar(text, 0.5, text, "good")], caption=text),
        blocks.side_by_side(
            blocks.lines(text, [Series(text, [1.0, 2.0])], x_label=text, limit=Limit(text, 1.5)),
            blocks.matrix(text, np.eye(2, dtype=int), [text, "b"], down=text, across=text),
        ),
        blocks.gallery([Picture(shown, text, text)]),
        blocks.link(text, text),
        blocks.link(text, section=blocks.anchor("of", text)),
        badge=blocks.badge(text, "warn"),
        lead=text,
        contents=[(text, blocks.anchor("of", text))],
        when=text,
    )


def test_text_stays_text_wherever_it_stands() -> None:
    """No tag, no handler, no link comes of it, and nothing that a terminal or a browser would obey unseen."""
    parsed = Parsed(page_of(HOSTILE))

    harmless = Parsed(page_of("x"))
    assert parsed.tags == harmless.tags
    assert [name for name, _ in parsed.attributes] == [name for name, _ in harmless.attributes]
    assert parsed.text.count("<script>alert(1)</script>") >= 20
    assert "\x1b" not in parsed.text
    assert "\\u202e" in parsed.text
    links = [value for name, value in parsed.attributes if name == "href"]
    assert all(link.startswith(("./", "#")) for link in links)
    assert len(links) == 3


def test_a_page_asks_nobody_for_anything_and_runs_nothing() -> None:
    """Its policy allows its own style, by its hash, and pictures that are in it; there is nothing else."""
    page = page_of("x")

    style = re.search(r"<style>(.*)</style>", page, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = next(value for _, value in Parsed(page).attributes if value.startswith("default-src"))
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:;")
    assert not re.search(r"https?:|<script|url\(|@import|\sstyle=", page)
    assert page == page_of("x")


@pytest.mark.parametrize(
    ("file", "target"),
    [
        ("javascript:alert(1)", "./javascript%3Aalert%281%29"),
        ("//evil.example/x", "./evil.example/x"),
        ("../../etc/passwd", "./etc/passwd"),
        ("ada lovelace/report.html", "./ada%20lovelace/report.html"),
        ('a"b#c?d', "./a%22b%23c%3Fd"),
    ],
)
def test_a_link_leads_to_a_file_below_the_page_and_nowhere_else(file: str, target: str) -> None:
    """Whatever the file is called."""
    assert ("href", target) in Parsed(str(blocks.link("there", file))).attributes


def test_anchors_are_words_and_never_the_same_for_two_texts() -> None:
    """So that names of anybody's can be linked to."""
    texts = ["a b", "a-b", "a_b", "a__b", "a_2d_b", "a\nb", '"', "é", "ab"]

    anchors = [blocks.anchor("of", text) for text in texts]

    assert len(set(anchors)) == len(texts)
    assert all(re.fullmatch(r"of-[A-Za-z0-9_]*", anchor) for anchor in anchors)


def test_a_matrix_counts_rows_as_they_are_and_marks_where_they_lead() -> None:
    """What is right lies on the diagonal; the tint is the share of the row."""
    text = str(blocks.matrix("m", np.array([[3, 1], [0, 2]]), ["a", "b"], down="true", across="predicted"))

    cells = re.findall(r'<td class="(\S+) (tint\d)">(\d+)</td>', text)
    assert cells == [
        ("right-class", "tint3", "3"),
        ("wrong-class", "tint1", "1"),
        ("wrong-class", "tint0", "0"),
        ("right-class", "tint3", "2"),
    ]


def test_pictures_are_in_the_page_and_nothing_in_them_breaks_it() -> None:
    """In grey or in colour, and where a value is not a number."""
    grey, colour = np.array([[0.0, np.nan], [1.0, 7.0]]), np.zeros((3, 4, 2))

    text = str(blocks.gallery([Picture(grey, "grey", "one"), Picture(colour, "colour", "two")]))

    sources = [value for name, value in Parsed(text).attributes if name == "src"]
    data = [base64.b64decode(source.removeprefix("data:image/png;base64,")) for source in sources]
    assert all(one.startswith(b"\x89PNG") for one in data)
    assert re.findall(r'width="(\d+)" height="(\d+)"', text) == [("96", "96"), ("96", "192")]


def test_without_jinja2_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is computed."""
    monkeypatch.setitem(sys.modules, "jinja2", None)
    blocks._environment.cache_clear()

    with pytest.raises(MissingExtraError, match=r'pip install "tinytorch-hf\[report\]"'):
        blocks.require()
