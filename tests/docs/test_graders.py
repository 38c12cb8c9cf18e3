"""Specification of docs/how_to/graders.md: every format has its part, and every command on the page is one."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tinytorch_hf import cli
from tinytorch_hf.grading.formats import FORMATS
from tinytorch_hf.grading.rubric import Rubric


@pytest.fixture
def page(checkout: Path) -> str:
    """The page."""
    return (checkout / "docs" / "how_to" / "graders.md").read_text(encoding="utf-8")


def test_every_format_has_a_part_with_its_command_and_its_files(page: str):
    """Under a heading of who reads it stand the command that writes it and where its files are."""
    parts = dict(re.findall(r"^## (.+?)\n(.+?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    assert list(parts) == [one.reader for one in FORMATS.values()]
    for name, one in FORMATS.items():
        assert re.search(rf"--format {name}\b", parts[one.reader])
        (file,) = one.files([], Rubric()) or {"NAME.json": b""}
        assert f"`{name}/{file}`" in parts[one.reader]


def test_every_command_is_understood(page: str):
    """The program takes each line as it stands, with all of its options."""
    lines = [line for line in page.replace("\\\n", "").splitlines() if line.startswith("tinytorch-hf ")]
    assert len(lines) == 5
    for line in lines:
        words = shlex.split(line)[1:]
        parser, rest = cli._parser("tinytorch-hf").find(words)
        assert parser.read(rest, program="tinytorch-hf").rubric
