"""Specification of what runs on Gradescope: a file of results in any event, and nothing of it within reach."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tinytorch_hf.grading import gradescope_run
from tinytorch_hf.grading.formats import gradescope_zip
from tinytorch_hf.grading.marks import Graded, Mark, Status
from tinytorch_hf.grading.rubric import Item, Rubric

OTHER = "nobody"
is_root = hasattr(os, "geteuid") and os.geteuid() == 0
pytestmark = pytest.mark.skipif(os.name != "posix", reason="Gradescope runs Linux")
as_root = pytest.mark.skipif(not is_root, reason="only root makes processes of other users")


@pytest.fixture
def autograder():
    """The folder of an autograder, as Gradescope has it when a submission is to be graded."""
    # Everyone may go through it, as through /autograder, but not through the folders that pytest makes.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for inner in ("source", "submission/tinytorch", "results"):
            (folder / inner).mkdir(parents=True)
        rubric = Rubric("Assignment 3", (Item("relu", 2.0),))
        (folder / "source" / "rubric.json").write_bytes(gradescope_zip.rubric_json(rubric))
        (folder / "submission_metadata.json").write_text('{"previous_submissions": []}')
        yield folder


@pytest.fixture
def reachable_python(monkeypatch):
    """A Python that other users can run, as the one of the zip file is; here that of the tests need not be."""
    monkeypatch.setattr(sys, "executable", "/bin/sh")


def marks_for(found, user):
    """Grades as `tinytorch-hf grade` does, but for what it takes: one operation is right."""
    mark = Mark("relu", "activations", Status.PASSED, 2.0, 2.0, for_instructor="seed 7:\n\x1b[2J")
    return Graded("submission", "", (mark,), remarks=(f"run as {user}",))


def results(folder):
    """The file of results, as Gradescope reads it."""
    return json.loads((folder / "results" / "results.json").read_text("utf-8"))


@as_root
def test_a_submission_is_graded_and_the_instructor_is_told(autograder, reachable_python, capsys):
    """The file has the score; what a student may not read is printed, in printable characters."""
    seen = []

    def grade_one(path, rubric, user):
        seen.append((path, rubric.title, user))
        return marks_for(path, user)

    assert gradescope_run.run(autograder, OTHER, grade_one) == 0
    assert seen == [(autograder / "submission", "Assignment 3", OTHER)]
    assert results(autograder)["score"] == 2.0
    said = capsys.readouterr().out
    assert "2 of 2 points" in said
    assert "seed 7:\n\\x1b[2J" in said
    assert "seed 7" not in json.dumps(results(autograder))


@as_root
def test_another_user_reaches_neither_source_nor_results(autograder, reachable_python):
    """While the submission runs, it can neither read nor write rubric, results, metadata, or what was handed in."""
    look = 'for path; do if [ -r "$path" ] || [ -w "$path" ]; then echo "$path"; fi; done'
    names = ("source/rubric.json", "results", "results/results.json", "submission_metadata.json", "submission")
    paths = [str(autograder / name) for name in names]
    reached = []

    def grade_one(path, rubric, user):
        (autograder / "results" / "results.json").write_text("{}")
        found = subprocess.run(
            ["/bin/sh", "-c", look, "sh", *paths, str(autograder / "harness")],
            user=user,
            group="nogroup",
            extra_groups=[],
            capture_output=True,
            text=True,
            check=True,
        )
        reached.extend(found.stdout.split())
        return marks_for(path, user)

    (autograder / "submission_metadata.json").chmod(0o666)
    (autograder / "harness").write_text("what is open shows that one can look at all")
    assert gradescope_run.run(autograder, OTHER, grade_one) == 0
    assert reached == [str(autograder / "harness")]


@as_root
@pytest.mark.parametrize(
    ("user", "reason"), [("root", "is root"), ("no-such-user-7f3a", "no user no-such-user-7f3a"), ("", "no user")]
)
def test_nothing_runs_where_the_user_is_none_or_root(autograder, user, reason):
    """The file says why, and whose fault it is not; the submission was not touched."""

    def grade_one(path, rubric, user):
        pytest.fail("it ran")

    assert gradescope_run.run(autograder, user, grade_one) == 1
    assert results(autograder)["score"] is None
    assert reason in results(autograder)["output"]
    assert "not a fault of yours" in results(autograder)["output"]


@as_root
def test_nothing_runs_where_python_is_out_of_reach_of_the_user(autograder, monkeypatch):
    """A Python that only root may run would make every submission fail; that is said instead."""
    monkeypatch.setattr(sys, "executable", str(autograder / "source" / "python"))
    assert gradescope_run.run(autograder, OTHER, marks_for) == 1
    assert "cannot run" in results(autograder)["output"]


@pytest.mark.skipif(is_root, reason="this is about everyone else")
def test_nothing_runs_where_it_is_not_root_that_grades(autograder):
    """A submission would run as the user who holds the results."""
    assert gradescope_run.run(autograder, OTHER, marks_for) == 1
    assert "by root" in results(autograder)["output"]


@as_root
@pytest.mark.parametrize("broken", ["rubric", "grader", "no submission"])
def test_whatever_fails_there_is_a_file_with_the_reason(autograder, reachable_python, capsys, broken):
    """It is ungradable, not zero; the trace is for the instructor."""

    def grade_one(path, rubric, user):
        raise MemoryError("out of memory")

    if broken == "rubric":
        (autograder / "source" / "rubric.json").write_text("{")
    if broken == "no submission":
        (autograder / "submission" / "tinytorch").rmdir()
        (autograder / "submission").rmdir()
        grade_one = None
    assert gradescope_run.run(autograder, OTHER, grade_one) == 1
    found = results(autograder)
    assert found["score"] is None
    assert found["extra_data"]["gradable"] is False
    if broken != "no submission":
        assert {"rubric": "rubric.json", "grader": "out of memory"}[broken] in found["output"]
        assert "Traceback" in capsys.readouterr().err


def test_a_rubric_is_looked_at_when_the_image_is_built(autograder, capsys):
    """The command of setup.sh reads it and says what it is, so that a fault is noticed then."""
    assert gradescope_run.main(["--check", str(autograder / "source" / "rubric.json")]) == 0
    assert capsys.readouterr().out.startswith("Assignment 3: ")
