"""Which faults are roots, and what follows from them.

A package with a wrong GELU fails in every case that is made of GELU. Such a case is no fault of its own, or cannot be
told to be one before the other is mended; it is listed under that. It counts as wrong all the same.

The rule goes by the functions that really ran. What ran in a case that is right is cleared: for the gradients, if the
case had gradients, and otherwise for what is computed. What remains of a wrong case are its suspects; if nothing
remains, its fault shows only under its own circumstances, and everything that it ran is suspect. Another wrong case
follows from it if it ran all suspects and is the larger one of the two. It remains a root if

- its confirmed cause is another mistake, of a kind that does not come of a fault underneath (a factor or a gradient
  that does not arrive does; "forward is GELU's tanh form" does not);
- what it computes is wrong, where in the other one only gradients are;
- a number is not finite there alone, or in the other one alone;
- it crashes in a function that no right case ran, and neither did the other one.

So two independent faults are both roots wherever neither's function runs in the other's case. Where one does, and
neither of the above tells them apart, the second fault shows as soon as the first is mended.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinytorch_hf.judging.case import is_gradient
from tinytorch_hf.judging.results import WRONG, Outcome, Result

# Mistakes that are also how a fault in what a case is built on looks from above.
CONSEQUENCES = frozenset(
    {
        "ANOTHER-DEFINITION",
        "BRANCH-LOST",
        "DIVISION-MISSING",
        "DIVISION-TWICE",
        "GRADIENT-NOT-OF-FORWARD",
        "GRAPH-CUT-CNN",
        "GRAPH-CUT-FLATTEN",
        "HALF",
        "NO-GRADIENT",
        "NOT-SUMMED-BROADCAST",
        "OTHER-SHAPE",
        "RESHAPED-NOT-TRANSPOSED",
        "RESIDUAL-NOT-ADDED",
        "SHOULD-BE-ZERO",
        "SIGN",
        "SOME-ZERO",
        "TRANSPOSED",
        "TWICE",
        "ZERO-EVERYWHERE",
    }
)
_NOT_FINITE = "NOT-FINITE"


@dataclass(frozen=True)
class Trace:
    """What ran in a case.

    Attributes
    ----------
    called
        Names of functions of the package under test.
    ended_in
        The one in which an error arose, or nothing.
    """

    called: frozenset[str]
    ended_in: str = ""


def with_roots(results: Sequence[Result], traces: Mapping[str, Trace]) -> list[Result]:
    """The results, each wrong one with the names of the roots that it follows from; see the module for the rule.

    Parameters
    ----------
    results
        How each case ended, in the course's order.
    traces
        What ran in each case, by its name; a case without one is a root, and nothing follows from it.
    """
    wrong = [result for result in results if result.outcome in WRONG and result.name in traces]
    place = {result.name: number for number, result in enumerate(results)}
    # The smaller a case, the nearer it is to the fault.
    wrong.sort(key=lambda result: (len(traces[result.name].called), place[result.name]))
    cleared = _Cleared.by(results, traces)
    roots: list[Result] = []
    follows: dict[str, tuple[str, ...]] = {}
    for result in wrong:
        trace = traces[result.name]
        above = [root for root in roots if _explains(root, traces[root.name], result, trace, cleared)]
        if above:
            follows[result.name] = tuple(sorted((root.name for root in above), key=place.__getitem__))
        else:
            roots.append(result)
    return [dataclasses.replace(result, follows=follows.get(result.name, ())) for result in results]


@dataclass(frozen=True)
class _Cleared:
    """Functions that ran in cases that are right: in any, and in those that call a backward."""

    computing: frozenset[str]
    sending_back: frozenset[str]

    @staticmethod
    def by(results: Sequence[Result], traces: Mapping[str, Trace]) -> _Cleared:
        right = [
            traces[result.name].called
            for result in results
            if result.outcome is Outcome.AGREES and result.name in traces
        ]
        with_backward = [called for called in right if any(_last(name) == "backward" for name in called)]
        return _Cleared(frozenset().union(*right), frozenset().union(*with_backward))

    def suspects(self, result: Result, called: frozenset[str]) -> frozenset[str]:
        remaining = called - (self.sending_back if _only_gradients(result) else self.computing)
        return remaining or called


def _explains(root: Result, above: Trace, result: Result, trace: Trace, cleared: _Cleared) -> bool:
    """Whether a wrong case may be wrong only because another one is."""
    if result.where and result.where == root.where:
        return True
    if not cleared.suspects(root, above.called) <= trace.called:
        return False
    if result.outcome is Outcome.CRASHES:
        return trace.ended_in in cleared.computing | above.called
    if _is_another_mistake(result, root) or _is_finite(result) is not _is_finite(root):
        return False
    return root.outcome is Outcome.CRASHES or not _only_gradients(root) or _only_gradients(result) or _trains(result)


def _is_another_mistake(result: Result, root: Result) -> bool:
    family = "-".join(result.code.split("-")[:2])
    is_consequence = not result.code or result.code in CONSEQUENCES or family in CONSEQUENCES
    return not is_consequence and not root.code.startswith(family)


def _is_finite(result: Result) -> bool:
    return result.code != _NOT_FINITE


def _only_gradients(result: Result) -> bool:
    """Whether a case differs in gradients, and what it computes is right."""
    return bool(result.differences) and all(is_gradient(difference.what) for difference in result.differences)


def _trains(result: Result) -> bool:
    """Whether what differs may have been computed from gradients, as a loss after a step is."""
    return all(difference.what != "output" for difference in result.differences)


def _last(name: str) -> str:
    return name.rpartition(".")[2]
