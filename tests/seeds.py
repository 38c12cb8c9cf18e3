"""How many seeds a specification is held to: few by default, more where BATTERY_SEEDS asks for it, as nox does."""

from __future__ import annotations

import os


def n_seeds(by_default: int, at_most: int = 1000) -> int:
    """The variable's number, or the one that the default suite has time for."""
    return min(int(os.environ.get("BATTERY_SEEDS", by_default)), at_most)
