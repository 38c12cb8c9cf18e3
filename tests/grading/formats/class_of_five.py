"""A class of five on a rubric with hidden and required operations, thirds of points and consequences."""

from __future__ import annotations

import dataclasses

from tinytorch_hf.grading.marks import Graded, Mark, Status
from tinytorch_hf.grading.rubric import Item, Rubric

# Ten points shared by all losses, and operations with points of their own, of which one is hidden.
RUBRIC = Rubric(
    "Assignment 3",
    (Item("relu", 2.5), Item("gelu", 4.0, hidden=True), Item("linear", 1.0), Item("losses", 10.0)),
    required=("relu",),
)


def _mark(share, status=Status.PASSED, points=None, **more):
    points = share.points * (status is Status.PASSED) if points is None else points
    facts = share.operation, share.module, status, points, share.points
    return Mark(*facts, is_hidden=share.is_hidden, is_required=share.is_required, **more)


def marked(name, wrong=None, **more):
    """A submission of which these operations are wrong; everything else is right."""
    wrong = wrong or {}
    marks = tuple(_mark(share, **wrong.get(share.operation, {})) for share in RUBRIC.shares())
    return Graded(name, "0" * 64, marks, **more)


_GELU = {"status": Status.FAILED, "message": "gelu is off by 0.5\nHint: the constant", "code": "GELU-TANH"}
_LINEAR = {"status": Status.CONSEQUENCE, "points": 1.0, "message": "follows from gelu", "follows": ("gelu",)}

# Ada is right; Bob's gelu is wrong and one thing follows; Cyd has no package, Dan imports torch, Eve has no relu.
STUDENTS = {
    "ada": marked("ada"),
    "bob": marked("bob", {"gelu": _GELU, "linear": _LINEAR}, remarks=("numpy.py hides numpy",), seconds=1.23456),
    "cyd": Graded("cyd", "1" * 64, ungradable="There is no package in it."),
    "dan": marked("dan", withheld="it imports torch"),
    "eve": marked("eve", {"relu": {"status": Status.UNBUILT, "message": "no ReLU"}}),
}

# A submission whose only fault is a hidden operation that is required, and what follows from it.
WITH_HIDDEN_REQUIRED = dataclasses.replace(
    STUDENTS["bob"],
    marks=tuple(
        dataclasses.replace(mark, is_required=mark.operation in ("relu", "gelu")) for mark in STUDENTS["bob"].marks
    ),
)
