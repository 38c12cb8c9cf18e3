"""Which mistake of the catalogue a program proves by its numbers alone."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tinytorch_hf.check.programs.interpret import AT_THE_END, gradient_name
from tinytorch_hf.check.programs.program import SCALE, Program
from tinytorch_hf.judging.case import Results, is_gradient
from tinytorch_hf.judging.cause import Cause

_MOST_TIMES = 4
# How the names of gradients end that are looked at when everything was done.
_AT_THE_END = gradient_name("", AT_THE_END).removeprefix(gradient_name("", 1))


def cause_of(program: Program, found: Results, right: Results, different: Iterable[str]) -> Cause | None:
    """Why a program fails, where that can be told; None where it cannot.

    Gradients that are right until one is scaled in its place, and then wrong by that factor, are one array.

    Parameters
    ----------
    program
        The program.
    found, right
        What it gave, and what it should give.
    different
        Names of the results that differ.
    """
    names = list(different)
    is_scaled = bool(program.of(SCALE)) and all(is_gradient(name) and name.endswith(_AT_THE_END) for name in names)
    return (
        Cause("GRADIENT-SHARED") if is_scaled and all(_is_halved(found[name], right[name]) for name in names) else None
    )


def _is_halved(found: object, right: object) -> bool:
    """Whether a gradient was halved more often than it should have been."""
    if not isinstance(found, np.ndarray) or not isinstance(right, np.ndarray) or found.shape != right.shape:
        return False
    return any(np.allclose(found, right * 0.5**times, rtol=1e-4) for times in range(1, _MOST_TIMES + 1))
