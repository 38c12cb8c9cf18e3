"""Specification of tinytorch_hf.milestones.timing: alternatives are timed beside each other."""

from __future__ import annotations

from tinytorch_hf.milestones.timing import median_seconds


def test_alternatives_take_turns_and_the_first_call_does_not_count() -> None:
    """One warm-up each, then a, b, a, b ..."""
    calls: list[str] = []

    seconds = median_seconds({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, repeats=2)

    assert calls == ["a", "b", "a", "b", "a", "b"]
    assert all(value >= 0 for value in seconds.values())
