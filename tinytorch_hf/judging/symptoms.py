"""What a wrong value looks like: a factor, a sign, a transposition, a sum that was left out."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.cause import Cause

# With more axes there are too many orders of them.
_MOST_AXES = 5


def of_numbers(
    value: Array, right: Array, rounding: float, counts: Mapping[int, str], is_gradient: bool = True
) -> Cause | None:
    """What is wrong with a value, judged by nothing but the numbers; None where they do not tell.

    Parameters
    ----------
    value, right
        What was found and what was expected, in any shapes.
    rounding
        How far they may be apart, absolutely, and still be the same.
    counts
        Numbers by which sums and means are divided here, and what they are, such as ``{32: "the batch size"}``.
    is_gradient
        Whether it is a gradient, which is a sum of contributions: twice as much and half as much mean something there.

    A number that is only some factor away is told nothing of: a factor alone is not a cause.
    """
    if not np.isfinite(value).all():
        return Cause("NOT-FINITE")
    if value.ndim == 2 and value.T.shape == right.shape and np.abs(value.T - right).max() <= rounding:
        return Cause("TRANSPOSED")
    if value.shape != right.shape:
        return _other_shape(value, right, rounding)
    return _factor(value, right, rounding, _known_factors(counts, is_gradient)) or _partly(value, right, rounding)


def _other_shape(value: Array, right: Array, rounding: float) -> Cause | None:
    if value.size == right.size:
        return _same_size(value, right, rounding)
    added = value.ndim - right.ndim
    if added >= 0:
        repeated = tuple(added + axis for axis, length in enumerate(right.shape) if length == 1)
        summed = value.sum(axis=(*range(added), *repeated))
        if summed.size == right.size and np.abs(summed.ravel() - right.ravel()).max() <= rounding:
            return Cause("NOT-SUMMED-BROADCAST")
    return None


def _same_size(value: Array, right: Array, rounding: float) -> Cause | None:
    """What another shape of as many values says: an axis of length 1, axes in another order, or misplaced values."""
    if not _same_values(value, right, rounding):
        return None
    if np.abs(value.ravel() - right.ravel()).max() <= rounding:
        if [length for length in value.shape if length > 1] != [length for length in right.shape if length > 1]:
            return Cause("OTHER-SHAPE")
        more_axes = value.ndim - right.ndim
        return Cause("AXIS-KEPT" if more_axes > 0 else "AXIS-LOST" if more_axes else "OTHER-SHAPE")
    if value.ndim == right.ndim <= _MOST_AXES:
        for order in itertools.permutations(range(right.ndim)):
            exchanged = right.transpose(order)
            if exchanged.shape == value.shape and np.abs(exchanged - value).max() <= rounding:
                return Cause("AXES-EXCHANGED")
    return Cause("VALUES-MISPLACED")


def _is_reordered(value: Array, right: Array, rounding: float) -> bool:
    """Whether one is the other with its axes exchanged and the shape forced on it."""
    orders = list(itertools.permutations(range(right.ndim)))[1:] if right.ndim <= _MOST_AXES else []
    return any(
        np.abs(one.transpose(order).reshape(right.shape) - other).max() <= rounding
        for one, other in ((right, value), (value, right))
        for order in orders
    )


def _same_values(value: Array, right: Array, rounding: float) -> bool:
    return bool(np.abs(np.sort(value.ravel()) - np.sort(right.ravel())).max() <= rounding)


def _factor(value: Array, right: Array, rounding: float, known: Mapping[float, Cause]) -> Cause | None:
    """The cause if one constant factor explains everything, and what is known stands behind the factor."""
    if not value.any():
        return Cause("ZERO-EVERYWHERE")
    if not right.any():
        return None
    factor = float((value * right).sum()) / float((right * right).sum())
    rest = float(np.abs(value - factor * right).max())
    if np.isclose(factor, 1.0, rtol=1e-3) or rest > 1e-4 * abs(factor) * np.abs(right).max() + rounding:
        return None
    # A factor that nothing is known to stand behind is not a cause.
    return next((cause for number, cause in known.items() if np.isclose(factor, number, rtol=1e-3)), None)


def _known_factors(counts: Mapping[int, str], is_gradient: bool) -> dict[float, Cause]:
    factors = {-1.0: Cause("SIGN")}
    if is_gradient:
        factors |= {2.0: Cause("TWICE"), 0.5: Cause("HALF")}
    for count, meaning in counts.items():
        if count > 2:
            factors.setdefault(float(count), Cause("DIVISION-MISSING", meaning))
            factors.setdefault(1 / count, Cause("DIVISION-TWICE", meaning))
    return factors


def _partly(value: Array, right: Array, rounding: float) -> Cause | None:
    """The cause if the wrong values have something in common."""
    if _same_values(value, right, rounding):
        return Cause("RESHAPED-NOT-TRANSPOSED" if _is_reordered(value, right, rounding) else "VALUES-MISPLACED")
    wrong = np.abs(value - right) > rounding
    if wrong.any() and not value[wrong].any():
        return Cause("SOME-ZERO")
    # What PyTorch gives for 0 may be a rounding error away from it.
    if wrong.any() and (np.abs(right[wrong]) <= rounding).all():
        return Cause("SHOULD-BE-ZERO")
    return None
