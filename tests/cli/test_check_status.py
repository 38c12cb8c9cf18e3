"""Specification of `check` on the command line: its exit status, and what says which operations count for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from generations import GENERATION_C, write_package

from tinytorch_hf.cli import OK, PROBLEM, USAGE, main

# ReLU is right, Sigmoid wrong, Tanh not there, Softmax's call does not fit, GELU is empty.
ACTIVATIONS = (
    "from tinytorch_hf.reference import ReLU, Sigmoid as _Sigmoid, Tensor\n"
    "class Sigmoid(_Sigmoid):\n    def forward(self, x):\n        return super().forward(x) * 2\n"
    "class Softmax:\n    def forward(self):\n        return 1\n"
    "class GELU:\n    def forward(self, x):\n        pass\n"
)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with an operation for each exit status."""
    folder = tmp_path_factory.mktemp("package")
    return write_package(folder, {**GENERATION_C, "core/activations.py": ACTIVATIONS}) / "tinytorch"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--only", "relu"], OK, "everything that counts agrees"),
        (["--only", "relu", "tanh"], 3, "not implemented yet or could not be tried"),
        (["--only", "relu", "softmax", "gelu"], 3, "not implemented yet or could not be tried"),
        (["--only", "activations"], PROBLEM, "differs or crashes"),
        (["--only", "activations", "--require", "relu"], OK, "everything that counts agrees (1 of"),
        (["--only", "activations", "--require", "relu", "gelu"], 3, "could not be tried (2 of"),
        (["--only", "relu", "sigmoid", "--require", "activations"], USAGE, ""),
        (["--only", "relu", "--require", "rleu"], USAGE, ""),
        (["--only", "relu", "--seed", "3"], OK, "everything that counts agrees"),
    ],
)
def test_the_exit_status_is_that_of_what_counts(
    arguments: list[str], status: int, words: str, package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 if it agrees, 1 if something is wrong, 3 if something is unknown, 2 if the call makes no sense."""
    assert main(["check", "--package", str(package), *arguments]) == status

    out, err = capsys.readouterr()
    if status == USAGE:
        assert out == ""
        assert "--only leaves out: " in err or "Did you mean 'relu'" in err
    else:
        last = out.splitlines()[-1]
        assert last.startswith(f"exit status {status}: ")
        assert words in last


def test_the_json_has_the_same_status_and_says_what_counts(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With an outcome for each operation."""
    status = main(["check", "--package", str(package), "--only", "activations", "--require", "relu", "tanh", "--json"])

    values: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert status == values["status"] == 3
    assert values["required"] == ["relu", "tanh"]
    outcomes = {result["name"]: result["outcome"] for result in values["results"]}
    expected = {"relu": "agrees", "sigmoid": "differs", "tanh": "missing", "softmax": "untried", "gelu": "missing"}
    assert expected.items() <= outcomes.items()


def test_the_help_says_what_each_status_means(capsys: pytest.CaptureFixture[str]) -> None:
    """And what --require is for."""
    with pytest.raises(SystemExit):
        main(["check", "--help"])

    text = " ".join(capsys.readouterr().out.split())
    for part in (
        "0 everything that counts agrees",
        "1 something differs or crashes",
        "3 nothing is wrong",
        "--require",
    ):
        assert part in text


def test_what_can_be_asked_for_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Modules and operations, by an option that a wrong name leads to; and the mistakes of an operation."""
    assert main(["check", "--only", "lienar"]) == USAGE
    assert "Did you mean 'linear'" in (said := capsys.readouterr().err)
    assert "`tinytorch-hf check --list` lists the operations" in said and "mlp-with-sgd" not in said

    assert main(["check", "--list"]) == OK
    words = capsys.readouterr().out.split()
    assert {"losses", "linear", "mlp-with-sgd", "programs-chains"} <= set(words)

    assert main(["check", "--explain", "linear"]) == OK
    out = capsys.readouterr().out
    assert "BIAS-NOT-ADDED" in out and "ADAM-BIAS-CORRECTION" not in out
