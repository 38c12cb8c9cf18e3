"""A class, graded: who passed what, which mistakes are common, who needs help."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf.grading.formats.points import maxima, points, total
from tinytorch_hf.grading.marking import DOES_NOT_IMPORT, NO_IMPORT
from tinytorch_hf.grading.marks import Graded, Mark, Status
from tinytorch_hf.grading.rubric import Rubric
from tinytorch_hf.student.process import STILL_RUNNING, WAS_ENDED

ENOUGH = 0.5
"""Who has a smaller share of the points may need help."""


@dataclass(frozen=True)
class Score:
    """A submission's points, in whole hundredths.

    Attributes
    ----------
    points, out_of
        What it gets, and the most that there are.
    note
        Why there are none though something may be right; or nothing.
    """

    points: float
    out_of: float
    note: str = ""

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.points / self.out_of

    def __str__(self) -> str:
        return f"{self.points:g} of {self.out_of:g}"


@dataclass(frozen=True)
class Tally:
    """How often an operation ended in which way in the class.

    Attributes
    ----------
    operation, module
        Which one.
    counts
        How many submissions ended like this, those left out that could not be graded.
    """

    operation: str
    module: str
    counts: Counter[Status]


@dataclass(frozen=True)
class Mistake:
    """A mistake that is made in the class.

    Attributes
    ----------
    code
        The catalogue's, or nothing where it has none.
    sentence
        What it is, or how it shows.
    operations
        Where it shows.
    names
        Who makes it.
    """

    code: str
    sentence: str
    operations: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Gradebook:
    """What a class gets.

    Attributes
    ----------
    rubric
        What it was graded by.
    gradeds
        The submissions, by name. Where grading was interrupted, those that are finished.
    shown_seeds, hidden_seeds
        The seeds that fixed the inputs; the hidden ones are not for students.
    judge
        Who said what is right.
    is_complete
        Whether every submission is there.
    unchanged
        Names of those that had been graded before, and were not run again.
    out
        The folder that it was written to, if it was.
    ignored
        Names of files among the submissions that are none.
    """

    rubric: Rubric
    gradeds: tuple[Graded, ...]
    shown_seeds: tuple[int, ...]
    hidden_seeds: tuple[int, ...]
    judge: str
    is_complete: bool = True
    unchanged: tuple[str, ...] = ()
    out: Path | None = None
    ignored: tuple[str, ...] = ()

    @property
    def status(self) -> int:
        """Exit status: 0 if every submission is graded, 1 if one is ungradable or withheld.

        Of a class that was interrupted it is 130.
        """
        if not self.is_complete:
            return 130
        return int(any(one.ungradable or one.withheld for one in self.gradeds))

    def score(self, graded: Graded) -> Score | None:
        """A submission's points; None where it could not be graded, which is no score of zero."""
        return score_of(graded, self.rubric)

    def tallies(self) -> list[Tally]:
        """How each operation of the rubric ended in the class."""
        counts: dict[str, Counter[Status]] = defaultdict(Counter)
        for graded in self.gradeds:
            for mark in graded.marks:
                counts[mark.operation][mark.status] += 1
        return [Tally(share.operation, share.module, counts[share.operation]) for share in self.rubric.shares()]

    def mistakes(self) -> list[Mistake]:
        """What is wrong and follows from nothing else, the mistake of most submissions first.

        How a process ended says nothing of what is wrong: that stands in `to_be_looked_at`.
        """
        names: dict[tuple[str, str], list[str]] = defaultdict(list)
        operations: dict[tuple[str, str], list[str]] = defaultdict(list)
        sentences: dict[tuple[str, str], str] = {}
        for graded in self.gradeds:
            for mark in graded.marks:
                if mark.status is not Status.FAILED or _has_not_answered(mark):
                    continue
                # A mistake with a code is one wherever it shows; without one it is known by its operation.
                key = (mark.code, "" if mark.code or _has_no_import(mark.message) else mark.operation)
                names[key].append(graded.name)
                operations[key].append(mark.operation)
                sentences.setdefault(key, _sentence(mark.message, is_known=bool(mark.code)))
        found = [
            Mistake(key[0], sentences[key], tuple(dict.fromkeys(operations[key])), tuple(dict.fromkeys(names[key])))
            for key in names
        ]
        return sorted(found, key=lambda one: (-len(one.names), one.code, one.operations))

    def in_need_of_help(self) -> list[tuple[Graded, str]]:
        """Who may need help, and why: who has few points first, then whose submission could not be graded."""
        few = [
            (score.share, graded, f"{score}{f': {score.note}' if score.note else ''}")
            for graded in self.gradeds
            if (score := self.score(graded)) is not None and score.share < ENOUGH
        ]
        few.sort(key=lambda entry: (entry[0], entry[1].name))
        ungradable = [(graded, graded.ungradable) for graded in self.gradeds if graded.ungradable]
        return [(graded, why) for _, graded, why in few] + ungradable

    def to_be_looked_at(self) -> list[tuple[Graded, Sequence[str]]]:
        """Submissions with remarks for the instructor, and those of which something could not be tried."""
        found: list[tuple[Graded, Sequence[str]]] = []
        for graded in self.gradeds:
            untried = [mark.operation for mark in graded.marks if mark.status is Status.UNTRIED]
            said = [f"withheld: {graded.withheld}"] if graded.withheld else []
            said += graded.remarks
            said += [f"could not be tried: {_some(untried)}"] if untried else []
            silent = [mark.operation for mark in graded.marks if _has_not_answered(mark)]
            said += [f"ended its process, or did not come to an end: {_some(silent)}"] if silent else []
            said += _credited(graded)
            if said:
                found.append((graded, said))
        return found


def score_of(graded: Graded, rubric: Rubric) -> Score | None:
    """A submission's points; None where it could not be graded."""
    if graded.ungradable:
        return None
    given = points(graded, rubric)
    return Score(given.total, total(maxima(rubric)), given.refused or given.refused_in_secret)


def _credited(graded: Graded) -> list[str]:
    """What is credited as a consequence, where that is much of what a submission gets."""
    follow = [mark for mark in graded.marks if mark.status is Status.CONSEQUENCE]
    credited = sum(mark.points for mark in follow)
    if credited <= graded.out_of / 4:
        return []
    roots = list(dict.fromkeys(root for mark in follow for root in mark.follows))
    return [f"{credited:.4g} points are credited to {len(follow)} operations that follow from {_some(roots)}"]


def _some(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _has_not_answered(mark: Mark) -> bool:
    """Whether an operation is wrong because its process ended or was stopped, and nobody knows by which mistake."""
    seen = mark.for_instructor or mark.message
    return mark.status is Status.FAILED and not mark.code and seen.startswith((WAS_ENDED, STILL_RUNNING))


def _has_no_import(message: str) -> bool:
    return message.startswith((NO_IMPORT, DOES_NOT_IMPORT))


def _sentence(message: str, *, is_known: bool) -> str:
    """The line of a message that says what the mistake is: its cause if it is known, else what was seen."""
    if _has_no_import(message) and not is_known:
        return DOES_NOT_IMPORT
    rows = message.split("\n")
    causes = [row.partition(": ")[2] for row in rows if row.startswith("Likely cause: ")]
    return causes[0] if is_known and causes else rows[0]
