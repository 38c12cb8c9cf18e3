"""Specification of docs/explanations/tinify_scale.md: its figures are the code's, and its commands are understood."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from docs.tools import tinify_plan
from tinytorch_hf import cli
from tinytorch_hf.curation.facts import facts
from tinytorch_hf.curation.source import Piece
from tinytorch_hf.curation.spill import Spill


@pytest.fixture
def page(checkout: Path) -> str:
    """The page."""
    return (checkout / "docs" / "explanations" / "tinify_scale.md").read_text(encoding="utf-8")


def test_a_facts_file_has_as_many_bytes_as_the_plan_says(tmp_path: Path) -> None:
    """A row takes the bytes of which the page speaks, and a kept content a little more than itself."""
    rows = np.arange(700)
    digest = np.stack([rows, rows], axis=1).astype(np.uint64)
    Spill(tmp_path).write(Piece("a", 0, 700), facts(["x"] * 700, "a", rows, digest), {bytes(16): b"content"})
    planned = tinify_plan.figures()

    (file,) = tmp_path.glob("*.rows")
    assert file.stat().st_size == 700 * planned["Facts of a row, on disk"][1]
    (contents,) = tmp_path.glob("*.contents")
    assert contents.stat().st_size == len(b"content") + 24


def test_the_plan_is_told_in_the_page(page: str) -> None:
    """The table between its marks, and the figures that the prose takes from it."""
    assert tinify_plan.table("all") in page
    planned = tinify_plan.figures()
    assert f"keeps {planned['Facts of a row, on disk'][1]} bytes of each row" in page
    openings = planned["Pieces of 20,000 rows"][1] * planned["Parts of the reduce, for workers of 4 GB"][1]
    assert f"{openings / 1e6:.1f} million openings" in page


def test_the_commands_that_are_shown_are_understood(page: str) -> None:
    """Those of this package; with the addresses of the page."""
    lines = re.findall(r"^tinytorch-hf (tinify .*)$", page, re.MULTILINE)

    assert len(lines) == 2
    for line in lines:
        parser, rest = cli._parser("tinytorch-hf").find(shlex.split(line))
        assert parser.read(rest, program="tinytorch-hf").engine == "dask"
