"""How much a specification is held to: few seeds and few examples by default.

nox asks for more: with BATTERY_SEEDS for seeds, with LONGER for every example.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def n_seeds(by_default: int, at_most: int = 1000) -> int:
    """The variable's number, or the one that the default suite has time for."""
    return min(int(os.environ.get("BATTERY_SEEDS", by_default)), at_most)


def examples(by_default: Sequence[T], beside: Sequence[T]) -> list[T]:
    """Examples of one thing, the first of which say most of it; the others take seconds and are left to nox."""
    return [*by_default, *(beside if "LONGER" in os.environ else ())]
