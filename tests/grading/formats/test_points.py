"""Specification of points in hundredths: what stands in a file adds up to what stands as its sum."""

from __future__ import annotations

from decimal import Decimal

import pytest
from class_of_five import RUBRIC, STUDENTS, WITH_HIDDEN_REQUIRED

from tinytorch_hf.grading.formats.points import maxima, points, total
from tinytorch_hf.grading.marks import Graded, Mark, Status
from tinytorch_hf.grading.rubric import Item, Rubric, members


@pytest.mark.parametrize(
    "items",
    [(Item("losses", 10.0),), (Item("losses", 1.0), Item("relu", 0.1)), (Item("tensor", 10.0), Item("losses", 33.33))],
)
def test_what_operations_are_worth_adds_up_to_the_rubric_in_hundredths(items):
    """Every operation is worth whole hundredths, as equal as they can be, and together they are worth the rubric."""
    rubric = Rubric(items=items)
    most = maxima(rubric)
    assert list(most) == list(rubric.operations)
    assert all(Decimal(repr(one)).as_tuple().exponent >= -2 for one in most.values())
    assert sum(Decimal(repr(one)) for one in most.values()) == Decimal(repr(rubric.out_of))
    assert all(abs(most[share.operation] - share.points) < 0.01 for share in rubric.shares())
    assert total(most) == rubric.out_of
    for item in rubric.items:
        assert total({name: one for name, one in most.items() if name in members(item.name)}) == item.points


def test_points_finer_than_hundredths_add_up_all_the_same():
    """Where not even items come to whole hundredths, the sum is the rubric's, rounded, and nothing is below zero."""
    rubric = Rubric(items=(Item("relu", 0.335), Item("gelu", 0.335), Item("linear", 0.335), Item("losses", 0.001)))
    most = maxima(rubric)
    assert total(most) == 1.01
    assert sorted(most[name] for name in ("relu", "gelu", "linear")) == [0.33, 0.34, 0.34]
    assert min(most.values()) == 0.0


def test_right_and_credited_operations_get_all_that_there_is():
    """Who has everything right gets the rubric's points; a consequence costs nothing, what is wrong costs its own."""
    assert points(STUDENTS["ada"], RUBRIC).total == RUBRIC.out_of == 17.5
    bob = points(STUDENTS["bob"], RUBRIC)
    assert (bob.of["gelu"], bob.of["linear"], bob.total) == (0.0, 1.0, 13.5)


def test_partial_points_are_rounded_and_never_exceed_what_there_is():
    """A part of the points is rounded to hundredths; what is more than all is all, what is below nothing is nothing."""
    rubric = Rubric(items=(Item("relu", 1.0), Item("gelu", 1.0), Item("linear", 1.0)))
    given = {"relu": 1 / 3, "gelu": 7.0, "linear": -1.0}
    marks = tuple(Mark(name, "m", Status.FAILED, points, 1.0) for name, points in given.items())
    assert points(Graded("ada", "", marks), rubric).of == {"relu": 0.33, "gelu": 1.0, "linear": 0.0}


def test_refused_points_are_none_for_every_operation():
    """Where points are withheld, or something required is not right, nothing counts, and the reason is there."""
    for name, reason in (("dan", "it imports torch"), ("eve", "required, and not right: relu")):
        refused = points(STUDENTS[name], RUBRIC)
        assert set(refused.of.values()) == {0.0}
        assert refused.total == 0.0
        assert reason in refused.refused


def test_a_hidden_required_operation_refuses_in_secret():
    """Operations that students see keep the points shown, so that those do not tell how a hidden one went."""
    secret = points(WITH_HIDDEN_REQUIRED, RUBRIC)
    assert secret.total == WITH_HIDDEN_REQUIRED.score == 0.0
    assert secret.of["relu"] == 2.5
    assert secret.refused == ""
    assert "gelu" in secret.refused_in_secret
    assert set(secret.counting.values()) == {0.0}
