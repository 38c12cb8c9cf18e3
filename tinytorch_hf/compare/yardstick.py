"""What rounding explains: the measure by which a difference is called a difference.

Two correct implementations in float32 never agree to the last bit, because they add in another order. How far apart
they may be depends on the numbers: so every quantity is computed a third time, by PyTorch in float64, and TinyTorch's
error against that is held against PyTorch's own float32 error. A quantity passes while its error is at most `FACTOR`
times PyTorch's, or at most `FLOOR` times its largest value. Sums that cancel, such as the gradient of a bias, are
small beside what was added up: four units in the last place of the largest gradient beside them are rounding, too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinytorch_hf.loaders import Array

FACTOR = 30.0
"""How many times PyTorch's own float32 error is still rounding."""

FLOOR = 2.0**-18
"""Share of the largest value below which a difference is rounding in any case: 32 units in the last place."""

_UNIT = 2.0**-23


@dataclass(frozen=True)
class Measured:
    """How far a float32 result is from the truth, and how far rounding may have carried it, both absolute."""

    error: float
    allowed: float

    @property
    def agrees(self) -> bool:
        """Whether rounding explains the error."""
        return self.error <= self.allowed


def measure(
    found: Array, in_float32: Array, in_float64: Array, before: Array | None = None, beside: float = 0.0
) -> Measured:
    """Hold TinyTorch's values against PyTorch's in float32 and float64; all have the same shape.

    Parameters
    ----------
    found, in_float32, in_float64
        The same quantity from the three; finite.
    before
        Where the quantity is an updated parameter: its value before. Then `FLOOR` is a share of the largest
        change, and two units in the last place of the parameter itself are rounding too.
    beside
        The largest magnitude of what the quantity was made from.
    """
    truth = in_float64.astype(np.float64)
    error = _largest(found.astype(np.float64) - truth)
    own_error = _largest(in_float32.astype(np.float64) - truth)
    if before is None:
        floor = FLOOR * _largest(truth)
    else:
        floor = max(FLOOR * _largest(truth - before), 2 * _UNIT * _largest(truth))
    return Measured(error, max(FACTOR * own_error, floor, 4 * _UNIT * beside, float(np.finfo(np.float32).tiny)))


def _largest(values: Array) -> float:
    return float(np.abs(values).max()) if values.size else 0.0
