"""What probably makes a result differ.

First the mistakes that the case knows are tried: if one of them would give what was found, it is the cause. Then what
can be read from the numbers alone: a gradient that never came, a sign, a transposition, a division left out. Last, what
the student's own forward says of the gradient. Whatever is found has to explain a second run on other sizes as well,
because two lengths may be equal by chance; a second run that crashes, or that gives what is right, confirms nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tinytorch_hf.judging.attempt import Attempt
from tinytorch_hf.judging.case import OUTPUT, Case, Inputs, is_gradient
from tinytorch_hf.judging.cause import Cause
from tinytorch_hf.judging.drawing import drawn
from tinytorch_hf.judging.own_forward import Fit, OwnForward
from tinytorch_hf.judging.results import Difference
from tinytorch_hf.judging.rounding import in_float16
from tinytorch_hf.judging.symptoms import of_numbers
from tinytorch_hf.judging.yardstick import Expected, agree, delivered, is_float

# The relative error that another eps, usually 1e-5 beside a variance near 1, leaves at most.
_MOST_OF_EPS = 3e-5
# What float16 leaves at most of a number of any size, after some operations; it rounds by 5e-4.
_MOST_OF_FLOAT16 = 1e-2
# A kind of cause: what speaks for it in one run.
Candidates = Callable[[Attempt], Iterator[Cause]]


def confirmed(candidates: Candidates, first: Attempt, second: Callable[[], Attempt | None]) -> Cause | None:
    """The first cause that explains both runs; None where none does.

    Parameters
    ----------
    candidates
        Every cause that explains a run, the most particular first.
    first
        The run that differs.
    second
        Runs the case on other sizes; None where that gives nothing that differs. It is called only if the first run
        has a cause to be confirmed.
    """
    for cause in candidates(first):
        other = second()
        if other is None:
            return None
        if cause in candidates(other):
            return cause
    return None


def known_mistakes(case: Case) -> Candidates:
    """The mistakes of a case's table that would give everything that was found."""

    def candidates(tried: Attempt) -> Iterator[Cause]:
        for code in case.mistakes:
            ways = range(1 + len(case.variants.get(code, ())))
            if any(_would_give(mistaken(case, code, tried.seed, tried.is_second, way), tried) for way in ways):
                yield Cause(code)

    return candidates


def what_numbers_tell(case: Case, own: OwnForward) -> Candidates:
    """What wrong values look like; gradients that do not fit the student's own forward come first.

    Parameters
    ----------
    case
        What was run.
    own
        What the student's own forward says of the first run.
    """

    def candidates(tried: Attempt) -> Iterator[Cause]:
        counts = _counts(drawn(case, tried.seed, tried.is_second))
        for difference in first_to_explain(tried.seen, own):
            cause = _from_the_numbers(difference, tried, counts)
            if cause:
                yield cause

    return candidates


def first_to_explain(seen: Sequence[Difference], own: OwnForward) -> list[Difference]:
    """Differences, those of gradients that are wrong for whatever forward computes before all others."""
    return sorted(seen, key=lambda difference: own.fits.get(difference.what) is not Fit.DIFFERS)


def of_size(case: Case) -> Candidates:
    """Of an operation that is known to add eps: everything that differs, and each by no more than eps makes."""
    has_eps = any("EPS" in code.split("-") for code in case.mistakes)

    def candidates(tried: Attempt) -> Iterator[Cause]:
        sizes = [tried.relative(one) for one in tried.seen]
        if has_eps and sizes and all(size <= _MOST_OF_EPS for size in sizes):
            yield Cause("AS-EPS")

    return candidates


def of_type(is_noted: bool) -> Candidates:
    """Everything that differs does so by little, and some of it has no more digits than float16 has.

    Parameters
    ----------
    is_noted
        Whether tensors are known to hold no more.
    """

    def candidates(tried: Attempt) -> Iterator[Cause]:
        are_small = all(tried.relative(one) <= _MOST_OF_FLOAT16 for one in tried.seen)
        if are_small and (is_noted or any(_is_rounded(one, tried) for one in tried.seen)):
            yield Cause("FLOAT16")

    return candidates


def _is_rounded(difference: Difference, tried: Attempt) -> bool:
    """Whether float16 holds every value that was found, and not those that are right."""
    found, right = tried.found.get(difference.what), tried.expected.values.get(difference.what)
    if not isinstance(found, np.ndarray) or not isinstance(right, np.ndarray) or not is_float(found):
        return False
    return in_float16(found) and not in_float16(right.astype(np.float32))


def of_own_forward(try_it: Callable[[Attempt], OwnForward]) -> Candidates:
    """What remains to be said of a case whose gradients were tried against the student's own forward."""

    def candidates(tried: Attempt) -> Iterator[Cause]:
        own = try_it(tried)
        if own.some_differ:
            yield Cause("GRADIENT-NOT-OF-FORWARD")
        elif own.all_fit and any(difference.what == OUTPUT for difference in tried.seen):
            yield Cause("ANOTHER-DEFINITION")

    return candidates


@functools.lru_cache(maxsize=4096)
def mistaken(case: Case, code: str, seed: int, is_second: bool = False, way: int = 0) -> Expected:
    """What one of the case's mistakes gives, computed once for each seed, with NumPy alone.

    So a fault is named alike, whichever judge has found it.

    Parameters
    ----------
    case, code
        Which mistake of which case.
    seed, is_second
        On which inputs.
    way
        Which of the ways to make it: 0 for that of the case's table, or one of its variants.
    """
    run = case.variants[code][way - 1] if way else case.mistakes[code]
    return Expected(run, drawn(case, seed, is_second), "recorded")


def _would_give(wrong: Expected, tried: Attempt) -> bool:
    """Whether a mistake's results are those found, in everything that can be compared, and not those that are right."""
    if not any(difference.what in wrong.values for difference in tried.seen):
        return False
    # For torch, what nothing leads back to has the gradient zero; in TinyTorch it has none.
    arrived = {
        name: np.zeros_like(wrong.values[name]) if value is None else value
        for name, value in tried.found.items()
        if name in wrong.values
    }
    compared = delivered(wrong, arrived)
    return agree(compared, arrived) and not agree(delivered(tried.expected, compared.values), compared.values)


def _from_the_numbers(difference: Difference, tried: Attempt, counts: dict[int, str]) -> Cause | None:
    right = tried.expected.values.get(difference.what)
    if right is None or difference.what not in tried.found:
        return None
    value = tried.found[difference.what]
    if value is None:
        return Cause("NO-GRADIENT") if is_gradient(difference.what) else None
    if not is_float(right) or not isinstance(value, np.ndarray) or not np.issubdtype(value.dtype, np.number):
        return None
    rounding = tried.expected.rounding[difference.what]
    return of_numbers(value.astype(np.float64), right, rounding, counts, is_gradient(difference.what))


def _counts(inputs: Inputs) -> dict[int, str]:
    """Lengths of axes and sizes, which are what sums and means are divided by."""
    counts: dict[int, str] = {}
    for name, values in inputs.items():
        if isinstance(values, np.ndarray) and values.size > 1:
            for axis, length in enumerate(values.shape):
                counts.setdefault(length, "the batch size" if axis == 0 and not counts else f"a length of {name}")
            counts.setdefault(values.size, f"the number of values of {name}")
    return counts
