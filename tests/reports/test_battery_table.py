"""Specification of the battery's report: the table, the JSON and the JUnit XML say the same."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tinytorch_hf.errors import StorageError
from tinytorch_hf.judging.results import Difference, Outcome, Report, Result
from tinytorch_hf.reports import junit
from tinytorch_hf.reports import operations_table as table

WRONG = Difference("output", "is off by 1.0e+00", 1.0, 1e-6)
RESULTS = (
    Result("relu", "activations", Outcome.AGREES, seconds=0.25),
    Result("gelu", "activations", Outcome.DIFFERS, "output is off by 1.0e+00", "a factor", "", (WRONG,)),
    Result("mse", "losses", Outcome.CRASHES, "KeyError: '\x00<&>'", "", "/home/ada/tinytorch/core/losses.py:7"),
    Result("cross-entropy", "losses", Outcome.MISSING, "no CrossEntropyLoss"),
    Result("sgd", "optimizers", Outcome.MISSING, "no SGD"),
    Result("adam", "optimizers", Outcome.MISSING, "no Adam"),
)
REPORT = Report("tinytorch 0.2.0", "/home/ada/tinytorch", "2.15.0", RESULTS)


def test_the_table_groups_cases_by_module_of_the_course() -> None:
    """A module of which nothing is built is one line; places are relative to what holds the package."""
    assert list(table.lines(REPORT, width=200)) == [
        "package  tinytorch 0.2.0 at /home/ada/tinytorch",
        "PyTorch  2.15.0",
        "",
        "activations",
        "  agrees   relu",
        "  differs  gelu           output is off by 1.0e+00. Likely cause: a factor",
        "",
        "losses",
        "  crashes  mse            KeyError: '\x00<&>' (tinytorch/core/losses.py:7)",
        "  missing  cross-entropy  no CrossEntropyLoss",
        "",
        "optimizers",
        "  missing  no SGD, no Adam",
        "",
        "1 agrees, 1 differs, 3 missing, 1 crashes",
    ]


def test_long_rows_are_wrapped_below_their_own_beginning() -> None:
    """And colours, which only a terminal gets, count for nothing in the width."""
    plain = list(table.lines(REPORT, width=60))
    coloured = list(table.lines(REPORT, width=60, colour=True))

    assert max(map(len, plain[2:])) <= 60
    assert len(plain) == len(coloured)
    assert not any("\x1b" in row for row in plain)
    assert any("\x1b[31mdiffers\x1b[0m" in row for row in coloured)


def test_one_reason_for_everything_is_said_once() -> None:
    """Such as a package that does not import."""
    crashed = [Result(name, "losses", Outcome.CRASHES, "importing it: SystemExit: 1") for name in ("a", "b", "c")]

    rows = list(table.lines(Report("tinytorch", "", "2.15.0", crashed)))

    assert rows[2:] == ["", "crashes  importing it: SystemExit: 1", "", "0 agree, 0 differ, 0 missing, 3 crash"]


def test_the_plain_values_are_json() -> None:
    """Counts, and everything known of each case."""
    values = json.loads(json.dumps(table.as_dict(REPORT), allow_nan=False))

    assert values["counts"] == {"agrees": 1, "differs": 1, "missing": 3, "crashes": 1}
    assert values["results"][1]["differences"] == [
        {"what": "output", "message": "is off by 1.0e+00", "error": 1.0, "rounding": 1e-6}
    ]


def test_junit_has_failures_errors_and_skipped_tests(tmp_path: Path) -> None:
    """What autograders count: a suite a module, a test a case; and the file is XML whatever a message holds."""
    junit.write(REPORT, tmp_path / "report.xml")

    root = ElementTree.parse(tmp_path / "report.xml").getroot()  # noqa: S314 -- written above
    counts = {key: root.get(key) for key in ("tests", "failures", "errors", "skipped", "time")}
    assert counts == {"tests": "6", "failures": "1", "errors": "1", "skipped": "3", "time": "0.250"}
    assert [(suite.get("name"), suite.get("tests")) for suite in root] == [
        ("activations", "2"),
        ("losses", "2"),
        ("optimizers", "2"),
    ]
    kinds = {case.get("name"): [child.tag for child in case] for case in root.iter("testcase")}
    assert kinds == {
        "relu": [],
        "gelu": ["failure"],
        "mse": ["error"],
        "cross-entropy": ["skipped"],
        "sgd": ["skipped"],
        "adam": ["skipped"],
    }
    error = root.find(".//error")
    assert error is not None
    assert error.get("message") == "KeyError: '?<&>'"
    assert error.text == "At /home/ada/tinytorch/core/losses.py:7"


def test_junit_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """As for any other file."""
    (tmp_path / "file").touch()

    with pytest.raises(StorageError):
        junit.write(REPORT, tmp_path / "file" / "report.xml")


def test_only_differences_and_crashes_are_findings() -> None:
    """What is missing is not."""
    assert not REPORT.is_clean
    assert Report("", "", "", [result for result in RESULTS if result.outcome is Outcome.MISSING]).is_clean
