"""The slope of a function along a direction, from its values alone, and how far it can be trusted.

A function is run in float32, so its values carry rounding, and it may have kinks. Hence central differences at three
distances, each half the one before, with Richardson's extrapolation of both pairs: where the two do not agree, there is
a kink in between, or rounding is all there is. Differences to either side alone show whether the point itself is on a
kink.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinytorch_hf.formats.arrays import Array

STEPS = (2.0**-5, 2.0**-8, 2.0**-11)
"""Distances in units of the direction, of one attempt after another: the nearer, the fewer kinks, the more rounding."""

HALVINGS = (1.0, 0.5, 0.25)

SETTLED = 1e-3
"""How far two estimates may be apart, relative to the size of the gradient; rounding comes on top of it."""

# What float32 loses in one addition; a sum of many loses about as much, as rounding goes either way.
_ROUNDING = 3 * float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Slope:
    """An estimate of a slope.

    Attributes
    ----------
    central
        From both sides.
    right, left
        From one side each.
    spread
        How far two estimates from both sides are apart.
    one_sided_spread
        How far two estimates from one side are apart, at most.
    noise
        What rounding may add to it.
    """

    central: float
    right: float
    left: float
    spread: float
    one_sided_spread: float
    noise: float

    @property
    def unsure(self) -> float:
        """How far the estimate may be off for another reason than rounding."""
        return self.spread + abs(self.right - self.left)

    def is_smooth(self, scale: float) -> bool:
        """Whether both sides have one slope, for a gradient of this size."""
        return self.unsure <= 10 * (SETTLED * scale + self.noise)


def distances(step: float) -> list[float]:
    """Where the function is to be evaluated along a direction; the point itself comes first."""
    return [0.0, *(sign * half * step for half in HALVINGS for sign in (1.0, -1.0))]


def slope(outputs: Array, upstream: Array, step: float) -> Slope | None:
    """The slope of ``sum(output * upstream)``, from outputs at `distances`; None where they are not finite.

    Parameters
    ----------
    outputs
        (7, ...) in any precision.
    upstream
        As one output.
    step
        The largest of the distances.
    """
    values = outputs.astype(np.float64)
    if not np.isfinite(values).all():
        return None
    # Differences of outputs first, sums second: what does not change is then not rounded.
    changes = ((values - values[0]) * upstream).reshape(len(values), -1).sum(axis=1)
    steps = [half * step for half in HALVINGS]
    right = [changes[1 + 2 * number] / length for number, length in enumerate(steps)]
    left = [-changes[2 + 2 * number] / length for number, length in enumerate(steps)]
    both = [(one + other) / 2 for one, other in zip(right, left, strict=True)]
    central, one_sided = _extrapolated(both, 4.0), (_extrapolated(right, 2.0), _extrapolated(left, 2.0))
    is_constant = not (values != values[0]).any()
    noise = 0.0 if is_constant else _ROUNDING * float(np.linalg.norm(values[0] * upstream)) / steps[-1]
    return Slope(
        central[1],
        one_sided[0][1],
        one_sided[1][1],
        abs(central[1] - central[0]),
        max(abs(second - first) for first, second in one_sided),
        noise,
    )


def _extrapolated(estimates: Sequence[float], order: float) -> tuple[float, float]:
    """Two estimates out of three, freed of the error that falls by ``order`` with each half."""
    first, second, third = estimates
    return float((order * second - first) / (order - 1)), float((order * third - second) / (order - 1))
