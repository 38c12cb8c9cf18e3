"""TinyTalks' arithmetic and word problems: recognised by their words, and solved."""

from __future__ import annotations

import re

# What a problem computes, in the words of TinyTalks. Groups are the operands in the order of the operation.
_PROBLEMS: tuple[tuple[str, str], ...] = (
    (r"What is (\d+) \+ (\d+)\?", "+"),
    (r"What is (\d+) - (\d+)\?", "-"),
    (r"What is (\d+) x (\d+)\?", "x"),
    (r"\w+ finds more \w+\. How many are there now: (\d+) \+ (\d+)\?", "+"),
    (r"A [\w ]+ at (?P<b>\d+) km each hour: how far does it go in (?P<a>\d+) hours\?", "x"),
    (r"\w+ pays for a \w+\. How much change comes back: (\d+) - (\d+)\?", "-"),
    (r"How many does each child get when (?P<b>\d+) children share (?P<a>\d+) \w+\?", "/"),
)


def problem(question: str) -> tuple[str, int, int] | None:
    """Operation and operands of an arithmetic or word problem, or None if the question is none."""
    for pattern, operation in _PROBLEMS:
        match = re.fullmatch(pattern, question)
        if match:
            left, right = match.group("a", "b") if "a" in match.groupdict() else match.group(1, 2)
            return operation, int(left), int(right)
    return None


def solve(operation: str, left: int, right: int) -> int:
    """Result of a problem; a division must come out even.

    Raises
    ------
    ValueError
        The result is no whole number of at least zero.
    """
    if operation == "/" and (right == 0 or left % right):
        raise ValueError(f"{left} / {right} is not a whole number")
    result = {"+": left + right, "-": left - right, "x": left * right, "/": left // (right or 1)}[operation]
    if result < 0:
        raise ValueError(f"{left} - {right} is below zero")
    return result


ARITHMETIC_TOPICS = frozenset(
    {"tens and ones", "taking the ones away", "times ten", "nothing changes", "small numbers"}
)
WORD_PROBLEM_TOPICS = frozenset({"getting more", "speed", "change", "sharing"})
