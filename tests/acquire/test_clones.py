"""Specification of tinytorch_hf.acquire.clones."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch_hf.acquire.clones import are_clones, without_clones, words

TEXTS = st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=12).map(" ".join), max_size=12)


def shared(first: str, second: str) -> tuple[int, int]:
    """Words that two texts share, and those of the longer one, counted in another way."""
    bags = Counter(first.split()), Counter(second.split())
    return (bags[0] & bags[1]).total(), max(bag.total() for bag in bags)


@given(TEXTS)
def test_what_is_kept_has_no_clones_and_what_is_dropped_has_one(texts: list[str]) -> None:
    """The index finds exactly what comparing all with all would find."""
    kept = without_clones(texts)

    expected: list[int] = []
    for position, text in enumerate(texts):
        if not any(are_clones(*shared(text, texts[other])) for other in expected):
            expected.append(position)
    assert kept == expected


@pytest.mark.parametrize(
    ("first", "second", "is_clone"),
    [
        ("def f(a): return a + 1", "def f(a): return a + 1", True),
        ("def f(a): return a + 1", "def f(a):\n    return 1 + a", True),
        ("def get(self): return self.a", "def get(self): return self.b", True),
        ("one two three four five six seven eight nine ten", "one two three four five six seven", True),
        ("one two three four five six seven eight nine ten", "one two three four five six", False),
        ("x x x x x x x", "x", False),
    ],
)
def test_clones_share_seven_tenths_of_the_longer_ones_words(first: str, second: str, is_clone: bool) -> None:
    """Order, spaces and punctuation do not matter; how often a word occurs does."""
    assert (without_clones([first, second]) == [0]) == is_clone


def test_a_word_is_counted_as_often_as_it_occurs() -> None:
    """In strings as anywhere else."""
    assert words("raise E('no E')") == {("raise", 1), ("E", 1), ("no", 1), ("E", 2)}
