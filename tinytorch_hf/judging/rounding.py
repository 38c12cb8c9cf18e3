"""What rounding explains: the measure by which a difference is called a difference.

Two correct implementations in float32 never agree to the last bit, because they add in another order. How far apart
they may be depends on the numbers: so every quantity is computed a third time, by PyTorch in float64, and TinyTorch's
error against that is compared with PyTorch's own float32 error. A quantity may be off by `FACTOR` times as much as
PyTorch is at its worst value, and in any case by `FACTOR` half units in the last place of the largest value, as
rounding is sometimes lucky. Sums that cancel, such as the gradient of a bias, are small beside what was added up: all
gradients of a step have their largest value in common.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinytorch_hf.formats.arrays import Array

FACTOR = 32.0
"""How many times the error of a rounding is still rounding."""

HALF_UNIT = float(np.finfo(np.float32).eps) / 2
"""Half a unit in the last place of 1 in float32."""


def rounding(own_error: float, largest: float) -> float:
    """How far another implementation may be off, where PyTorch in float32 is off by ``own_error`` itself."""
    return FACTOR * max(own_error, HALF_UNIT * largest)


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
    """Compare TinyTorch's values with PyTorch's in float32 and float64; all have the same shape.

    Parameters
    ----------
    found, in_float32, in_float64
        The same quantity from the three; finite.
    before
        Where the quantity is an updated parameter: its value before. Then what counts is the largest change.
    beside
        The largest magnitude of what the quantity was made from.
    """
    truth = in_float64.astype(np.float64)
    error = largest_magnitude(found.astype(np.float64) - truth)
    own_error = largest_magnitude(in_float32.astype(np.float64) - truth)
    if before is None:
        return Measured(error, rounding(own_error, max(largest_magnitude(truth), beside)))
    allowed = rounding(own_error, largest_magnitude(truth - before))
    # The parameter itself is rounded as well, by half a unit on either side.
    return Measured(error, max(allowed, 4 * HALF_UNIT * largest_magnitude(truth)))


def largest_magnitude(values: Array) -> float:
    """The largest absolute value; 0 if there is none."""
    return float(np.abs(values).max()) if values.size else 0.0


def in_float16(values: Array) -> bool:
    """Whether all values are numbers that float16 holds."""
    return bool(np.array_equal(values, to_float16(values), equal_nan=True))


def to_float16(values: Array) -> Array:
    """What is left of float32 values that went through float16."""
    with np.errstate(over="ignore"):
        rounded: Array = values.astype(np.float16).astype(np.float32)
    return rounded


def as_kept(before: Array, after: Array) -> Array:
    """Values in float32; or, if that is all that has become of them, what float16 leaves of them."""
    given = np.asarray(before, dtype=np.float32)
    if given.size == np.size(after):
        rounded = to_float16(given)
        if np.array_equal(rounded.ravel(), np.ravel(after), equal_nan=True):
            return rounded
    return given
