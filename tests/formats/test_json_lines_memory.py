"""Specification of how much memory the lines of a small file may claim."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.formats import json_lines, texts

PATH = Path("train.jsonl")


@dataclass(frozen=True)
class Record:
    """A record of a text."""

    text: str


def lines(longest: int, n: int) -> bytes:
    """Short texts, and one long one."""
    rows = ["a"] * (n - 1) + ["b" * longest]
    return "".join(json.dumps({"text": row}) + "\n" for row in rows).encode()


@pytest.mark.parametrize(("longest", "is_read"), [(1000, True), (100_000, False)])
def test_one_long_text_does_not_make_a_thousand_short_ones_long(longest: int, is_read: bool) -> None:
    """As a column each takes as much as the longest: 0.1 MB would become 400 MB."""
    data = lines(longest, 1000)

    if is_read:
        assert len(json_lines.parse(data, PATH, Record, lambda _: None)) == 1000
    else:
        with pytest.raises(CorruptFileError, match=r"1000 texts, the longest of 100000 characters.*0\.4 GB"):
            json_lines.parse(data, PATH, Record, lambda _: None)


def test_columns_of_users_may_be_larger_and_have_a_bound() -> None:
    """A gigabyte, and not what a file claims."""
    with pytest.raises(CorruptFileError, match=r"would take 4\.0 GB of memory"):
        texts.text_column(["a"] * 99_999 + ["b" * 10_000], PATH)
