"""What probably makes a result differ, in a sentence.

First the mistakes that the case knows are tried: if one of them would give what was found, it is the cause. Then what
can be read from the numbers alone: a gradient that never came, a constant factor, a sign, a transposition.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from tinytorch_hf.judging.case import Case, Inputs, Results
from tinytorch_hf.judging.results import Difference
from tinytorch_hf.judging.symptoms import of_numbers
from tinytorch_hf.judging.yardstick import Expected, differences, is_float


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
    return of_numbers(value.astype(np.float64), right, expected.rounding[difference.what], _counts(inputs))


def _counts(inputs: Inputs) -> dict[int, str]:
    """Lengths of axes and sizes, which are what sums and means are divided by."""
    counts: dict[int, str] = {}
    for name, values in inputs.items():
        if isinstance(values, np.ndarray) and values.size > 1:
            for axis, length in enumerate(values.shape):
                counts.setdefault(length, "the batch size" if axis == 0 and not counts else f"a length of {name}")
            counts.setdefault(values.size, f"the number of values of {name}")
    return counts
