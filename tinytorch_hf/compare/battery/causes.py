"""What probably makes a result differ, in a sentence.

First the mistakes that the case knows are tried: if one of them would give what was found, it is the cause. Then what
can be read from the numbers alone: a gradient that never came, a constant factor, a sign, a transposition.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from tinytorch_hf.compare.battery.case import Case, Inputs, Results
from tinytorch_hf.compare.battery.results import Difference
from tinytorch_hf.compare.battery.yardstick import Expected, differences, is_float
from tinytorch_hf.loaders import Array


def likely_cause(case: Case, seed: int, expected: Expected, found: Results, seen: Sequence[Difference]) -> str:
    """A sentence, or nothing where none can be told."""
    for sentence in case.mistakes:
        if _would_give(mistaken(case, sentence, seed), found, seen):
            return sentence
    inputs = case.draw(seed)
    for difference in seen:
        sentence = _from_the_numbers(difference, expected, found, inputs)
        if sentence:
            return sentence
    return ""


@functools.lru_cache(maxsize=4096)
def mistaken(case: Case, sentence: str, seed: int) -> Expected:
    """What one of the case's mistakes gives; computed once for each seed."""
    return Expected(case.mistakes[sentence], case.draw(seed))


def _would_give(wrong: Expected, found: Results, seen: Sequence[Difference]) -> bool:
    """Whether a mistake's results are those found, in everything that can be compared."""
    if not any(difference.what in wrong.values for difference in seen):
        return False
    # For torch, what nothing leads back to has the gradient zero; in TinyTorch it has none.
    arrived = {
        name: np.zeros_like(wrong.values[name]) if value is None else value
        for name, value in found.items()
        if name in wrong.values
    }
    return not differences(wrong, arrived)


def _from_the_numbers(difference: Difference, expected: Expected, found: Results, inputs: Inputs) -> str:
    right, value = expected.values.get(difference.what), found.get(difference.what)
    if right is None:
        return ""
    if value is None:
        return (
            "no gradient arrives: either the result does not remember what it was made from, or its backward passes "
            "nothing on"
        )
    if not is_float(right) or not isinstance(value, np.ndarray) or not np.issubdtype(value.dtype, np.number):
        return ""
    return _compare(value.astype(np.float64), right, expected.rounding[difference.what], inputs)


def _compare(value: Array, right: Array, rounding: float, inputs: Inputs) -> str:
    if not np.isfinite(value).all():
        return "a number overflows, or 0 is divided by 0"
    if value.ndim == 2 and value.T.shape == right.shape and np.abs(value.T - right).max() <= rounding:
        return "it is transposed"
    if value.shape != right.shape:
        return _other_shape(value, right, rounding)
    return _factor(value, right, rounding, inputs) or _partly(value, right, rounding)


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


def _factor(value: Array, right: Array, rounding: float, inputs: Inputs) -> str:
    """A sentence if one constant factor explains everything."""
    if not value.any():
        return "it is zero everywhere"
    if right.size < 2 or not right.any():
        return ""
    factor = float((value * right).sum() / (right * right).sum())
    rest = float(np.abs(value - factor * right).max())
    if np.isclose(factor, 1.0, rtol=1e-3) or rest > 1e-4 * abs(factor) * np.abs(right).max() + rounding:
        return ""
    for number, sentence in _known_factors(inputs).items():
        if np.isclose(factor, number, rtol=1e-3):
            return sentence
    return f"it is {factor:.3g} times what it should be"


def _known_factors(inputs: Inputs) -> dict[float, str]:
    """Factors that say something: lengths of axes and sizes are what sums and means are divided by."""
    counts: dict[int, str] = {}
    for name, values in inputs.items():
        if isinstance(values, np.ndarray) and values.size > 1:
            for axis, length in enumerate(values.shape):
                counts.setdefault(length, "the batch size" if axis == 0 and not counts else f"a length of {name}")
            counts.setdefault(values.size, f"the number of values of {name}")
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
