"""Specification of the list of formats and of writing them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from class_of_five import RUBRIC, STUDENTS

from tinytorch_hf.errors import StorageError, UnknownNameError
from tinytorch_hf.grading import formats


def test_every_format_writes_a_class_to_a_folder_of_its_own(tmp_path):
    """A file for each submission or for the class, whatever its students are called, and nothing else."""
    odd = dataclasses.replace(STUDENTS["ada"], name="../../etc/passwd")
    class_ = [*STUDENTS.values(), odd]
    written = [path for name in formats.FORMATS for path in formats.write(name, class_, RUBRIC, tmp_path)]
    assert sorted(written) == sorted(path for path in tmp_path.rglob("*") if path.is_file())
    counts = {name: len(list((tmp_path / name).iterdir())) for name in formats.FORMATS}
    assert counts == {"gradescope": 6, "nbgrader": 1, "otter": 1, "prairielearn": 6}
    assert json.loads((tmp_path / "gradescope/cyd.json").read_text("utf-8"))["score"] is None


def test_the_same_class_gives_the_same_bytes():
    """Nothing in a file depends on when or where it is written."""
    for one in formats.FORMATS.values():
        assert one.files(list(STUDENTS.values()), RUBRIC) == one.files(list(STUDENTS.values()), RUBRIC)


def test_a_class_of_nobody_gives_headers():
    """Where nothing was handed in, tables have their header, and there is no file of a submission."""
    found = {name: one.files([], RUBRIC) for name, one in formats.FORMATS.items()}
    assert found["gradescope"] == found["prairielearn"] == {}
    assert found["nbgrader"]["grades.csv"].startswith(b"assignment,duedate,")
    assert found["otter"]["final_grades.csv"].count(b"\n") == 2


def test_an_unknown_format_and_a_file_in_the_way_are_refused(tmp_path):
    """The errors name what is known, and the file."""
    with pytest.raises(UnknownNameError, match=r"canvas.*gradescope"):
        formats.write("canvas", [], RUBRIC, tmp_path)
    Path(tmp_path / "otter").write_text("mine")
    with pytest.raises(StorageError, match="final_grades"):
        formats.write("otter", list(STUDENTS.values()), RUBRIC, tmp_path)
    assert (tmp_path / "otter").read_text() == "mine"
