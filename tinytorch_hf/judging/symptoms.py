"""What a wrong value looks like: a factor, a sign, a transposition, a sum that was left out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tinytorch_hf.formats.arrays import Array


def of_numbers(value: Array, right: Array, rounding: float, counts: Mapping[int, str]) -> str:
    """A sentence on what is wrong with a value, judged by nothing but the numbers; empty where there is none.

    Parameters
    ----------
    value, right
        What was found and what was expected, in any shapes.
    rounding
        How far they may be apart, absolutely, and still be the same.
    counts
        Numbers by which sums and means are divided here, and what they are, such as ``{32: "the batch size"}``.
    """
    if not np.isfinite(value).all():
        return "a number overflows, or 0 is divided by 0"
    if value.ndim == 2 and value.T.shape == right.shape and np.abs(value.T - right).max() <= rounding:
        return "it is transposed"
    if value.shape != right.shape:
        return _other_shape(value, right, rounding)
    return _factor(value, right, rounding, counts) or _partly(value, right, rounding)


def _other_shape(value: Array, right: Array, rounding: float) -> str:
    if value.size == right.size:
        return "the values are there, in another shape" if _same_values(value, right, rounding) else ""
    added = value.ndim - right.ndim
    if added >= 0:
        repeated = tuple(added + axis for axis, length in enumerate(right.shape) if length == 1)
        summed = value.sum(axis=(*range(added), *repeated))
        if summed.size == right.size and np.abs(summed.ravel() - right.ravel()).max() <= rounding:
            return "it is not summed over the axes along which the tensor was broadcast"
    return ""


def _same_values(value: Array, right: Array, rounding: float) -> bool:
    return bool(np.abs(np.sort(value.ravel()) - np.sort(right.ravel())).max() <= rounding)


def _factor(value: Array, right: Array, rounding: float, counts: Mapping[int, str]) -> str:
    """A sentence if one constant factor explains everything."""
    if not value.any():
        return "it is zero everywhere"
    if not right.any():
        return ""
    factor = float((value * right).sum()) / float((right * right).sum())
    rest = float(np.abs(value - factor * right).max())
    if np.isclose(factor, 1.0, rtol=1e-3) or rest > 1e-4 * abs(factor) * np.abs(right).max() + rounding:
        return ""
    for number, sentence in _known_factors(counts).items():
        if np.isclose(factor, number, rtol=1e-3):
            return sentence
    # A single value is always some multiple of another.
    return f"it is {factor:.3g} times what it should be" if right.size > 1 else ""


def _known_factors(counts: Mapping[int, str]) -> dict[float, str]:
    factors = {
        -1.0: "the sign is wrong",
        2.0: "it is twice what it should be: is it added up twice?",
        0.5: "it is half of what it should be: is one of two contributions dropped?",
    }
    for count, meaning in counts.items():
        times = f"it is {count} times what it should be, and {count} is {meaning}: a division by it is left out"
        part = f"it is 1/{count} of what it should be, and {count} is {meaning}: one division by it too many"
        factors.setdefault(float(count), times)
        factors.setdefault(1 / count, part)
    return factors


def _partly(value: Array, right: Array, rounding: float) -> str:
    """A sentence if the wrong values have something in common."""
    if _same_values(value, right, rounding):
        return "the right values stand in the wrong places: is it reshaped where it should be transposed?"
    wrong = np.abs(value - right) > rounding
    if wrong.any() and not value[wrong].any():
        return f"{int(wrong.sum())} of {value.size} values are zero and should not be"
    if wrong.any() and not right[wrong].any():
        return f"{int(wrong.sum())} of {value.size} values should be zero and are not"
    return ""
