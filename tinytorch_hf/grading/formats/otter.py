"""The table that ``otter grade`` writes, ``final_grades.csv``, of a class.

References
----------
Grading locally: https://otter-grader.readthedocs.io/en/latest/workflow/executing_submissions/otter_grade.html
"""

from __future__ import annotations

from collections.abc import Sequence

from tinytorch_hf.grading.formats.points import maxima, points, total
from tinytorch_hf.grading.formats.tables import Value
from tinytorch_hf.grading.marks import Graded
from tinytorch_hf.grading.rubric import Rubric


def rows(gradeds: Sequence[Graded], rubric: Rubric) -> list[list[Value]]:
    """The header, the points that there are, and a row for each submission by its name.

    A submission that could not be graded has no points, and the reason as its status.
    """
    most = maxima(rubric)
    questions = sorted(most)
    table: list[list[Value]] = [
        ["file", *questions, "total_points_earned", "percent_correct", "grading_status"],
        ["points-per-question", *(most[name] for name in questions), total(most), 1.0, "--"],
    ]
    for graded in sorted(gradeds, key=lambda one: one.name):
        if graded.ungradable:
            table.append([graded.name, *[None] * (len(questions) + 2), graded.ungradable])
            continue
        given = points(graded, rubric)
        share = round(given.total / total(most), 4) if total(most) else 0.0
        table.append([graded.name, *(given.counting[name] for name in questions), given.total, share, "Completed"])
    return table
