"""Time alternatives beside each other."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

Alternatives = Mapping[str, Callable[[], Any]]


def seconds_by_turns(alternatives: Alternatives, repeats: int, calls_per_repeat: int = 1) -> dict[str, list[float]]:
    """Seconds of one call of each alternative, once a repeat; a first call of each is not counted.

    The alternatives take turns, so that a machine that slows down slows all of them.
    """
    for call in alternatives.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in alternatives}
    for _ in range(repeats):
        for name, call in alternatives.items():
            start = time.perf_counter()
            for _ in range(calls_per_repeat):
                call()
            seconds[name].append((time.perf_counter() - start) / calls_per_repeat)
    return seconds


def median_seconds(alternatives: Alternatives, repeats: int) -> dict[str, float]:
    """Median seconds of one call of each alternative, measured by turns."""
    return {name: statistics.median(values) for name, values in seconds_by_turns(alternatives, repeats).items()}
