"""Specification of `tinytorch-hf grade --gradescope-zip`: a zip file by a rubric, its seeds, and what does not fit."""

from __future__ import annotations

import json
import zipfile

import pytest

from tinytorch_hf.cli import OK, USAGE, main
from tinytorch_hf.grading.rubric_file import parse_rubric


@pytest.fixture
def rubric(tmp_path):
    """A rubric's file that has one hidden seed drawn."""
    path = tmp_path / "rubric.toml"
    path.write_text('title = "Assignment 3"\n[[item]]\nname = "relu"\npoints = 2\n[seeds]\nhidden = 1\n')
    return path


def test_the_zip_file_has_the_rubric_with_seeds_that_the_command_says(tmp_path, rubric, capsys):
    """The hidden seeds are drawn once, stand in the zip file, and are told to whoever made it."""
    out = tmp_path / "autograder.zip"
    assert main(["grade", "--gradescope-zip", str(out), "--rubric", str(rubric), "--json"]) == OK
    said = json.loads(capsys.readouterr().out)
    with zipfile.ZipFile(out) as archive:
        written = parse_rubric(archive.read("rubric.json"), "rubric.json")
    assert written.title == "Assignment 3"
    assert list(written.seeds.hidden) == said["hidden_seeds"]
    assert len(written.seeds.hidden) == 1
    assert said["written"] == str(out)
    assert main(["grade", "--gradescope-zip", str(out)]) == OK
    assert "written" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["submissions", "--gradescope-zip", "a.zip"], "leave out SUBMISSIONS"),
        (["--gradescope-zip", "a.zip", "--out", "book"], "--out"),
        (["--gradescope-zip", "a.zip", "--wheel", "numpy.whl"], "not a wheel of tinytorch-hf"),
        (["submissions", "--out", "book", "--wheel", "a.whl"], "--gradescope-zip"),
        (["submissions"], "--out GRADEBOOK"),
        ([], "folder of the submissions"),
    ],
)
def test_what_does_not_fit_together_is_refused(tmp_path, monkeypatch, capsys, words, advice):
    """Nothing is written, and the message says what to leave out or to give."""
    monkeypatch.chdir(tmp_path)
    assert main(["grade", *words]) == USAGE
    assert advice in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_user_that_submissions_cannot_run_as_is_refused(tmp_path, capsys):
    """Before anything is graded: there is no such user, or it is not root that grades."""
    (tmp_path / "submissions" / "ada").mkdir(parents=True)
    words = [str(tmp_path / "submissions"), "--out", str(tmp_path / "book"), "--run-as", "no-such-user-7f3a"]
    assert main(["grade", *words]) == USAGE
    assert "no-such-user-7f3a" in capsys.readouterr().err
    assert not (tmp_path / "book").exists()
