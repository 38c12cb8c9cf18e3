"""Specification of PrairieLearn's results.json: gradable, the score as a part of one, points, what is hidden."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from class_of_five import RUBRIC, STUDENTS, WITH_HIDDEN_REQUIRED, marked

from tinytorch_hf.grading.formats import prairielearn
from tinytorch_hf.grading.marks import Status

TEST_FIELDS = ["name", "description", "points", "max_points", "message", "output"]


@pytest.mark.parametrize(("name", "earned"), [("ada", 17.5), ("bob", 13.5), ("dan", 0.0), ("eve", 0.0)])
def test_a_gradable_submission_has_a_score_from_0_to_1_and_points_for_each_test(name, earned):
    """The fields are those of the reference, every test has points and most points, and they add up to the score."""
    found = json.loads(prairielearn.as_json(STUDENTS[name], RUBRIC))
    assert list(found) == ["gradable", "score", "message", "output", "tests"]
    assert found["gradable"] is True
    assert found["score"] == earned / 17.5
    for test in found["tests"]:
        assert list(test) == TEST_FIELDS
        assert all(isinstance(test[field], float) for field in ("points", "max_points"))
        assert all(isinstance(test[field], str) for field in ("name", "description", "message", "output"))
    assert sum(Decimal(repr(test["points"])) for test in found["tests"]) == Decimal(repr(earned))
    assert sum(Decimal(repr(test["max_points"])) for test in found["tests"]) == Decimal("17.5")


def test_what_is_not_gradable_has_the_reason_and_no_score():
    """PrairieLearn then shows the reason as an error of format and takes no attempt; a score of null would break it."""
    found = prairielearn.results(STUDENTS["cyd"], RUBRIC)
    assert found["gradable"] is False
    assert found["format_errors"] == ["There is no package in it."]
    assert "score" not in found


def test_hidden_operations_are_one_entry_without_names():
    """As all is shown at once, hidden operations and what follows from them have points together, and no more."""
    found = prairielearn.results(STUDENTS["bob"], RUBRIC)
    assert found["tests"][-1] == {
        "name": "hidden",
        "description": "2 operations",
        "points": 1.0,
        "max_points": 5.0,
        "message": "",
        "output": "",
    }
    assert "gelu" not in json.dumps(found)
    refused = prairielearn.results(WITH_HIDDEN_REQUIRED, RUBRIC)
    assert refused["score"] == sum(test["points"] for test in refused["tests"]) == 0.0
    assert "gelu" not in json.dumps(refused)


def test_messages_stand_with_their_operation():
    """A wrong operation's entry says how it ended and what was seen."""
    tests = {test["name"]: test for test in prairielearn.results(STUDENTS["eve"], RUBRIC)["tests"]}
    assert tests["relu"]["message"] == "not implemented yet"
    assert tests["relu"]["output"] == "no ReLU"


def test_the_file_is_below_the_size_that_is_read():
    """However long the messages are, the file has less than a megabyte, and every operation is in it."""
    wrong = {name: {"status": Status.FAILED, "message": "\U0001f600" * 10**6} for name in RUBRIC.operations}
    data = prairielearn.as_json(marked("ada", wrong), RUBRIC)
    assert len(data) <= 1_000_000
    assert len(json.loads(data)["tests"]) == len(RUBRIC.operations)
