"""What probably makes a result differ.

First the mistakes that the case knows are tried: if one of them would give what was found, it is the cause. Then what
can be read from the numbers alone: a gradient that never came, a sign, a transposition, a division left out. Whatever
is found has to explain a second run on other sizes as well, because two lengths may be equal by chance.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tinytorch_hf.judging.case import Case, Inputs, Results
from tinytorch_hf.judging.cause import Cause
from tinytorch_hf.judging.results import Difference
from tinytorch_hf.judging.symptoms import of_numbers
from tinytorch_hf.judging.yardstick import Expected, delivered, differences, is_float


@dataclass(frozen=True)
class Attempt:
    """One run of a case that differs.

    Attributes
    ----------
    seed, is_second
        Which inputs it had.
    expected
        What would have been right.
    found
        What came out.
    seen
        How it differs.
    """

    seed: int
    is_second: bool
    expected: Expected
    found: Results
    seen: Sequence[Difference]


def likely_cause(case: Case, first: Attempt, second: Callable[[], Attempt | None]) -> Cause | None:
    """The cause that explains both attempts; None where none does.

    Parameters
    ----------
    case
        What was run.
    first
        The run that differs.
    second
        Runs the case on other sizes; None where that gives nothing that differs. It is called only if the first run
        has a cause to be confirmed.
    """
    other: Attempt | None = None
    for number, cause in enumerate(candidates(case, first)):
        if number == 0:
            other = second()
        if other is not None and cause in candidates(case, other):
            return cause
    return None


def candidates(case: Case, attempt: Attempt) -> Iterator[Cause]:
    """Every cause that explains one attempt, the most particular first."""
    for code in case.mistakes:
        if _would_give(mistaken(case, code, attempt.seed, attempt.is_second), attempt):
            yield Cause(code)
    counts = _counts(case.draw(attempt.seed, attempt.is_second))
    for difference in attempt.seen:
        cause = _from_the_numbers(difference, attempt, counts)
        if cause:
            yield cause


@functools.lru_cache(maxsize=4096)
def mistaken(case: Case, code: str, seed: int, is_second: bool = False) -> Expected:
    """What one of the case's mistakes gives; computed once for each seed."""
    return Expected(case.mistakes[code], case.draw(seed, is_second))


def _would_give(wrong: Expected, attempt: Attempt) -> bool:
    """Whether a mistake's results are those found, in everything that can be compared."""
    if not any(difference.what in wrong.values for difference in attempt.seen):
        return False
    # For torch, what nothing leads back to has the gradient zero; in TinyTorch it has none.
    arrived = {
        name: np.zeros_like(wrong.values[name]) if value is None else value
        for name, value in attempt.found.items()
        if name in wrong.values
    }
    return not differences(delivered(wrong, arrived), arrived)


def _from_the_numbers(difference: Difference, attempt: Attempt, counts: dict[int, str]) -> Cause | None:
    right = attempt.expected.values.get(difference.what)
    if right is None or difference.what not in attempt.found:
        return None
    value = attempt.found[difference.what]
    if value is None:
        return Cause("NO-GRADIENT")
    if not is_float(right) or not isinstance(value, np.ndarray) or not np.issubdtype(value.dtype, np.number):
        return None
    return of_numbers(value.astype(np.float64), right, attempt.expected.rounding[difference.what], counts)


def _counts(inputs: Inputs) -> dict[int, str]:
    """Lengths of axes and sizes, which are what sums and means are divided by."""
    counts: dict[int, str] = {}
    for name, values in inputs.items():
        if isinstance(values, np.ndarray) and values.size > 1:
            for axis, length in enumerate(values.shape):
                counts.setdefault(length, "the batch size" if axis == 0 and not counts else f"a length of {name}")
            counts.setdefault(values.size, f"the number of values of {name}")
    return counts
