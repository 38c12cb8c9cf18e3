"""Which faults are roots, and what follows from them.

A package with a wrong GELU fails in every case that is made of GELU. Such a case is not a fault of its own, or nobody
can tell before the other one is mended; it is listed below that one. It counts as wrong all the same.

The rule goes by what really ran: functions, their branches, and how tensors were used. What of a wrong case is suspect
is told by `tinytorch_hf.judging.suspicion`. The wrong cases are gone through from those whose suspects explain most of
what is wrong, and among these from the smallest. Another wrong case follows from one before if it ran all suspects of
that. (Where the two have one symptom, such as a gradient that never arrives, and some of the suspects ran in no right
case, these will do.) It remains a root if

- its confirmed cause is another mistake, of a kind that does not come of a fault underneath ("forward is GELU's tanh
  form" does not; a factor, or a gradient that never arrives, does), and the first fault need not show in it at all, as
  its suspects were cleared. (Where they never ran without a fault, that fault is in the numbers of both, and one
  mistake alone would not explain those of a case with two.);
- what it computes is wrong, where in all others that show in it only gradients are;
- a number is not finite there alone, or in the other one alone;
- it crashes in a function that no right case ran, and neither did the other one.

So two independent faults are both roots wherever neither's function runs in the other's case. Where one does, and
neither of the above tells them apart, the second fault shows as soon as the first is mended.

A case that has the same particular mistake as another, and a part in common with it, follows from it, whatever else
the two ran. And from numbers that are kept in too few digits follows whatever that may explain.

A case that does not run what a root is about, but functions that both need, goes wrong together with it: what both run
is the place to look at. So do two roots that share functions which ran without a fault nowhere.

Of a root without a known cause and what follows from it and is made of the same parts, the first case with a known
cause is named as the root.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinytorch_hf.judging.consequences import (
    ALONE,
    OF_ALL_NUMBERS,
    OF_FEW_DIGITS,
    UNEXPLAINED,
    is_another_mistake,
    is_finite,
    may_follow,
)
from tinytorch_hf.judging.results import WRONG, Outcome, Result
from tinytorch_hf.judging.suspicion import Suspicion, Trace, functions, only_gradients

# More functions than these are not a place to look at.
_MOST_SHARED = 3


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
    suspicion = Suspicion.by(results, traces)
    wrong = _nearest_first(
        [result for result in results if result.outcome in WRONG and _has_run(traces, result)], traces, suspicion
    )
    roots, follows = _told_apart(wrong, traces, suspicion)
    for root in roots:
        _name_the_explained(root, results, traces, follows, suspicion)
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


def _nearest_first(wrong: Sequence[Result], traces: Mapping[str, Trace], suspicion: Suspicion) -> list[Result]:
    """Wrong cases: first those of what explains most of them, and of these the smallest."""

    def nearness(result: Result) -> tuple[float, int, int]:
        trace = traces[result.name]
        suspects, _ = suspicion.of(result, trace)
        counts = suspicion.counts(result)
        if result.code in OF_ALL_NUMBERS:
            return -math.inf, 0, len(trace.called)
        if not counts.says_much:
            return 0.0, 0, len(trace.called)
        return -counts.likeness(suspects), len(suspects), len(trace.called)

    return sorted(wrong, key=nearness)


def _told_apart(
    wrong: Sequence[Result], traces: Mapping[str, Trace], suspicion: Suspicion
) -> tuple[list[Result], dict[str, list[str]]]:
    """The roots, and what each other case follows from, by its name."""
    order = list(wrong)
    moved: set[str] = set()
    while True:
        roots, follows = _gone_through(order, traces, suspicion)
        for root in [one for one in roots if one.name not in moved]:
            # A later one may be what makes an earlier one wrong, as a wrong output makes gradients wrong.
            later = roots[roots.index(root) + 1 :]
            if any(
                _may_be_all(one, root)
                and is_finite(one) is is_finite(root)
                and _shows_in(one, traces[one.name], root, traces[root.name], suspicion)
                for one in later
            ):
                break
        else:
            return roots, follows
        # Each comes last at most once, and then it is behind what explains it.
        moved.add(root.name)
        order = [*(one for one in order if one is not root), root]


def _gone_through(
    order: Sequence[Result], traces: Mapping[str, Trace], suspicion: Suspicion
) -> tuple[list[Result], dict[str, list[str]]]:
    """The roots, and what each other case follows from, where cases come in this order."""
    roots: list[Result] = []
    follows: dict[str, list[str]] = {}
    for result in order:
        trace = traces[result.name]
        above = [root for root in roots if _shows_in(root, traces[root.name], result, trace, suspicion)]
        if not is_finite(result):
            above = [root for root in above if not is_finite(root)] or above
        if any(_may_be_all(root, result) for root in above):
            follows[result.name] = [root.name for root in above]
        else:
            roots.append(result)
    return roots, follows


@dataclass(frozen=True)
class _Related:
    """What wrong cases have in common, beside that one of them uses what the other is about."""

    wrong: Mapping[str, Result]
    traces: Mapping[str, Trace]
    suspicion: Suspicion

    def below(self, name: str, roots: Sequence[str]) -> dict[str, Sequence[str]]:
        """Of its roots those that a case does not use, each with the functions that both run."""
        trace = self.traces[name]
        found: dict[str, Sequence[str]] = {}
        for root in roots:
            above = self.traces[root]
            if _is_about(above, above.parts) and not _is_about(trace, above.parts):
                crashed = above.ended_in and above.ended_in == trace.ended_in
                common = self._suspects(root) & trace.called
                found[root] = [above.ended_in] if crashed else sorted(common) if len(common) <= _MOST_SHARED else []
        return found

    def beside(self, name: str, others: Sequence[str]) -> dict[str, Sequence[str]]:
        """The first of other roots with which a root shares functions that are right nowhere."""
        common = {other: sorted(self._never_right(name) & self._never_right(other)) for other in others}
        return dict([(other, names) for other, names in common.items() if 0 < len(names) <= _MOST_SHARED][:1])

    def _suspects(self, name: str) -> frozenset[str]:
        """Functions of the package in which the fault of a case is."""
        trace = self.traces[name]
        return functions(self.suspicion.of(self.wrong[name], trace)[0]) & trace.called

    def _never_right(self, name: str) -> frozenset[str]:
        return functions(self.suspicion.surely_of(self.wrong[name], self.traces[name])) & self.traces[name].called


def _is_about(trace: Trace, parts: frozenset[str]) -> bool:
    """Whether functions of these classes, or these functions, ran."""
    return any(parts.intersection(name.split(".")) for name in trace.called)


def _name_the_explained(
    root: Result,
    results: Sequence[Result],
    traces: Mapping[str, Trace],
    follows: dict[str, list[str]],
    suspicion: Suspicion,
) -> None:
    """Where a root has no known cause, and a case that follows from it alone has one, let them change places."""
    if root.code not in UNEXPLAINED:
        return
    own = suspicion.of(root, traces[root.name])
    for result in results:
        if (
            follows.get(result.name) == [root.name]
            and traces[result.name].parts == traces[root.name].parts
            and result.code not in (*UNEXPLAINED, *ALONE)
            and (not may_follow(result) or suspicion.of(result, traces[result.name]) == own)
        ):
            del follows[result.name]
            _put_under(root.name, [result.name], follows)
            return


def _put_under(root: str, others: Sequence[str], follows: dict[str, list[str]]) -> None:
    """Let a root follow from others, and so what follows from it."""
    for names in follows.values():
        if root in names:
            kept = [name for name in names if name != root]
            names[:] = [*kept, *(name for name in others if name not in kept)]
    follows[root] = list(others)


def _has_run(traces: Mapping[str, Trace], result: Result) -> bool:
    """Whether anything of the package ran; where its module did not even import, nothing can be told."""
    return result.name in traces and bool(traces[result.name].called)


def _shows_in(root: Result, above: Trace, result: Result, trace: Trace, suspicion: Suspicion) -> bool:
    """Whether the fault of one case shows in another."""
    if root.code in OF_ALL_NUMBERS:
        return result.code in (root.code, *OF_FEW_DIGITS) or may_follow(result)
    suspects, never_right = suspicion.of(root, above)
    if (result.where and result.where == root.where) or _is_the_same_mistake(root, above, result, trace):
        return True
    is_alone = root.code in ALONE and result.code != root.code
    # What several cases with one symptom have run, and no other, is one fault.
    is_one_symptom = never_right and bool(root.code) and root.code == result.code and may_follow(result)
    if is_alone or (
        not suspects <= trace.computing and not (is_one_symptom and suspects & suspicion.surely_of(result, trace))
    ):
        return False
    if result.outcome is Outcome.CRASHES:
        return _may_crash_for(root, above, trace, suspicion)
    is_another = is_another_mistake(result, root) and not (
        # It may be the same one, if nothing is known of the first.
        root.code in UNEXPLAINED and above.parts == trace.parts
    )
    is_same_place = is_finite(root) and suspicion.of(result, trace)[0] == suspects
    is_kept = is_finite(result) is is_finite(root) or is_same_place
    return (is_kept or is_finite(root)) if never_right else is_kept and not is_another


def _is_the_same_mistake(root: Result, above: Trace, result: Result, trace: Trace) -> bool:
    return result.code == root.code and not may_follow(result) and bool(above.parts & trace.parts)


def _may_be_all(root: Result, result: Result) -> bool:
    """Whether a case may be wrong only because another one is: a wrong gradient makes no output wrong."""
    is_everywhere = root.code in OF_ALL_NUMBERS
    return is_everywhere or not only_gradients(root) or only_gradients(result) or _trains(result)


def _may_crash_for(root: Result, above: Trace, trace: Trace, suspicion: Suspicion) -> bool:
    """Whether a crash is in a function that is right elsewhere, or that the root ran as well."""
    if not trace.ended_in:
        # It ended in our own code, as when a weight cannot be loaded.
        return root.outcome is Outcome.CRASHES and not above.ended_in
    return trace.ended_in in suspicion.computing.right_functions | above.called


def _trains(result: Result) -> bool:
    """Whether what differs may have been computed from gradients, as a loss after a step is."""
    return all(difference.what != "output" for difference in result.differences)
