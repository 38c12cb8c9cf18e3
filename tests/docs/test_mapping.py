"""Specification of docs/how_to/mapping.md: it says of each key of a map what it means, and of no other."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from tinytorch_hf.student.mapping import STYLES, Conventions, FrameworkMap, parse_map


@pytest.fixture
def page(checkout: Path) -> str:
    """The page."""
    return (checkout / "docs" / "how_to" / "mapping.md").read_text(encoding="utf-8")


def _rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table under a heading row, without its two first lines."""
    table = page[page.index(f"| {heading} |") :].split("\n\n", maxsplit=1)[0]
    return [[cell.strip(" `") for cell in line.strip("| ").split(" | ")] for line in table.splitlines()[2:]]


def test_every_key_of_a_map_is_documented(page: str) -> None:
    """The table of keys names what `parse_map` takes."""
    assert {row[0] for row in _rows(page, "Key")} == {entry.name for entry in fields(FrameworkMap)}


def test_every_convention_is_documented_with_its_default(page: str) -> None:
    """The table of conventions names them all, with TinyTorch's."""
    documented = {row[0]: row[1].strip('"') for row in _rows(page, "Convention")}
    assert documented == {entry.name: entry.default for entry in fields(Conventions)}


def test_every_style_is_documented(page: str) -> None:
    """The list of kinds of frameworks is what `style` takes."""
    assert tuple(re.findall(r'^- `"(\w+)"`:', page, flags=re.MULTILINE)) == STYLES


def test_the_maps_that_are_shown_can_be_read(page: str, checkout: Path) -> None:
    """The examples of the page, and of that about check, are maps."""
    other = (checkout / "docs" / "how_to" / "check.md").read_text(encoding="utf-8")
    blocks = (
        re.findall(r"```json\n(.*?)```", page, flags=re.DOTALL)
        + re.findall(r"```json\n(.*?)```", other, flags=re.DOTALL)[:1]
    )

    assert len(blocks) == 2
    for block in blocks:
        assert parse_map(json.loads(block), "an example").package == "mylib"
