"""Specification of `tinytorch_hf.check_package`: `check` as a function."""

from __future__ import annotations

from pathlib import Path

import pytest
from generations import GENERATION_C, write_package

import tinytorch_hf
from tinytorch_hf.errors import InvalidArgumentError, UnknownNameError


def test_a_package_is_checked_in_a_process_of_its_own(tmp_path: Path) -> None:
    """The operations that were asked for, by the judge that was asked for."""
    write_package(tmp_path, GENERATION_C)

    report = tinytorch_hf.check_package(tmp_path / "tinytorch", only=["relu"], judge="recorded")

    assert ([one.name for one in report.results], report.judge) == (["relu"], "recorded")
    assert (report.is_clean, report.is_isolated) == (True, True)


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    """Before anything runs: folders, operations and judges."""
    with pytest.raises(InvalidArgumentError, match="There is no folder"):
        tinytorch_hf.check_package(tmp_path / "absent", only=["relu"])
    with pytest.raises(UnknownNameError, match="rleu"):
        tinytorch_hf.check_package(tmp_path, only=["rleu"])
    with pytest.raises(UnknownNameError, match="judge"):
        tinytorch_hf.check_package(tmp_path, judge="me")
