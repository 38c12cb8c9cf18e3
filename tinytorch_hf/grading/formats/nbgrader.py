"""The table that ``nbgrader export`` writes, ``grades.csv``, of a class.

References
----------
Exporting grades, CsvExportPlugin: https://nbgrader.readthedocs.io/en/stable/plugins/export-plugin.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from tinytorch_hf.grading.formats.points import maxima, points, total
from tinytorch_hf.grading.formats.tables import Value
from tinytorch_hf.grading.marks import Graded
from tinytorch_hf.grading.rubric import Rubric

COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)


def rows(
    gradeds: Sequence[Graded],
    rubric: Rubric,
    timestamps: Mapping[str, datetime] | None = None,
    due: datetime | None = None,
) -> list[list[Value]]:
    """The header, and a row for each submission; one that could not be graded has no score.

    Parameters
    ----------
    gradeds, rubric
        The class; the rubric's title is the assignment, a submission's name is the student.
    timestamps
        When each was handed in, in UTC, as nbgrader has it; empty where it is not known.
    due
        Until when they had to be.
    """
    known = timestamps or {}
    most = total(maxima(rubric))
    table: list[list[Value]] = [list(COLUMNS)]
    for graded in gradeds:
        score = None if graded.ungradable else points(graded, rubric).total
        # No names and no address are known here; nbgrader itself leaves them empty then.
        student: list[Value] = [graded.name, None, None, None]
        table.append(
            [rubric.title, _time(due), _time(known.get(graded.name)), *student, score, _penalty(score), score, most]
        )
    return table


def _penalty(score: float | None) -> float | None:
    return None if score is None else 0.0


def _time(time: datetime | None) -> str | None:
    return None if time is None else str(time.replace(tzinfo=None))
