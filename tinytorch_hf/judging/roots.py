"""Which faults are roots, and what follows from them.

A package with a wrong GELU fails in every case that is made of GELU. Such a case is no fault of its own, or cannot be
told to be one before the other is mended; it is listed under that. It counts as wrong all the same.

The rule goes by the functions that really ran. What ran in a case that is right is cleared: for the gradients, if the
case had gradients, and otherwise for what is computed. What remains of a wrong case are its suspects; if nothing
remains, its fault shows only under its own circumstances, and everything that it ran is suspect. Another wrong case
follows from it if it ran all suspects and is the larger one of the two. It remains a root if

- its confirmed cause is another mistake, of a kind that does not come of a fault underneath ("forward is GELU's tanh
  form" does not; a factor, or a gradient that never arrives, does), and the first fault need not show in it at all, as
  its suspects were cleared. (Where they never ran without a fault, that fault is in the numbers of both, and one
  mistake alone would not explain those of a case with two.);
- what it computes is wrong, where in all others that show in it only gradients are;
- a number is not finite there alone, or in the other one alone;
- it crashes in a function that no right case ran, and neither did the other one.

So two independent faults are both roots wherever neither's function runs in the other's case. Where one does, and
neither of the above tells them apart, the second fault shows as soon as the first is mended.

A case that has the same particular mistake as another, and all parts that the other is made of, follows from it,
whatever else the two ran.

A case that does not run what a root is about, but functions that both need, goes wrong together with it: what both run
is the place to look at. So do two roots that share functions which ran without a fault nowhere.

Of a root without a known cause and what follows from it and is made of the same parts, the first case with a known
cause is named as the root.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tinytorch_hf.judging.case import is_gradient
from tinytorch_hf.judging.results import WRONG, Outcome, Result

# Mistakes that are also how a fault in what a case is built on looks from above.
CONSEQUENCES = frozenset(
    {
        "ANOTHER-DEFINITION",
        "BACKWARD-RAISES",
        "BRANCH-LOST",
        "DIVISION-MISSING",
        "DIVISION-TWICE",
        "GRADIENT-NOT-OF-FORWARD",
        "GRAPH-CUT-CNN",
        "GRAPH-CUT-FLATTEN",
        "HALF",
        "LOOKS-AHEAD",
        "NO-GRADIENT",
        "REFLECTED-DETACHED",
        "NOT-SUMMED-BROADCAST",
        "AXES-EXCHANGED",
        "AXIS-KEPT",
        "AXIS-LOST",
        "OTHER-SHAPE",
        "RESHAPED-NOT-TRANSPOSED",
        "RESIDUAL-NOT-ADDED",
        "SHOULD-BE-ZERO",
        "SIGN",
        "SOME-ZERO",
        "TRANSPOSED",
        "TWICE",
        "VALUES-MISPLACED",
        "ZERO-EVERYWHERE",
    }
)
# Mistakes that show in no other case, as nothing else is done in that way.
_ALONE = frozenset({"OPTIMIZER-GENERATOR"})
# Mistakes about what all numbers are kept in, and those that look so where it has too few digits or no room.
_OF_ALL_NUMBERS = frozenset({"FLOAT16"})
_OF_FEW_DIGITS = frozenset(
    {
        "BCE-CERTAIN",
        "CE-OVERFLOW",
        "GELU-OVERFLOW",
        "MEMORY-ORDER",
        "NOT-FINITE",
        "SIGMOID-OVERFLOW",
        "SOFTMAX-OVERFLOW",
        "TANH-OVERFLOW",
    }
)
# Functions that compute nothing: one case may look at them, and another may not.
_ACCESSORS = ("parameters", "__call__", "__repr__", "__len__")
_UNEXPLAINED = ("", "ANOTHER-DEFINITION", "GRADIENT-NOT-OF-FORWARD", "LOOKS-AHEAD")
_NOT_FINITE = "NOT-FINITE"
# One mistake, as the cases of two parts know it.
_ALIKE = (
    frozenset({"INDEX-LAST-PLACE", "EMBEDDING-LAST-PLACE"}),
    frozenset({"PARAMETERS-MISSING", "PARAMETERS-OTHER", "PARAMETERS-STALE", "PARAMETERS-STALE-WEIGHT"}),
)
# What ran in as many wrong cases and in no right one is in all of them the fault.
_SEVERAL = 4
# More functions than these are no place to look at.
_MOST_SHARED = 3


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
        """What ran as finely as it is known, but for functions that compute nothing."""
        ran = self.branches or self.called
        return frozenset(one for one in ran if _function(one).rpartition(".")[2] not in _ACCESSORS) or ran


def with_roots(results: Sequence[Result], traces: Mapping[str, Trace]) -> list[Result]:
    """The results, each wrong one with the names of the roots that it follows from; see the module for the rule.

    Parameters
    ----------
    results
        How each case ended, in the course's order.
    traces
        What ran in each case, by its name; a case without one is a root, and nothing follows from it.
    """
    place = {result.name: number for number, result in enumerate(results)}
    suspicion = _Suspicion.by(results, traces)
    wrong = _nearest_first(
        [result for result in results if result.outcome in WRONG and _has_run(traces, result)], traces, suspicion
    )
    roots: list[Result] = []
    follows: dict[str, list[str]] = {}
    for result in wrong:
        trace = traces[result.name]
        above = [root for root in roots if _shows_in(root, traces[root.name], result, trace, suspicion)]
        if any(_may_be_all(root, result) for root in above):
            follows[result.name] = [root.name for root in above]
        else:
            roots.append(result)
    for root in roots:
        _name_the_explained(root, results, traces, follows)
    names_of_roots = [result.name for result in results if result in wrong and result.name not in follows]
    related = _Related({result.name: result for result in wrong}, traces, suspicion)
    judged = []
    for result in results:
        uses = tuple(sorted(follows.get(result.name, ()), key=place.__getitem__))
        shared: Mapping[str, Sequence[str]] = {}
        if uses:
            shared = related.below(result.name, uses)
        elif result.name in names_of_roots:
            shared = related.beside(result.name, names_of_roots[: names_of_roots.index(result.name)])
        judged.append(
            dataclasses.replace(
                result,
                follows=uses,
                together=tuple(shared),
                shared=tuple(sorted({name for names in shared.values() for name in names}))[:_MOST_SHARED],
                call=(result.call and traces[result.name].call if result.name in traces else "") or result.call,
            )
        )
    return judged


def _nearest_first(wrong: Sequence[Result], traces: Mapping[str, Trace], suspicion: _Suspicion) -> list[Result]:
    """Wrong cases: first what explains most of them, and of that those with a known cause, and then the smallest."""

    def nearness(result: Result) -> tuple[float, int, bool, int]:
        trace = traces[result.name]
        suspects, _ = suspicion.of(result, trace)
        counts = suspicion.counts(result)
        if result.code in _OF_ALL_NUMBERS:
            return -math.inf, 0, False, len(trace.called)
        if not counts.says_much:
            return 0.0, 0, False, len(trace.called)
        return -counts.likeness(suspects), len(suspects), result.code in _UNEXPLAINED, len(trace.called)

    return sorted(wrong, key=nearness)


@dataclass(frozen=True)
class _Related:
    """What wrong cases have in common, beside that one of them uses what the other is about."""

    wrong: Mapping[str, Result]
    traces: Mapping[str, Trace]
    suspicion: _Suspicion

    def below(self, name: str, roots: Sequence[str]) -> dict[str, Sequence[str]]:
        """Of its roots those that a case does not use, each with the functions that both run."""
        trace = self.traces[name]
        found: dict[str, Sequence[str]] = {}
        for root in roots:
            above = self.traces[root]
            if _is_about(above, above.parts) and not _is_about(trace, above.parts):
                crashed = above.ended_in and above.ended_in == trace.ended_in
                common = self._never_right(root) & trace.called
                found[root] = [above.ended_in] if crashed else sorted(common) if len(common) <= _MOST_SHARED else []
        return found

    def beside(self, name: str, others: Sequence[str]) -> dict[str, Sequence[str]]:
        """The first of other roots with which a root shares functions that are right nowhere."""
        common = {other: sorted(self._never_right(name) & self._never_right(other)) for other in others}
        return dict([(other, names) for other, names in common.items() if 0 < len(names) <= _MOST_SHARED][:1])

    def _never_right(self, name: str) -> frozenset[str]:
        suspects, never_right = self.suspicion.of(self.wrong[name], self.traces[name])
        return _functions(suspects) & self.traces[name].called if never_right else frozenset()


def _is_about(trace: Trace, parts: frozenset[str]) -> bool:
    """Whether functions of these classes, or these functions, ran."""
    return any(parts.intersection(name.split(".")) for name in trace.called)


def _name_the_explained(
    root: Result, results: Sequence[Result], traces: Mapping[str, Trace], follows: dict[str, list[str]]
) -> None:
    """Where a root has no known cause, and a case that follows from it alone has one, let them change places."""
    if root.code not in _UNEXPLAINED:
        return
    for result in results:
        if (
            follows.get(result.name) == [root.name]
            and traces[result.name].parts == traces[root.name].parts
            and not _may_follow(result)
            and result.code not in _ALONE
        ):
            del follows[result.name]
            for names in follows.values():
                names[:] = [result.name if name == root.name else name for name in names]
            follows[root.name] = [result.name]
            return


def _has_run(traces: Mapping[str, Trace], result: Result) -> bool:
    """Whether anything of the package ran; where its module did not even import, nothing can be told."""
    return result.name in traces and bool(traces[result.name].called)


@dataclass(frozen=True)
class _Suspicion:
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

    @staticmethod
    def by(results: Sequence[Result], traces: Mapping[str, Trace]) -> _Suspicion:
        computing, sending_back = _Counts(), _Counts()
        for result in results:
            trace = traces.get(result.name)
            if trace is None or not (result.outcome in WRONG or result.outcome is Outcome.AGREES):
                continue
            computing.add(trace, is_wrong=result.outcome in WRONG and not _only_gradients(result))
            if trace.has_gradients:
                sending_back.add(trace, is_wrong=result.outcome in WRONG)
        return _Suspicion(computing, sending_back)

    def of(self, result: Result, trace: Trace) -> tuple[frozenset[str], bool]:
        """What of a wrong case the fault is in, as far as can be told, and whether it never ran without a fault."""
        counts = self.counts(result)
        if counts.says_much:
            scores = {one: counts.score(one) for one in trace.computing}
            most = max(scores.values())
            suspects = frozenset(one for one, score in scores.items() if score == most)
            return suspects, all(counts.is_surely_wrong(one) for one in suspects)
        remaining = frozenset(one for one in trace.computing if counts.is_never_right(one))
        return remaining or trace.computing, bool(remaining)

    def counts(self, result: Result) -> _Counts:
        """What counts for a wrong case."""
        return self.sending_back if _only_gradients(result) else self.computing


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
        """Whether so many cases are right that what ran in wrong ones alone is no chance."""
        return self.n_right >= self.n_wrong

    def is_surely_wrong(self, one: str) -> bool:
        """Whether it ran in several wrong cases and in no right one."""
        return self.is_never_right(one) and self._wrong[one] >= _SEVERAL

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


def _functions(several: Iterable[str]) -> frozenset[str]:
    return frozenset(map(_function, several))


def _shows_in(root: Result, above: Trace, result: Result, trace: Trace, suspicion: _Suspicion) -> bool:
    """Whether the fault of one case shows in another."""
    if root.code in _ALONE and result.code != root.code:
        return False
    if root.code in _OF_ALL_NUMBERS:
        return result.code in (root.code, *_OF_FEW_DIGITS) or _may_follow(result)
    suspects, never_right = suspicion.of(root, above)
    if (result.where and result.where == root.where) or _is_the_same_mistake(root, above, result, trace):
        return True
    if not suspects <= trace.computing:
        return False
    if result.outcome is Outcome.CRASHES:
        return _may_crash_for(root, above, trace, suspicion)
    is_another = _is_another_mistake(result, root) and not (
        # It may be the same one, if nothing is known of the first.
        root.code in _UNEXPLAINED and above.parts == trace.parts
    )
    return _is_finite(result) is _is_finite(root) and (never_right or not is_another)


def _is_the_same_mistake(root: Result, above: Trace, result: Result, trace: Trace) -> bool:
    return result.code == root.code and not _may_follow(result) and bool(above.parts & trace.parts)


def _may_be_all(root: Result, result: Result) -> bool:
    """Whether a case may be wrong only because another one is: a wrong gradient makes no output wrong."""
    is_everywhere = root.code in _OF_ALL_NUMBERS
    return is_everywhere or not _only_gradients(root) or _only_gradients(result) or _trains(result)


def _may_crash_for(root: Result, above: Trace, trace: Trace, suspicion: _Suspicion) -> bool:
    """Whether a crash is in a function that is right elsewhere, or that the root ran as well."""
    if not trace.ended_in:
        # It ended in our own code, as when a weight cannot be loaded.
        return root.outcome is Outcome.CRASHES and not above.ended_in
    return trace.ended_in in suspicion.computing.right_functions | above.called


def _is_another_mistake(result: Result, root: Result) -> bool:
    is_alike = any({result.code, root.code} <= codes for codes in _ALIKE)
    return not _may_follow(result) and not root.code.startswith(_family(result)) and not is_alike


def _may_follow(result: Result) -> bool:
    """Whether the cause of a case, if it has one, is also how a fault underneath looks."""
    return not result.code or result.code in CONSEQUENCES or _family(result) in CONSEQUENCES


def _family(result: Result) -> str:
    return "-".join(result.code.split("-")[:2])


def _is_finite(result: Result) -> bool:
    return result.code != _NOT_FINITE


def _only_gradients(result: Result) -> bool:
    """Whether a case differs in gradients, and what it computes is right."""
    return bool(result.differences) and all(is_gradient(difference.what) for difference in result.differences)


def _trains(result: Result) -> bool:
    """Whether what differs may have been computed from gradients, as a loss after a step is."""
    return all(difference.what != "output" for difference in result.differences)
