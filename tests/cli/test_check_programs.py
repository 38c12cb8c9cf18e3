"""Specification of generated programs on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from generations import GENERATION_C, write_package

from tinytorch_hf.check import run
from tinytorch_hf.check.programs import trial
from tinytorch_hf.cli import main
from tinytorch_hf.cli.options import PROBLEM, USAGE

# A sum over rows of which there are two is twice too large, where the axis is kept.
SUMS = (
    "from tinytorch_hf.reference import Tensor as _Tensor\n"
    "class Tensor(_Tensor):\n"
    "    def sum(self, axis=None, keepdims=False):\n"
    "        made = super().sum(axis, keepdims)\n"
    "        return made * 2 if keepdims and self.shape[axis or 0] == 2 else made\n"
)


def test_a_fault_between_operations_counts_as_one_of_them_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the table, in JUnit XML and in the exit status; with lines to be run."""
    write_package(tmp_path, {**GENERATION_C, "core/tensor.py": SUMS})
    package, junit = tmp_path / "tinytorch", tmp_path / "junit.xml"
    options = ["--only", "programs-reductions", "relu", "--programs", "300", "--judge", "recorded"]

    assert main(["check", "--package", str(package), *options, "--junit", str(junit)]) == PROBLEM

    out = capsys.readouterr().out
    assert "\nWhat is wrong\n  differs  programs-reductions" in out
    assert "      from tinytorch.core.tensor import Tensor\n" in out
    assert "# yours: " in out
    document = junit.read_text(encoding="utf-8")
    assert '<testsuite name="programs" tests="1" failures="1"' in document
    assert ".sum(axis=" in document


def test_json_has_a_row_for_each_family(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And the lines by themselves."""
    write_package(tmp_path, {**GENERATION_C, "core/tensor.py": SUMS})
    options = ["--only", "programs", "--programs", "9", "--judge", "recorded", "--json"]

    status = main(["check", "--package", str(tmp_path / "tinytorch"), *options])

    values: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert status == values["status"]
    assert [result["name"] for result in values["results"]] == trial.names()
    assert all("snippet" in result for result in values["results"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--programs", "-1"], "-1 is negative"),
        (["--programs", "0", "--only", "programs"], "there are to be none"),
        (["--programs", "0", "--require", "programs"], "--require names programs, but --programs 0 runs none"),
        (["--only", "relu", "--require", "programs-shapes"], "--only leaves out: programs-shapes"),
        (["--only", "programs-shape"], "Did you mean 'programs-shapes'"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything runs."""
    try:
        status = main(["check", *arguments])
    except SystemExit as error:
        status = int(str(error.code))

    assert status == USAGE
    assert words in capsys.readouterr().err


def test_programs_are_chosen_as_operations_are() -> None:
    """All of them by default, none for 0, and none beside operations that are named."""
    assert run.select_programs([]) == run.select_programs(["programs"]) == trial.names()
    assert run.select_programs([], 0) == run.select_programs(["relu"]) == []
    assert run.select_programs(["losses", "programs-layers"]) == ["programs-layers"]
    assert run.selected(["relu", "programs-layers"]) == ["relu", "programs-layers"]
