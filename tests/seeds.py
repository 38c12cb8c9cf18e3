"""How much a specification is held to: few seeds and few examples by default.

nox asks for more: with BATTERY_SEEDS for seeds, and by the mark `longer` for every example.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest


def n_seeds(by_default: int, at_most: int = 1000) -> int:
    """The variable's number, or the one that the default suite has time for."""
    return min(int(os.environ.get("BATTERY_SEEDS", by_default)), at_most)


def examples(by_default: Sequence[Any], beside: Sequence[Any]) -> list[Any]:
    """Examples of one thing, the first of which say most of it; the others take seconds, and are marked as longer."""
    return [*by_default, *(pytest.param(*_values(one), marks=pytest.mark.longer) for one in beside)]


def _values(example: Any) -> tuple[Any, ...]:
    """What an example gives each parameter of a test; a single parameter that is a tuple stands in a tuple."""
    return example if isinstance(example, tuple) else (example,)
