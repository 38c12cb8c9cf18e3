"""Specification of Gradescope's results.json: its fields, what is hidden, texts, what could not be graded."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from class_of_five import RUBRIC, STUDENTS, WITH_HIDDEN_REQUIRED, marked

from tinytorch_hf.grading.formats import gradescope
from tinytorch_hf.grading.marks import Status

FIELDS = ["score", "output", "output_format", "visibility", "stdout_visibility", "extra_data", "tests"]
TEST_FIELDS = ["number", "name", "score", "max_score", "status", "output", "tags", "visibility"]
VISIBILITIES = {"hidden", "after_due_date", "after_published", "visible"}


def as_text(value, kind=str):
    """Whether a value is a text that JSON, a terminal and a page can hold."""
    return isinstance(value, kind) and value.replace("\n", "").isprintable()


@pytest.fixture(params=["ada", "bob", "cyd", "dan", "eve"])
def found(request):
    """The file of each student, as it is read back."""
    return json.loads(gradescope.as_json(gradescope.results(STUDENTS[request.param], RUBRIC)))


def test_fields_names_types_and_values_are_those_of_the_specification(found):
    """Each file has exactly the fields of the specification, with their types and the values that they may have."""
    assert list(found) == FIELDS
    assert found["score"] is None or isinstance(found["score"], float)
    assert as_text(found["output"])
    assert found["output_format"] in {"text", "html", "simple_format", "md", "ansi"}
    assert found["visibility"] in VISIBILITIES
    assert found["stdout_visibility"] == "hidden"
    assert isinstance(found["extra_data"], dict)
    for test in found["tests"]:
        assert list(test) == TEST_FIELDS
        assert all(as_text(test[field]) for field in ("number", "name", "output"))
        assert all(isinstance(test[field], float) for field in ("score", "max_score"))
        assert test["status"] in {"passed", "failed"}
        assert test["visibility"] in VISIBILITIES
        assert isinstance(test["tags"], list)
        assert all(map(as_text, test["tags"]))
    assert len({test["number"] for test in found["tests"]}) == len(found["tests"])


def test_scores_of_tests_add_up_exactly():
    """The scores have at most two decimals, and their decimal sum is the score, as that of the most is the rubric's."""
    for name in ("ada", "bob", "dan", "eve"):
        found = gradescope.results(STUDENTS[name], RUBRIC)
        for field, expected in (("score", found["score"]), ("max_score", RUBRIC.out_of)):
            written = [Decimal(repr(test[field])) for test in found["tests"]]
            assert sum(written) == Decimal(repr(expected))
            assert all(one.as_tuple().exponent >= -2 for one in written)


def test_what_is_wrong_is_failed_tagged_and_explained():
    """A wrong operation has its message and its code; a consequence is failed too, with all its points."""
    tests = {test["name"]: test for test in gradescope.results(STUDENTS["bob"], RUBRIC)["tests"]}
    assert tests["relu"]["status"] == "passed"
    assert tests["relu"]["tags"] == []
    assert tests["gelu"]["status"] == "failed"
    assert tests["gelu"]["tags"] == ["GELU-TANH"]
    assert "Hint: the constant" in tests["gelu"]["output"]
    assert (tests["linear"]["status"], tests["linear"]["score"]) == ("failed", 1.0)


@pytest.mark.parametrize("name", ["ada", "bob"])
def test_hidden_operations_show_nothing_before_grades_are_published(name):
    """What is visible at once neither names a hidden operation nor tells how it went."""
    found = gradescope.results(STUDENTS[name], RUBRIC)
    assert {test["name"] for test in found["tests"] if test["visibility"] == "after_published"} >= {"gelu"}
    shown = [test for test in found["tests"] if test["visibility"] == "visible"]
    assert len(shown) < len(found["tests"])
    assert "gelu" not in json.dumps([found["output"], shown])


def test_what_follows_from_a_hidden_operation_is_hidden_too():
    """Of an operation that is wrong because of a hidden one even the status would tell."""
    tests = {test["name"]: test for test in gradescope.results(STUDENTS["bob"], RUBRIC)["tests"]}
    assert tests["linear"]["visibility"] == "after_published"
    tests = {test["name"]: test for test in gradescope.results(STUDENTS["ada"], RUBRIC)["tests"]}
    assert tests["linear"]["visibility"] == "visible"


def test_a_hidden_required_operation_is_told_when_grades_are_published():
    """The score is zero, what is visible looks as if nothing were refused, and a hidden entry says why it is zero."""
    found = gradescope.results(WITH_HIDDEN_REQUIRED, RUBRIC)
    assert found["score"] == 0.0
    shown = [test for test in found["tests"] if test["visibility"] == "visible"]
    assert all(test["score"] == test["max_score"] > 0.0 for test in shown)
    assert "No points" not in json.dumps([found["output"], shown])
    assert "gelu" in found["tests"][-1]["output"]
    assert found["tests"][-1]["max_score"] == 0.0
    assert found["tests"][-1]["visibility"] == "after_published"


def test_refused_points_are_explained_where_the_student_looks():
    """The reason stands in the text about the whole submission; each right operation is right and points there."""
    found = gradescope.results(STUDENTS["dan"], RUBRIC)
    assert found["score"] == 0.0
    assert "it imports torch" in found["output"]
    assert all("whole submission" in test["output"] and test["status"] == "passed" for test in found["tests"])


def test_remarks_for_the_instructor_are_not_in_the_file():
    """Whom a submission resembles, or what it tried, is nobody's but the instructor's."""
    assert STUDENTS["bob"].remarks
    assert "hides numpy" not in json.dumps(gradescope.results(STUDENTS["bob"], RUBRIC))


def test_what_could_not_be_graded_has_a_reason_and_no_score():
    """It is not a score of zero: there is none, nor a test from which one could be added up; the text says why."""
    found = gradescope.results(STUDENTS["cyd"], RUBRIC)
    assert (found["score"], found["tests"]) == (None, [])
    assert found["output"].splitlines()[1:] == ["There is no package in it."]
    assert found["extra_data"]["gradable"] is False


def test_texts_of_a_submission_are_harmless_and_bounded():
    """Escape characters, bytes that are not text, nulls and what is endless become printable, with their lines kept."""
    message = "\x1b[31mred\x1b[0m\n<b>bold</b>\x00\udc80\u202e\r\nend" + "x" * 100_000
    wrong = {"relu": {"status": Status.FAILED, "message": message, "code": "\x07"}}
    data = gradescope.as_json(gradescope.results(marked("\x1b]0;", wrong), RUBRIC))
    found = json.loads(data.decode("utf-8"))
    (test,) = [test for test in found["tests"] if test["name"] == "relu"]
    assert test["output"].startswith("\\x1b[31mred\\x1b[0m\n<b>bold</b>\\x00\\udc80\\u202e\nend")
    assert len(test["output"]) < 21_000
    assert test["tags"] == ["\\x07"]
