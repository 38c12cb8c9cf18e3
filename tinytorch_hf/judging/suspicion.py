"""What of a package the fault of a wrong case is in, as far as the cases that are right can tell.

What ran in a wrong case is the more suspect the more of the cases in which it ran are wrong: the functions, their
branches, and the situations in which tensors were used. That a few wrong cases alone ran something may be by chance, so
it counts for less than what ran in many. The most suspect are what the fault is in. Where too few cases are right to
tell, all that ran in none of them is suspect; and if that is nothing, everything that ran.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tinytorch_hf.judging.case import OUTPUT, is_gradient
from tinytorch_hf.judging.results import WRONG, Outcome, Result

SITUATION = "situation"
"""Stands for a function where what a case ran has to do with how it used its tensors."""
BACK = "<"
"""What stands before the place of a branch that ran while gradients were sent back."""

# Functions that compute nothing: one case may look at them, and another may not.
_ACCESSORS = ("parameters", "__call__", "__repr__", "__len__")
# What ran in as many wrong cases and in no right one is in all of them the fault.
_SEVERAL, _HARDLY = 3, 20
# With fewer right cases than this, and than this share of the wrong ones, it may be by chance that none runs something.
_FEWEST_RIGHT, _LEAST_RIGHT = 8, 0.25


@dataclass(frozen=True)
class Trace:
    """What ran in a case.

    Attributes
    ----------
    called
        Names of functions of the package under test.
    ended_in
        The one in which an error arose, or nothing.
    has_gradients
        Whether gradients are among the case's results.
    parts
        What the case is made of beside tensors, such as ``{"Linear"}``.
    call
        What was called from outside when an error arose, with how it was built; or nothing.
    branches
        Which branches of these functions ran, each as the function's name, a space, and its place, and in which
        situations; or nothing, where the functions alone are known.
    """

    called: frozenset[str]
    ended_in: str = ""
    has_gradients: bool = False
    parts: frozenset[str] = frozenset()
    call: str = ""
    branches: frozenset[str] = frozenset()

    @functools.cached_property
    def computing(self) -> frozenset[str]:
        """What ran, functions as well as branches, but for functions that compute nothing."""
        ran = self.called | self.branches
        return frozenset(one for one in ran if _function(one).rpartition(".")[2] not in _ACCESSORS) or ran


@dataclass(frozen=True)
class Suspicion:
    """How often what ran went wrong: in how many wrong cases, and in how many right ones, each thing ran.

    Attributes
    ----------
    computing
        For what is computed. A case of which only gradients are wrong computes what is right.
    sending_back
        For gradients, by the cases that have some.
    """

    computing: _Counts
    sending_back: _Counts
    _found: dict[str, tuple[frozenset[str], bool]] = field(default_factory=dict)

    @staticmethod
    def by(results: Sequence[Result], traces: Mapping[str, Trace]) -> Suspicion:
        """Count what ran in all cases that are right or wrong."""
        computing, sending_back = _Counts(), _Counts()
        for result in results:
            trace = traces.get(result.name)
            if trace is None or not (result.outcome in WRONG or result.outcome is Outcome.AGREES):
                continue
            computing.add(trace, is_wrong=result.outcome in WRONG and not only_gradients(result))
            if trace.has_gradients:
                sending_back.add(trace, is_wrong=result.outcome in WRONG)
        return Suspicion(computing, sending_back)

    def of(self, result: Result, trace: Trace) -> tuple[frozenset[str], bool]:
        """What of a wrong case the fault is in, as far as can be told, and whether it never ran without a fault."""
        if result.name not in self._found:
            self._found[result.name] = self._of(result, trace)
        return self._found[result.name]

    def _of(self, result: Result, trace: Trace) -> tuple[frozenset[str], bool]:
        counts = self.counts(result)
        ran = trace.computing
        if counts is self.computing and any(difference.what == OUTPUT for difference in result.differences):
            # An output is there before anything is sent back.
            forward = {one for one in trace.branches if f" {BACK}" not in one and _function(one) != SITUATION}
            ran = ran & (forward | functions(forward)) or ran
        if counts.says_much:
            scores = {one: counts.score(one) for one in ran}
            most = max(scores.values())
            suspects = frozenset(one for one, score in scores.items() if score == most)
            return suspects, all(counts.is_surely_wrong(one) for one in suspects)
        # Of functions alone, as that a branch ran in no right case may be by chance.
        ran = frozenset(one for one in ran if one == _function(one)) or ran
        remaining = frozenset(one for one in ran if counts.is_never_right(one))
        return remaining or ran, bool(remaining)

    def surely_of(self, result: Result, trace: Trace) -> frozenset[str]:
        """What of a wrong case never ran without a fault."""
        suspects, never_right = self.of(result, trace)
        return suspects if never_right else frozenset()

    def counts(self, result: Result) -> _Counts:
        """What counts for a wrong case."""
        return self.sending_back if only_gradients(result) else self.computing


class _Counts:
    """In how many right and wrong cases each thing ran."""

    def __init__(self) -> None:
        self._wrong: Counter[str] = Counter()
        self._right: Counter[str] = Counter()
        self.right_functions: set[str] = set()
        self.n_wrong = self.n_right = 0

    def add(self, trace: Trace, is_wrong: bool) -> None:
        """Count a case."""
        self.n_wrong += is_wrong
        self.n_right += not is_wrong
        (self._wrong if is_wrong else self._right).update(trace.computing)
        if not is_wrong:
            self.right_functions |= trace.called

    def score(self, one: str) -> float:
        """Of the cases in which it ran, the share of those that are wrong, and the less the fewer they are."""
        return self._wrong[one] / (self._wrong[one] + self._right[one] + 1)

    @property
    def says_much(self) -> bool:
        """Whether so many cases are right that what ran only in wrong ones did not do so by chance."""
        return self.n_right >= max(_FEWEST_RIGHT, _LEAST_RIGHT * self.n_wrong)

    def is_surely_wrong(self, one: str) -> bool:
        """Whether it ran in several wrong cases and in hardly a right one."""
        return self._wrong[one] >= max(_SEVERAL, _HARDLY * self._right[one])

    def is_never_right(self, one: str) -> bool:
        """Whether it ran in no case that is right."""
        return not self._right[one]

    def likeness(self, several: frozenset[str]) -> float:
        """How alike the cases in which these ran and those that are wrong are: from 0 to 1, for the same ones."""
        one = next(iter(several))
        return self._wrong[one] / math.sqrt(max(self.n_wrong, 1) * max(self._wrong[one] + self._right[one], 1))


def _function(one: str) -> str:
    """The function of a branch, or the function itself."""
    return one.partition(" ")[0]


def functions(several: Iterable[str]) -> frozenset[str]:
    """The functions of some branches."""
    return frozenset(map(_function, several))


def only_gradients(result: Result) -> bool:
    """Whether a case differs in gradients, and what it computes is right."""
    if result.code == "NO-GRADIENT":
        return True
    return bool(result.differences) and all(is_gradient(difference.what) for difference in result.differences)
