"""The catalogue of mistakes: each has a stable code, one sentence that says what the code does, and one hint.

`check`, `compare` and every report name a mistake by its code, so that one mistake has one wording. A code is never
reused for something else. The tables are a file for each part of the course.
"""

from __future__ import annotations

from collections.abc import Iterable

from tinytorch_hf.judging.mistakes import (
    activations,
    attention,
    data,
    graph,
    layers,
    losses,
    normalization,
    optimizers,
    spatial,
)
from tinytorch_hf.judging.mistakes.mistake import Mistake

__all__ = ["MISTAKES", "Mistake"]


def _by_code(tables: Iterable[tuple[Mistake, ...]]) -> dict[str, Mistake]:
    found: dict[str, Mistake] = {}
    for table in tables:
        for mistake in table:
            if mistake.code in found:
                raise ValueError(f"{mistake.code} is in the catalogue of mistakes twice.")
            found[mistake.code] = mistake
    return found


MISTAKES = _by_code(
    (
        graph.MISTAKES,
        activations.MISTAKES,
        layers.MISTAKES,
        losses.MISTAKES,
        data.MISTAKES,
        optimizers.MISTAKES,
        spatial.MISTAKES,
        attention.MISTAKES,
        normalization.MISTAKES,
    )
)
"""Every known mistake by its code."""
