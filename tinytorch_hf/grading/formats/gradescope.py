"""Gradescope's ``results.json``, of one submission.

References
----------
Autograder Specifications, output format: https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tinytorch_hf._version import __version__
from tinytorch_hf.grading.formats import texts
from tinytorch_hf.grading.formats.points import is_hidden, maxima, points
from tinytorch_hf.grading.marks import Graded, Mark, Status
from tinytorch_hf.grading.rubric import Rubric

SHOWN, HIDDEN = "visible", "after_published"


def results(graded: Graded, rubric: Rubric) -> dict[str, Any]:
    """What Gradescope reads: texts are plain, and nothing that students see at once tells of a hidden operation.

    A submission that could not be graded has no score and no tests, and the reason as its text. An operation that is
    wrong because of another one is marked as failed, and has its points.
    """
    if graded.ungradable:
        return ungradable(graded.ungradable)
    most, given = maxima(rubric), points(graded, rubric)
    tests = [
        _test(graded, mark, number, given.of[mark.operation], most[mark.operation], given.refused)
        for number, mark in zip(_numbers(graded.marks), graded.marks, strict=True)
        if mark.operation in most
    ]
    if given.refused_in_secret:
        tests.append(_entry("0", "Required", Status.FAILED, given.refused_in_secret, HIDDEN))
    return _file(given.total, _summary(graded, given.refused), tests, seconds=round(graded.seconds, 3))


def ungradable(reason: str) -> dict[str, Any]:
    """The same for what could not be graded."""
    return _file(
        None,
        f"This submission could not be graded. That is not a score of zero.\n{reason}",
        [],
        ungradable=texts.lines(reason),
    )


def as_json(found: dict[str, Any]) -> bytes:
    """The bytes of the file."""
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _file(score: float | None, output: str, tests: list[dict[str, Any]], **data: Any) -> dict[str, Any]:
    return {
        "score": score,
        "output": texts.lines(output),
        "output_format": "text",
        "visibility": SHOWN,
        # Of what a run prints the judge says what it was about to look at; students have no use for that.
        "stdout_visibility": "hidden",
        "extra_data": {"tinytorch_hf": __version__, "gradable": score is not None, **data},
        "tests": tests,
    }


def _test(graded: Graded, mark: Mark, number: str, score: float, most: float, refused: str) -> dict[str, Any]:
    output = mark.message or ("Right." if mark.status is Status.PASSED else mark.status.value)
    if mark.status is Status.PASSED and refused:
        output = "Right. Why there are no points says the text about the whole submission."
    visibility = HIDDEN if is_hidden(mark, graded) else SHOWN
    return _entry(number, mark.operation, mark.status, output, visibility, score, most, mark.code)


def _entry(
    number: str,
    name: str,
    status: Status,
    output: str,
    visibility: str,
    score: float = 0.0,
    most: float = 0.0,
    code: str = "",
) -> dict[str, Any]:
    return {
        "number": number,
        "name": texts.lines(name),
        "score": score,
        "max_score": most,
        "status": "passed" if status is Status.PASSED else "failed",
        "output": texts.lines(output),
        "tags": [texts.lines(code)] if code else [],
        "visibility": visibility,
    }


def _numbers(marks: Sequence[Mark]) -> list[str]:
    """For each mark the number of its module, a dot, and its number in that module."""
    modules = list(dict.fromkeys(mark.module for mark in marks))
    before = dict.fromkeys(modules, 0)
    numbers = []
    for mark in marks:
        before[mark.module] += 1
        numbers.append(f"{modules.index(mark.module) + 1}.{before[mark.module]}")
    return numbers


def _summary(graded: Graded, refused: str) -> str:
    shown = [mark for mark in graded.marks if not is_hidden(mark, graded)]
    right = sum(mark.status is Status.PASSED for mark in shown)
    more = f" {len(graded.marks) - len(shown)} more are shown once grades are published."
    said = f"{right} of {len(shown)} operations are right." + more * (len(shown) < len(graded.marks))
    return f"{said}\n{refused}" if refused else said
