"""Specification of tinytorch_hf.reports.plot: verdicts as pictures."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest
from test_battery_table import REPORT
from test_report import AGREEING
from test_training_page import EVIDENCE

from tinytorch_hf.errors import InvalidArgumentError, MissingExtraError
from tinytorch_hf.reports import plot


def test_a_training_is_drawn_as_svg_the_same_each_time() -> None:
    """Words as shapes, so that it looks alike everywhere; a dollar sign in a name is not a formula."""
    subject = dataclasses.replace(AGREEING.framework, name="tiny $\\frac{1}{ <b>")
    result = dataclasses.replace(AGREEING, evidence=EVIDENCE, framework=subject)

    drawn = plot.of_training(result, Path("x.svg"))

    assert drawn.rstrip().endswith(b"</svg>")
    assert drawn == plot.of_training(result, Path("x.svg"))


def test_operations_are_drawn_as_png() -> None:
    """The ending of the name decides, in whatever case."""
    assert plot.of_operations(REPORT, Path("x.PNG")).startswith(b"\x89PNG")


def test_a_training_without_an_epoch_can_be_drawn() -> None:
    """One that was broken off at once."""
    assert plot.of_training(dataclasses.replace(AGREEING, epochs=[]), Path("x.png")).startswith(b"\x89PNG")


def test_what_cannot_be_drawn_is_said_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another ending, or no matplotlib."""
    with pytest.raises(InvalidArgumentError, match=r"a \.png or \.svg file, and not x\.jpg"):
        plot.require(Path("x.jpg"))
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r'pip install "tinytorch-hf\[plot\]"'):
        plot.require(Path("x.svg"))
