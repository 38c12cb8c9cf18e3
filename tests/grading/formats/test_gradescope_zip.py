"""Specification of the zip file for Gradescope: what is in it, the same bytes each time, a wheel, a rubric."""

from __future__ import annotations

import dataclasses
import io
import json
import subprocess
import zipfile

import pytest
from class_of_five import RUBRIC

from tinytorch_hf import __version__
from tinytorch_hf.errors import InvalidArgumentError, StorageError
from tinytorch_hf.grading.formats import gradescope_zip
from tinytorch_hf.grading.rubric import Rubric, Seeds
from tinytorch_hf.grading.rubric_file import parse_rubric

WHEEL = "tinytorch_hf-0.1.0-py3-none-any.whl"


def opened(data):
    """The archive in these bytes."""
    return zipfile.ZipFile(io.BytesIO(data))


@pytest.fixture
def wheel(tmp_path):
    """A file that has the name and the form of a wheel."""
    path = tmp_path / WHEEL
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tinytorch_hf/__init__.py", "")
    return path


def test_the_scripts_stand_at_the_root_and_can_be_run():
    """Gradescope finds setup.sh and run_autograder, both executable, with Unix line ends and without faults of Bash."""
    archive = opened(gradescope_zip.written(RUBRIC))
    assert archive.testzip() is None
    assert archive.namelist() == ["requirements.txt", "rubric.json", "run_autograder", "setup.sh", "unfinished.json"]
    for name in ("setup.sh", "run_autograder"):
        assert archive.getinfo(name).external_attr >> 16 == 0o100755
        text = archive.read(name)
        assert text.startswith(b"#!/usr/bin/env bash\n")
        assert b"\r" not in text
        subprocess.run(["bash", "-n"], input=text, check=True)  # noqa: S607 -- as the scripts find it
    assert archive.getinfo("rubric.json").external_attr >> 16 == 0o100644


def test_the_same_rubric_gives_the_same_bytes(wheel):
    """Neither time nor machine is in it; another rubric gives others."""
    assert gradescope_zip.written(RUBRIC, wheel) == gradescope_zip.written(RUBRIC, wheel)
    assert gradescope_zip.written(RUBRIC) != gradescope_zip.written(dataclasses.replace(RUBRIC, title="Assignment 4"))


def test_this_version_or_the_wheel_is_installed(wheel):
    """Without a wheel it is this version by its name; with one, it is in the zip file and is what is installed."""
    by_name = opened(gradescope_zip.written(RUBRIC)).read("requirements.txt").decode().splitlines()
    assert by_name == [f"tinytorch-hf=={__version__}", "numpy>=1.24"]
    archive = opened(gradescope_zip.written(RUBRIC, wheel))
    assert archive.read("requirements.txt").decode().splitlines() == [f"./{WHEEL}", "numpy>=1.24"]
    assert archive.read(WHEEL) == wheel.read_bytes()


@pytest.mark.parametrize("seeds", [Seeds(), Seeds((), (7, 8), 0), Seeds((0, 3), (), 5)])
def test_the_rubric_is_read_back_as_it_was(seeds):
    """All of it, limits and seeds included, is what the reader of rubrics makes of the file."""
    for written in (dataclasses.replace(RUBRIC, seeds=seeds, allowed_imports=("scipy",)), Rubric(seeds=seeds)):
        assert parse_rubric(gradescope_zip.rubric_json(written), "rubric.json") == written


def test_hidden_seeds_are_drawn_once_for_a_class():
    """As many as the rubric says and other ones each time; where it names them, they stay."""
    first, second = (gradescope_zip.with_seeds(RUBRIC).seeds for _ in range(2))
    assert len(set(first.hidden)) == len(set(second.hidden)) == 2
    assert first.shown == (0,)
    assert set(first.hidden).isdisjoint(second.hidden)
    named = dataclasses.replace(RUBRIC, seeds=Seeds((0,), (7, 8), 0))
    assert gradescope_zip.with_seeds(named) == named
    drawn = dataclasses.replace(RUBRIC, seeds=first)
    assert parse_rubric(gradescope_zip.rubric_json(drawn), "rubric.json") == drawn


def test_results_of_a_run_that_was_ended_are_ungradable():
    """The file that stands there from the beginning has no score, and says what may have happened."""
    found = json.loads(opened(gradescope_zip.written(RUBRIC)).read("unfinished.json"))
    assert found["score"] is None
    assert "could not be graded" in found["output"]
    assert "memory" in found["output"]


def test_what_is_no_wheel_is_refused(tmp_path, wheel):
    """The message names the file, and how to get a wheel."""
    with pytest.raises(InvalidArgumentError, match="python -m build --wheel"):
        gradescope_zip.written(RUBRIC, tmp_path / "numpy-2.0.0-py3-none-any.whl")
    with pytest.raises(StorageError, match="cannot be read"):
        gradescope_zip.written(RUBRIC, tmp_path / "none" / WHEEL)
    wheel.write_bytes(wheel.read_bytes()[:-30])
    with pytest.raises(InvalidArgumentError, match="damaged"):
        gradescope_zip.written(RUBRIC, wheel)


def test_it_is_written_to_a_file(tmp_path):
    """The file holds these bytes; where it cannot be written, the error names it."""
    gradescope_zip.write(tmp_path / "autograder.zip", RUBRIC)
    assert (tmp_path / "autograder.zip").read_bytes() == gradescope_zip.written(RUBRIC)
    with pytest.raises(StorageError, match=r"autograder\.zip"):
        gradescope_zip.write(tmp_path / "autograder.zip" / "autograder.zip", RUBRIC)
