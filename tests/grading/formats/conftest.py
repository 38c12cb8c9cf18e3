"""A class of five on a rubric with hidden and required operations, thirds of points and consequences."""

from __future__ import annotations

import dataclasses

import pytest

from tinytorch_hf.grading.marks import Graded, Mark, Status
from tinytorch_hf.grading.rubric import Item, Rubric


@pytest.fixture(scope="session")
def rubric():
    """Ten points shared by all losses, and some operations with points of their own, of which one is hidden."""
    items = (Item("relu", 2.5), Item("gelu", 4.0, hidden=True), Item("linear", 1.0), Item("losses", 10.0))
    return Rubric("Assignment 3", items, required=("relu",))


@pytest.fixture(scope="session")
def marked(rubric):
    """Makes a submission: operations that are wrong, by name; everything else is right."""

    def mark(share, status=Status.PASSED, points=None, **more):
        points = share.points * (status is Status.PASSED) if points is None else points
        facts = share.operation, share.module, status, points, share.points
        return Mark(*facts, is_hidden=share.is_hidden, is_required=share.is_required, **more)

    def marked(name, wrong=None, **more):
        wrong = wrong or {}
        marks = tuple(mark(share, **wrong.get(share.operation, {})) for share in rubric.shares())
        return Graded(name, "0" * 64, marks, **more)

    return marked


@pytest.fixture(scope="session")
def students(marked):
    """Ada is right; Bob's gelu is wrong and one thing follows; Cyd has no package, Dan imports torch, Eve no relu."""
    gelu = {"status": Status.FAILED, "message": "gelu is off by 0.5\nHint: the constant", "code": "GELU-TANH"}
    linear = {"status": Status.CONSEQUENCE, "points": 1.0, "message": "follows from gelu", "follows": ("gelu",)}
    return {
        "ada": marked("ada"),
        "bob": marked("bob", {"gelu": gelu, "linear": linear}, remarks=("numpy.py hides numpy",), seconds=1.23456),
        "cyd": Graded("cyd", "1" * 64, ungradable="There is no package in it."),
        "dan": marked("dan", withheld="it imports torch"),
        "eve": marked("eve", {"relu": {"status": Status.UNBUILT, "message": "no ReLU"}}),
    }


@pytest.fixture(scope="session")
def with_hidden_required(students):
    """A submission whose only fault is a hidden operation that is required."""
    bob = students["bob"]
    marks = tuple(dataclasses.replace(mark, is_required=mark.operation in ("relu", "gelu")) for mark in bob.marks)
    return dataclasses.replace(bob, marks=marks)
