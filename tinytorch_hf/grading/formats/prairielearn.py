"""PrairieLearn's ``results.json`` of an external grader, of one submission.

References
----------
External grading, grading results: https://docs.prairielearn.com/externalGrading/
"""

from __future__ import annotations

import json
from typing import Any

from tinytorch_hf.grading.formats import texts
from tinytorch_hf.grading.formats.points import is_hidden, maxima, points, total
from tinytorch_hf.grading.marks import Graded, Status
from tinytorch_hf.grading.rubric import Rubric

MOST_BYTES = 1_000_000
"""How large the file may be."""

_LONGEST_TEXTS = (texts.LONGEST, 4_000, 1_000, 200)


def results(graded: Graded, rubric: Rubric, longest: int = texts.LONGEST) -> dict[str, Any]:
    """What PrairieLearn reads; its score is a part of one.

    PrairieLearn shows everything at once. So all hidden operations are one entry, which has their points and no more.
    What could not be graded has no score, and costs its author no attempt.
    """
    if graded.ungradable:
        reason = texts.lines(graded.ungradable, longest)
        return {"gradable": False, "message": "This submission could not be graded.", "format_errors": [reason]}
    most, given = maxima(rubric), points(graded, rubric)
    tests, hidden = [], []
    for mark in graded.marks:
        if mark.operation not in most:
            continue
        if is_hidden(mark, graded):
            hidden.append(mark.operation)
            continue
        score, out_of = given.counting[mark.operation], most[mark.operation]
        tests.append(_test(mark.operation, mark.module, score, out_of, mark.status.value, mark.message, longest))
    if hidden:
        score, out_of = (total({name: of[name] for name in hidden}) for of in (given.counting, most))
        tests.append(_test("hidden", _counted(len(hidden)), score, out_of, "", "", longest))
    right = sum(mark.status is Status.PASSED for mark in graded.marks if not is_hidden(mark, graded))
    refused = given.refused or (given.refused_in_secret and "No points: something required is not right.")
    return {
        "gradable": True,
        "score": given.total / total(most) if total(most) else 0.0,
        "message": f"{right} of {_counted(len(tests) - bool(hidden))} right.",
        "output": texts.lines(refused, longest),
        "tests": tests,
    }


def as_json(graded: Graded, rubric: Rubric) -> bytes:
    """The bytes of the file, with texts as long as its size permits."""
    for longest in _LONGEST_TEXTS:
        data = json.dumps(results(graded, rubric, longest), indent=2, ensure_ascii=False, allow_nan=False).encode()
        if len(data) < MOST_BYTES:
            break
    return data + b"\n"


def _counted(number: int) -> str:
    return "1 operation" if number == 1 else f"{number} operations"


def _test(
    name: str, description: str, score: float, most: float, message: str, output: str, longest: int
) -> dict[str, Any]:
    return {
        "name": texts.lines(name, longest),
        "description": description,
        "points": score,
        "max_points": most,
        "message": message,
        "output": texts.lines(output, longest),
    }
