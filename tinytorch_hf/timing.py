"""Time alternatives beside each other."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any


def median_seconds(
    alternatives: Mapping[str, Callable[[], Any]], repeats: int, calls_per_repeat: int = 1
) -> dict[str, float]:
    """Median seconds of one call of each alternative.

    The alternatives take turns, so that a machine that slows down slows all of them.
    """
    seconds: dict[str, list[float]] = {name: [] for name in alternatives}
    for call in alternatives.values():
        call()
    for _ in range(repeats):
        for name, call in alternatives.items():
            start = time.perf_counter()
            for _ in range(calls_per_repeat):
                call()
            seconds[name].append((time.perf_counter() - start) / calls_per_repeat)
    return {name: statistics.median(values) for name, values in seconds.items()}
