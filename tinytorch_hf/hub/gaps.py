"""What a person still has to write before a dataset is published."""

from __future__ import annotations

from pathlib import Path

GAP = "*A person has to write this.*"
"""The line that stands in a document where something is to be written."""


def gaps(document: Path) -> list[str]:
    """The questions of a document that are not answered yet: the lines above a `GAP`; none where there is no file."""
    if not document.is_file():
        return []
    lines = document.read_text(encoding="utf-8").splitlines()
    above = ["", *lines]
    return [above[number].strip("* ") for number, line in enumerate(lines) if line.strip() == GAP]
