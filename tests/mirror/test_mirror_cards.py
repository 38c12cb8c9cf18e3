"""Specification of tinytorch_hf.mirror.cards: what a card says, and that no card does harm."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tinytorch_hf.hub.contents import take_snapshot
from tinytorch_hf.mirror import cards


def test_values_are_as_the_hub_reads_them() -> None:
    """Dates and "no" stay text, numbers are numbers, what JSON has no word for is null."""
    card = cards.parse(
        "\ufeff---\nlanguage: no\nday: 2026-01-01\ntime: 1:30\nn: 12\nx: 1.5\nbig: 1e3\nnan: !!float .nan\nyes: true\n"
        "none:\n1: one\nsame: &a [1]\nagain: *a\n---\n# Title\n\nWords\nand more.\n"
    )

    assert card.data == {
        "language": "no", "day": "2026-01-01", "time": "1:30", "n": 12, "x": 1.5, "big": "1e3", "nan": None,
        "yes": True, "none": None, "1": "one", "same": [1], "again": [1],
    }  # fmt: skip
    assert card.description == "Words and more."


@pytest.mark.parametrize(
    "text", ["", "---", "---\n", "no card", "---\n- a\n---\n", "---\na: [\n---\nb", "--- \nx\n---\n"]
)
def test_what_is_no_card_says_nothing(text: str) -> None:
    """And has the tags of its files alone."""
    assert cards.parse(text).data == {}
    assert cards.tags(cards.parse(text), ["a.parquet", "b.png", "README.md"]) == ["format:parquet"]


def test_a_long_description_is_cut() -> None:
    """At two hundred characters."""
    assert len(cards.parse("word " * 1000).description) == 200


BOMBS = {
    "aliases": "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 20)),
    "merges": "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}\n" for i in range(1, 30)),
    "brackets": "[" * 200_000,
    "braces": "{a: " * 100_000,
    "itself": "a: &a\n  b: *a\n",
    "a number": "a: " + "9" * 500_000,
    "an old number": "a: !!int " + "59:" * 20_000 + "1",
    "python": "a: !!python/object/apply:os.system [ls]",
    "a set": "a: !!set {x, y}",
    "bytes": "a: !!binary AAAA",
    "not text": "a: \x00\x01",
    "keys": "".join(f"k{i}: 1\n" for i in range(5_000)),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_no_card_costs_much(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is in it: soon an answer, and one that is JSON of bounded size."""
    monkeypatch.setattr(cards, "_MAX_VALUES", 20_000)
    start = time.process_time()
    card = cards.parse(f"---\n{BOMBS[kind]}\n---\nx")

    assert time.process_time() - start < 5
    assert len(json.dumps(card.data, allow_nan=False)) < 2_000_000


def test_the_card_of_a_folder(tmp_path: Path) -> None:
    """Is read once, and says nothing when it is not there or changed after the mirror was started."""
    assert cards.of(take_snapshot(tmp_path)).data == {}
    path = tmp_path / "README.md"
    path.write_text("---\nlicense: mit\n---\n", encoding="utf-8")
    snapshot = take_snapshot(tmp_path)
    assert cards.of(snapshot) is cards.of(snapshot)
    path.write_text("---\nlicense: other\n---\n", encoding="utf-8")
    assert cards.of(take_snapshot(tmp_path)).data == {"license": "other"}
    path.write_bytes(b"\xff\xfe")
    stale = take_snapshot(tmp_path)
    path.write_text("---\nlicense: third\n---\n", encoding="utf-8")
    assert cards.of(stale).data == {}
