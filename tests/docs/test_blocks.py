"""Specification of docs.tools.blocks: code writes its own parts of a document and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.tools import blocks
from tinytorch_hf.errors import CorruptFileError

DOCUMENT = (
    "a\n<!-- computed: x one -->\nold\n<!-- /computed -->\nb\n<!-- measured: y two -->\nold\n<!-- /measured -->\n"
)


def test_fill_makes_the_parts_of_one_kind_anew() -> None:
    """Each gets what is made for its own words; parts of the other kind and the prose stay."""
    filled = blocks.fill(DOCUMENT, "measured", lambda what, name: f"{what} of {name}")

    assert filled == DOCUMENT.replace("two -->\nold", "two -->\ny of two")


def test_rewrite_touches_only_what_changes(tmp_path: Path) -> None:
    """A document that is fresh keeps its time stamp and is not reported."""
    stale, fresh = tmp_path / "stale.md", tmp_path / "fresh.md"
    stale.write_text("old", encoding="utf-8")
    fresh.write_text("new", encoding="utf-8")
    before = fresh.stat().st_mtime_ns

    assert blocks.rewrite([stale, fresh], lambda text: text.replace("old", "new")) == [stale]
    assert stale.read_text(encoding="utf-8") == "new"
    assert fresh.stat().st_mtime_ns == before


def test_write_block_needs_both_marks(tmp_path: Path) -> None:
    """The document is named, and stays as it is."""
    path = tmp_path / "DATASHEET.md"
    path.write_text("a <start> b", encoding="utf-8")

    with pytest.raises(CorruptFileError, match=r"DATASHEET\.md has no part <start> \.\.\. <end>"):
        blocks.write_block(path, ("<start>", "<end>"), "new")
    assert path.read_text(encoding="utf-8") == "a <start> b"
