"""Whether a result agrees with PyTorch: the error against float64, measured by the rounding of float32.

A fixed tolerance would be too loose for one operation and too tight for another. So each case is computed by torch
in float64, which is taken for the truth, and in float32, and judged by the rule of `tinytorch_hf.judging.rounding`.
The gradients of a case have their largest value in common: they are made of each other, and some are sums that cancel.

The rule's factor lies between what was measured on both sides: over 50 seeds the reference's worst result takes less
than half of what is allowed (a test repeats it), and every defect of tests/mutants.py is found in the operations that
must find it (another test). A misplaced eps in Adam is nearest to rounding; small gradients, which have a case of their
own, show it best.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging import answers
from tinytorch_hf.judging.answers import Answer
from tinytorch_hf.judging.case import Case, Inputs, Results, RunTorch
from tinytorch_hf.judging.drawing import drawn
from tinytorch_hf.judging.judges import chosen, computed
from tinytorch_hf.judging.results import Difference
from tinytorch_hf.judging.rounding import largest_magnitude, rounding

# What results are called that say what an optimizer changed.
CHANGE = "change"


class Expected:
    """The right results of one definition, and how far rounding can explain.

    Attributes
    ----------
    by
        The name of the judge that computed them.
    values
        The right results; floats are float64.
    rounding
        For each result of floats, how far another may be off.
    """

    def __init__(self, run: RunTorch, inputs: Inputs, by: str = "") -> None:
        self._run, self.by = run, by or chosen()
        self.values = self.beside(inputs)
        rounded = computed(run, inputs, "float32", self.by)
        floats = {name: value for name, value in self.values.items() if is_float(value)}
        largest = {name: largest_magnitude(value) for name, value in floats.items()}
        errors = {name: largest_magnitude(rounded[name] - value) for name, value in floats.items()}
        self.rounding = {name: _rounding(name, largest, errors) for name in floats}

    @staticmethod
    def known(run: RunTorch, values: Results, rounding: Mapping[str, float], by: str) -> Expected:
        """What a run gives, where that is known already."""
        found = object.__new__(Expected)
        found._run, found.by, found.values, found.rounding = run, by, dict(values), dict(rounding)
        return found

    def beside(self, inputs: Inputs) -> Results:
        """The right results for other inputs, in float64, by the same judge."""
        return computed(self._run, inputs, "float64", self.by)

    def restricted(self, names: Iterable[str]) -> Expected:
        """The same for some of the results."""
        values = {name: self.values[name] for name in names}
        rounding = {name: value for name, value in self.rounding.items() if name in values}
        return Expected.known(self._run, values, rounding, self.by)


def _rounding(name: str, largest: Mapping[str, float], errors: Mapping[str, float]) -> float:
    together = [other for other in largest if _together(name, other)]
    # A parameter of a single value may happen to be changed without a rounding error; the others tell.
    own_error = max(errors[other] for other in together) if name.startswith(CHANGE) else errors[name]
    return rounding(own_error, max(largest[other] for other in together))


def _together(name: str, other: str) -> bool:
    """Whether two results have one scale: all gradients of a case have, and all changes; else each has its own."""
    return name == other or any(name.startswith(kind) and other.startswith(kind) for kind in ("gradient", CHANGE))


def is_float(value: Any) -> bool:
    """Whether the yardstick applies, as opposed to equality."""
    return isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.floating)


def differences(expected: Expected, found: Results) -> list[Difference]:
    """Every result that differs, in the order of the right ones; one that was not delivered differs."""
    return list(_each_difference(expected, found))


def agree(expected: Expected, found: Results) -> bool:
    """Whether no result differs; what comes behind the first one that does is not looked at."""
    return next(_each_difference(expected, found), None) is None


def _each_difference(expected: Expected, found: Results) -> Iterator[Difference]:
    for name, right in expected.values.items():
        difference = (
            _difference(name, right, found[name], expected.rounding.get(name, 0.0))
            if name in found
            else Difference(name, "was not delivered")
        )
        if difference:
            yield difference


def delivered(expected: Expected, found: Results) -> Expected:
    """What is expected of the results that were delivered, for those that are known to lack some."""
    return expected.restricted([name for name in expected.values if name in found])


def _difference(name: str, right: Any, found: Any, rounding: float) -> Difference | None:
    mismatch = _mismatch(right, found)
    if mismatch:
        return Difference(name, mismatch)
    return _distance(name, right, found.reshape(right.shape), rounding) if is_float(right) else None


def _mismatch(right: Any, found: Any) -> str:
    """How a result differs that cannot be measured by a distance, or nothing."""
    if found is None:
        return "is missing"
    if not isinstance(right, np.ndarray):
        return "" if right == found else f"is {_short(found)} instead of {_short(right)}"
    if not isinstance(found, np.ndarray) or not np.issubdtype(found.dtype, np.number):
        return f"is {_short(found)} instead of numbers"
    # TinyTorch's losses are single values with and without axes.
    if found.shape != right.shape and not found.size == right.size == 1:
        return f"has the shape {found.shape} instead of {right.shape}"
    wrong = np.zeros(right.shape, bool) if is_float(right) else found.reshape(right.shape) != right
    return _example(wrong, found.reshape(right.shape), right) if wrong.any() else ""


def _distance(name: str, right: Array, found: Array, rounding: float) -> Difference | None:
    infinite = ~np.isfinite(found)
    if infinite.any():
        return Difference(name, _example(infinite, found, right))
    errors = np.abs(found.astype(np.float64) - right)
    error = largest_magnitude(errors)
    if error <= rounding:
        return None
    return Difference(name, _example(errors > rounding, found, right), error, rounding)


def _example(wrong: Array, found: Array, right: Array) -> str:
    """The first value that is wrong, and how many there are."""
    place = tuple(int(index) for index in np.argwhere(wrong)[0])
    where = f"at {list(place)} " if place else ""
    values = "found {}, right {}".format(*_told_apart(found[place], right[place]))
    n_wrong = int(wrong.sum())
    differ = "differs" if n_wrong == 1 else "differ"
    return f"{where}{values}" + (f" ({n_wrong} of {right.size} values {differ})" if right.size > 1 else "")


def _told_apart(found: Any, right: Any) -> tuple[str, str]:
    """Two numbers with as few digits as show that they are not the same."""
    for digits in range(3, 10):
        texts = f"{found:.{digits}g}", f"{right:.{digits}g}"
        if float(texts[0]) != float(texts[1]):
            break
    return texts


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


class Definitions(Sequence[Expected]):
    """What is right by each of several definitions; none is computed before it is asked for.

    Parameters
    ----------
    runs
        The definitions.
    inputs
        The numbers.
    by
        The name of the judge.
    known
        What was recorded of each, if anything was.
    """

    def __init__(
        self, runs: Sequence[RunTorch], inputs: Inputs, by: str, known: Sequence[Answer] | None = None
    ) -> None:
        self._known = known
        self._runs = tuple(runs)
        self._inputs = inputs
        self._by = by
        self._computed: dict[int, Expected] = {}

    def __len__(self) -> int:
        return len(self._runs)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        if index not in self._computed:
            run, answer = self._runs[index], None if self._known is None else self._known[index]
            self._computed[index] = (
                Expected(run, self._inputs, self._by)
                if answer is None
                else Expected.known(run, answer.values, answer.rounding, self._by)
            )
        return self._computed[index]


def expected(case: Case, seed: int, is_second: bool = False) -> Definitions:
    """What is right for a case by the chosen judge: by its definition first, then by others in use.

    Each is computed once for each seed and each judge. The second draw judges nothing, it only confirms causes: it is
    computed with NumPy alone, so that a fault is named alike, whichever judge has found it.
    """
    return _expected(case, seed, is_second, "recorded" if is_second else chosen(), answers.are_open())


@functools.lru_cache(maxsize=4096)
def _expected(case: Case, seed: int, is_second: bool, by: str, are_open: bool) -> Definitions:
    record = None
    if are_open and by == "recorded" and seed == answers.SEED and not is_second:
        record = answers.recorded(case.name)
    inputs = drawn(case, seed, is_second)
    return Definitions((case.right, *case.also_right), inputs, by, record.answers if record else None)
