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
from collections.abc import Mapping, Sequence
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
# Functions that compute nothing: one case may look at them, and another may not.
_ACCESSORS = ("parameters", "__call__", "__repr__", "__len__")
_UNEXPLAINED = ("", "ANOTHER-DEFINITION", "GRADIENT-NOT-OF-FORWARD", "LOOKS-AHEAD")
_NOT_FINITE = "NOT-FINITE"
# One mistake, as the cases of two parts know it.
_ALIKE = (frozenset({"INDEX-LAST-PLACE", "EMBEDDING-LAST-PLACE"}),)
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
    """

    called: frozenset[str]
    ended_in: str = ""
    has_gradients: bool = False
    parts: frozenset[str] = frozenset()
    call: str = ""


def with_roots(results: Sequence[Result], traces: Mapping[str, Trace]) -> list[Result]:
    """The results, each wrong one with the names of the roots that it follows from; see the module for the rule.

    Parameters
    ----------
    results
        How each case ended, in the course's order.
    traces
        What ran in each case, by its name; a case without one is a root, and nothing follows from it.
    """
    wrong = [result for result in results if result.outcome in WRONG and _has_run(traces, result)]
    place = {result.name: number for number, result in enumerate(results)}
    # The smaller a case, the nearer it is to the fault.
    wrong.sort(key=lambda result: (len(traces[result.name].called), place[result.name]))
    cleared = _Cleared.by(results, traces)
    roots: list[Result] = []
    follows: dict[str, list[str]] = {}
    for result in wrong:
        trace = traces[result.name]
        above = [root for root in roots if _shows_in(root, traces[root.name], result, trace, cleared)]
        if any(_may_be_all(root, result) for root in above):
            follows[result.name] = [root.name for root in above]
        else:
            roots.append(result)
    for root in roots:
        _name_the_explained(root, results, traces, follows)
    names_of_roots = [result.name for result in results if result in wrong and result.name not in follows]
    related = _Related({result.name: result for result in wrong}, traces, cleared)
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


@dataclass(frozen=True)
class _Related:
    """What wrong cases have in common, beside that one of them uses what the other is about."""

    wrong: Mapping[str, Result]
    traces: Mapping[str, Trace]
    cleared: _Cleared

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
        suspects, never_right = self.cleared.suspects(self.wrong[name], self.traces[name].called)
        return suspects if never_right else frozenset()


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
class _Cleared:
    """Functions that ran in cases that are right: in any, and in those whose gradients are."""

    computing: frozenset[str]
    sending_back: frozenset[str]

    @staticmethod
    def by(results: Sequence[Result], traces: Mapping[str, Trace]) -> _Cleared:
        right = [
            traces[result.name] for result in results if result.outcome is Outcome.AGREES and result.name in traces
        ]
        return _Cleared(
            frozenset().union(*(trace.called for trace in right)),
            frozenset().union(*(trace.called for trace in right if trace.has_gradients)),
        )

    def suspects(self, result: Result, called: frozenset[str]) -> tuple[frozenset[str], bool]:
        """The functions in one of which the fault is, and whether they never ran without a fault."""
        computing = frozenset(name for name in called if name.rpartition(".")[2] not in _ACCESSORS) or called
        remaining = computing - (self.sending_back if _only_gradients(result) else self.computing)
        return remaining or computing, bool(remaining)


def _shows_in(root: Result, above: Trace, result: Result, trace: Trace, cleared: _Cleared) -> bool:
    """Whether the fault of one case shows in another."""
    if root.code in _ALONE and result.code != root.code:
        return False
    suspects, never_right = cleared.suspects(root, above.called)
    if (result.where and result.where == root.where) or _is_the_same_mistake(root, above, result, trace):
        return True
    if not suspects <= trace.called:
        return False
    if result.outcome is Outcome.CRASHES:
        return _may_crash_for(root, above, trace, cleared)
    is_another = _is_another_mistake(result, root) and not (
        # It may be the same one, if nothing is known of the first.
        root.code in _UNEXPLAINED and above.parts == trace.parts
    )
    return _is_finite(result) is _is_finite(root) and (never_right or not is_another)


def _is_the_same_mistake(root: Result, above: Trace, result: Result, trace: Trace) -> bool:
    return result.code == root.code and not _may_follow(result) and bool(above.parts) and above.parts <= trace.parts


def _may_be_all(root: Result, result: Result) -> bool:
    """Whether a case may be wrong only because another one is: a wrong gradient makes no output wrong."""
    return not _only_gradients(root) or _only_gradients(result) or _trains(result)


def _may_crash_for(root: Result, above: Trace, trace: Trace, cleared: _Cleared) -> bool:
    """Whether a crash is in a function that is right elsewhere, or that the root ran as well."""
    if not trace.ended_in:
        # It ended in our own code, as when a weight cannot be loaded.
        return root.outcome is Outcome.CRASHES and not above.ended_in
    return trace.ended_in in cleared.computing | above.called


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
