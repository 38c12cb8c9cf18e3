"""What a submission gets, operation by operation: plain values that every file for a grader is written from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Status(Enum):
    """Why an operation has its points, or has not."""

    PASSED = "passed"
    FAILED = "failed"
    CONSEQUENCE = "consequence"
    UNBUILT = "not implemented yet"
    UNTRIED = "could not be tried"


@dataclass(frozen=True)
class Mark:
    """One operation of the rubric.

    Attributes
    ----------
    operation, module
        As `check` names them.
    status
        How it ended under the seed under which it ended worst.
    points, out_of
        What it gets, and the most that there is.
    message
        What was seen, the cause and the hint, line by line. Of a submission's own words only what can be printed.
    code
        The mistake's code, or nothing.
    follows
        The operations that it follows from, where ``status`` is `Status.CONSEQUENCE`.
    is_hidden
        Whether the student sees it only once grades are published.
    is_required
        Whether without it there are no points at all.
    for_instructor
        What was seen where a student may not read it, as under a hidden seed alone; else nothing.
    """

    operation: str
    module: str
    status: Status
    points: float
    out_of: float
    message: str = ""
    code: str = ""
    follows: tuple[str, ...] = ()
    is_hidden: bool = False
    is_required: bool = False
    for_instructor: str = ""


@dataclass(frozen=True)
class Graded:
    """One submission.

    Attributes
    ----------
    name
        The student's: the name of the folder or the zip file.
    digest
        SHA-256 over the submission's content; what has not changed is not run again.
    marks
        An entry for each operation of the rubric; empty where it could not be graded.
    ungradable
        Why it could not be graded, such as that there is no package in it; or nothing. It is not a score of zero.
    remarks
        What the instructor should look at: a library hidden by a file, a forbidden import, code like another one's.
    withheld
        Why there are no points though operations are right, such as a forbidden import; or nothing.
    seconds
        How long it took.
    """

    name: str
    digest: str
    marks: tuple[Mark, ...] = ()
    ungradable: str = ""
    remarks: tuple[str, ...] = ()
    withheld: str = ""
    seconds: float = 0.0

    @property
    def out_of(self) -> float:
        """The most points that there are."""
        return sum(mark.out_of for mark in self.marks)

    @property
    def score(self) -> float:
        """The points: none where they are withheld, or where something required is not right."""
        if self.withheld or any(mark.is_required and mark.status is not Status.PASSED for mark in self.marks):
            return 0.0
        return sum(mark.points for mark in self.marks)
