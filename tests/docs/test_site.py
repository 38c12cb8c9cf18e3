"""Specification of the site: what it is made of is complete, and links hold there as they do in the checkout."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import CHECKOUT

import tinytorch_hf
from docs.tools import site
from tinytorch_hf.judging.mistakes import MISTAKES
from tinytorch_hf.judging.mistakes.in_training import InTraining, in_training

DOCS = CHECKOUT / "docs"
WRITTEN = {"mistakes/index", "gallery/index", "reference/python"}


def test_the_reference_has_every_public_name() -> None:
    """Each once; what `dir` leaves out for want of a library is there, too."""
    listed = [name for names in site.REFERENCE.values() for name in names]

    assert sorted([*listed, *site.MODULES, "__version__"]) == sorted(tinytorch_hf._HOMES)


def test_every_page_is_reached_from_the_front_page() -> None:
    """By a list of contents, so that none is only found by searching; and nothing is listed that is not there."""
    listed = set(re.findall(r"^([a-z_]+(?:/[a-z_]+)*)$", (DOCS / "index.md").read_text(encoding="utf-8"), re.M))
    there = {
        path.relative_to(DOCS).with_suffix("").as_posix()
        for path in DOCS.rglob("*.md")
        if not {"notebooks", "tools", "mistakes", "gallery", "_build"} & {*path.relative_to(DOCS).parts}
    }
    decisions = {name for name in there if name.startswith("decisions/")}
    copies = {name.removesuffix(".md") for name in site.COPIES.values()}

    assert listed | copies | WRITTEN == (there - decisions - {"index"}) | {"decisions/index"} | copies | WRITTEN
    assert listed >= copies | WRITTEN


def test_the_decisions_are_listed() -> None:
    """Ten of them, each short."""
    index = (DOCS / "decisions" / "index.md").read_text(encoding="utf-8")
    records = sorted(path for path in (DOCS / "decisions").glob("0*.md"))

    assert re.findall(r"^(\d{4}_\w+)$", index, re.M) == [path.stem for path in records]
    assert len(records) == 10
    assert all(len(path.read_text(encoding="utf-8").split()) < 200 for path in records)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a](../how_to/load.md#fast)", "[a](/how_to/load.md#fast)"),
        ("[a](../../CONTRIBUTING.md#add-a-dataset)", "[a](/contributing.md#add-a-dataset)"),
        ("![a](../../.github/pictures/mirror.png)", "![a](/../.github/pictures/mirror.png)"),
        ("[a](../../pyproject.toml) b", "a b"),
        ("[a](https://example.org/x.md) [b](#here)", "[a](https://example.org/x.md) [b](#here)"),
    ],
)
def test_links_hold_on_the_site(text: str, expected: str) -> None:
    """To pages by their place on the site, to pictures of the checkout; of other files the words remain."""
    assert site.linked(text, DOCS / "tutorials" / "x.md", DOCS) == expected


def test_there_is_a_page_for_every_mistake() -> None:
    """With both snippets and the command; and one that lists them all. The curves are drawn where they differ."""
    files = dict(site.mistakes())
    pages = {name: text.decode("utf-8") for name, text in files.items() if name.endswith(".md")}

    assert sorted(pages) == sorted([*(f"{code}.md" for code in MISTAKES), "index.md"])
    assert all(f"]({code}.md)" in pages["index.md"] for code in MISTAKES)
    for code in MISTAKES:
        text = pages[f"{code}.md"]
        assert f"\n# {code}\n" in text
        assert text.count("```python\n") == 2
        assert (f"({code}.svg)" in text) == (f"{code}.svg" in files)


def test_what_a_mistake_does_to_a_training_is_told() -> None:
    """By a sentence for each way in which one can go."""
    better = InTraining("compare x", (2.0, 1.0), (2.0, 0.5), 0.5, 0.9)
    alike = InTraining("compare x", (2.0, 0.5001), (2.0, 0.5), 0.9, 0.9)
    lost = InTraining("compare x", (None, None), (2.0, 0.5), 0.1, 0.9)

    assert better.shows
    assert "1.000 instead of 0.500, and 50.0% of the test split are right instead of 90.0%." in better.sentence
    assert not alike.shows
    assert "in this training the mistake does not show" in alike.sentence
    assert "no longer a number; without the mistake it is 0.500." in lost.sentence
    assert "ends before the training" in InTraining("compare x", is_refused=True).sentence


def test_the_example_of_the_tutorial_was_measured() -> None:
    """Its page says so; an unknown code has nothing."""
    found = in_training("RELU-GRADIENT-NEGATIVE")

    assert found is not None
    assert found.shows
    assert in_training("NONE") is None


@pytest.mark.longer
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """With every page, picture and link of it."""
    application = pytest.importorskip("sphinx.cmd.build", reason="Sphinx is not installed")

    assert application.main(["-W", "--keep-going", "-q", "-b", "html", str(DOCS), str(tmp_path / "site")]) == 0
    assert (tmp_path / "site" / "mistakes" / "SIGN.html").exists()
