"""From reports to marks: what each operation gets, over all seeds, and what costs nothing.

The rules:

- An operation is worth its points if it agrees under every seed; otherwise how it ended worst counts.
- One that is wrong only because another one is gets its points all the same, where the other one is in the rubric and
  pays for itself. Of operations that are wrong because of each other, the first one pays. All that is credited so is at
  most as much as what is right: which functions ran is what the submission's own process says, and whoever lets
  everything go through one broken function has shown nothing.
- Of operations that are about one part, such as a class, and go wrong together, the one pays that is worth most.
- What is not implemented yet has no points, and neither has what could not be tried; the instructor is told of that.
- A package that does not import is wrong in everything, with one reason. That is the author's fault in the code; a
  submission without a package is *ungradable* instead, which is no score.

What is seen under a hidden seed alone is for the instructor alone: a message may show the numbers.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tinytorch_hf.grading.marks import Mark, Status
from tinytorch_hf.grading.rubric import Rubric, Share
from tinytorch_hf.judging.results import WRONG, Outcome, Report, Result
from tinytorch_hf.reports.operations_table import short_place
from tinytorch_hf.shown import printable

_STATUS = {
    Outcome.AGREES: Status.PASSED,
    Outcome.MISSING: Status.UNBUILT,
    Outcome.UNTRIED: Status.UNTRIED,
    Outcome.DIFFERS: Status.FAILED,
    Outcome.CRASHES: Status.FAILED,
}
# The worst last.
_ORDER = (Outcome.AGREES, Outcome.MISSING, Outcome.UNTRIED, Outcome.DIFFERS, Outcome.CRASHES)
_ONLY_HIDDEN = "It is wrong for other numbers than those that are shown."
NO_IMPORT = "importing it: "
"""How a message begins where a package does not import."""

DOES_NOT_IMPORT = "The package does not import."
_NOT_RUN = "it was not run"
# Where an object is differs from run to run, and says nothing.
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")
_LONGEST_LINE = 600
_MOST_LINES = 60


@dataclass(frozen=True)
class Run:
    """A report under one seed.

    Attributes
    ----------
    report
        What was found.
    is_hidden
        Whether students may not know the seed.
    folder
        Where the submission was run; messages leave it out.
    """

    report: Report
    is_hidden: bool
    folder: str = ""


@dataclass(frozen=True)
class _Seen:
    """How an operation ended worst, and whether students may read about it."""

    result: Result
    run: Run


def marks_of(runs: Sequence[Run], rubric: Rubric) -> tuple[Mark, ...]:
    """A mark for each operation of the rubric.

    Parameters
    ----------
    runs
        The reports under all seeds. What is in none of them was not tried.
    rubric
        What each operation is worth.
    """
    shares = rubric.shares()
    seen = {share.operation: _worst(share, runs) for share in shares}
    follows: dict[str, tuple[str, ...]] = {}
    if rubric.credit_consequences:
        follows = _consequences([share.operation for share in shares], seen, runs)
        _let_the_dearest_pay(shares, seen, follows)
    return _within_what_is_right([_mark(share, seen[share.operation], follows) for share in shares])


def _worst(share: Share, runs: Sequence[Run]) -> _Seen:
    """How an operation ended worst; of several that are as bad one under a shown seed."""
    found = [_Seen(result, run) for run in runs for result in run.report.results if result.name == share.operation]
    if len(found) < len(runs) or not runs:
        result = Result(share.operation, share.module, Outcome.UNTRIED, _NOT_RUN)
        found.append(_Seen(result, Run(Report("", "", "", [result]), is_hidden=False)))
    return max(found, key=lambda one: (_ORDER.index(one.result.outcome), not one.run.is_hidden))


def _consequences(
    operations: Sequence[str], seen: Mapping[str, _Seen], runs: Sequence[Run]
) -> dict[str, tuple[str, ...]]:
    """For each operation that is wrong because of others, those of them that are wrong and in the rubric."""
    wrong = {name for name in operations if seen[name].result.outcome in WRONG}
    above: dict[str, set[str]] = {name: set() for name in wrong}
    for run in runs:
        for result in run.report.results:
            if result.name in wrong:
                # Who shares a function with another, and uses nothing of what that is about, pays for itself.
                above[result.name] |= wrong.intersection(result.follows) - {result.name, *result.together}
    # Whatever follows from nothing pays for itself; so does the first of those that go round in a circle.
    unexplained = [name for name in operations if name in wrong and not above[name]]
    explained: set[str] = set()
    for name in [*unexplained, *(name for name in operations if name in wrong)]:
        if name not in explained:
            if name not in unexplained:
                unexplained.append(name)
            explained |= _reached(name, above)
    return {name: tuple(one for one in operations if one in above[name]) for name in wrong if name not in unexplained}


def _let_the_dearest_pay(shares: Sequence[Share], seen: dict[str, _Seen], follows: dict[str, tuple[str, ...]]) -> None:
    """Let a root change places with what follows from it, is about the same part, and is worth more."""
    for root in shares:
        part = seen[root.operation].result.part
        payer = max(
            [root, *(one for one in shares if root.operation in follows.get(one.operation, ()))],
            key=lambda one: (one.points * (seen[one.operation].result.part == part), one is root),
        )
        # What a student sees is not to be explained by what is hidden.
        if root.operation in follows or not part or payer is root or payer.is_hidden > root.is_hidden:
            continue
        old, new = root.operation, payer.operation
        del follows[new]
        for name, names in follows.items():
            follows[name] = tuple(dict.fromkeys(new if one == old else one for one in names))
        follows[old] = (new,)
        cause = seen[old].result
        known = {field: getattr(cause, field) for field in ("code", "cause", "hint", "snippet")}
        seen[new] = replace(seen[new], result=replace(seen[new].result, **known))


def _reached(root: str, above: Mapping[str, Iterable[str]]) -> set[str]:
    """A root and all that follows from it, directly or not."""
    reached, new = {root}, {root}
    while new:
        new = {name for name, roots in above.items() if name not in reached and not new.isdisjoint(roots)}
        reached |= new
    return reached


def _mark(share: Share, seen: _Seen, follows: Mapping[str, tuple[str, ...]]) -> Mark:
    result = seen.result
    status = Status.CONSEQUENCE if share.operation in follows else _STATUS[result.outcome]
    roots = follows.get(share.operation, ())
    text = _message(result, seen.run, roots)
    is_right = status is Status.PASSED
    # Of what is not there no numbers were asked.
    is_secret = seen.run.is_hidden and result.outcome is not Outcome.MISSING
    return Mark(
        share.operation,
        share.module,
        status,
        share.points if status in (Status.PASSED, Status.CONSEQUENCE) else 0.0,
        share.points,
        message="" if is_right else _for_students(result, roots) if is_secret else text,
        code=result.code,
        follows=roots,
        is_hidden=share.is_hidden,
        is_required=share.is_required,
        for_instructor=text if is_secret and not is_right else "",
    )


def _within_what_is_right(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """The marks; what is credited as a consequence is at most as much as what is right."""
    right = sum(mark.points for mark in marks if mark.status is Status.PASSED)
    credited = sum(mark.points for mark in marks if mark.status is Status.CONSEQUENCE)
    if credited <= right:
        return tuple(marks)
    part = right / credited
    return tuple(
        replace(mark, points=mark.points * part) if mark.status is Status.CONSEQUENCE else mark for mark in marks
    )


def _message(result: Result, run: Run, roots: Sequence[str]) -> str:
    """What was seen, where, why and what to do, line by line."""
    rows = [f"Follows from {', '.join(roots)}"] if roots else []
    rows += result.detail.split("\n") if result.detail else []
    places = [f"computing {result.expression}"] if result.expression else []
    places += [f"at {short_place(result.where, run.report.location)}"] if result.where else []
    rows += [" ".join(places)] if places else []
    rows += [f"Called as {result.call}"] if result.call else []
    if not roots:
        rows += _explained(result)
        rows += ["Try these lines alone:", *result.snippet.splitlines()] if result.snippet else []
    return _safe(
        [_ADDRESS.sub("0x...", row.replace(f"{run.folder}{os.sep}", "") if run.folder else row) for row in rows]
    )


def _for_students(result: Result, roots: Sequence[str]) -> str:
    """What a student may read of what is wrong under a hidden seed alone: none of its numbers."""
    rows = [f"Follows from {', '.join(roots)}"] if roots else _explained(result)
    seen = _ONLY_HIDDEN if result.outcome in WRONG else _STATUS[result.outcome].value
    return _safe([DOES_NOT_IMPORT if result.detail.startswith(NO_IMPORT) else seen, *rows])


def _explained(result: Result) -> list[str]:
    rows = [f"Likely cause: {result.cause}"] if result.cause else []
    return rows + ([f"Hint: {result.hint}"] if result.hint else [])


def _safe(rows: Sequence[str]) -> str:
    """Lines in printable characters, not too many and none too long: a submission may have written them."""
    kept = [printable(row[: 4 * _LONGEST_LINE])[:_LONGEST_LINE] for row in rows[:_MOST_LINES]]
    return "\n".join([*kept, "..."] if len(rows) > _MOST_LINES else kept)
