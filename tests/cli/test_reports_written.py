"""Specification of what `compare` and `check` write beside the terminal, also when they are broken off."""

from __future__ import annotations

import html
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from generations import GENERATION_C, write_package

from tinytorch_hf import cli
from tinytorch_hf.cli import PROBLEM, USAGE, main
from tinytorch_hf.cli.options import INTERRUPTED
from tinytorch_hf.judging.judges import JUDGES
from tinytorch_hf.reports.progress import Bar

SIGMOID = (
    "from tinytorch_hf.reference import GELU, ReLU, Sigmoid as _Sigmoid, Softmax, Tanh\n"
    "class Sigmoid(_Sigmoid):\n    def forward(self, x):\n        return super().forward(x) * 0.99\n"
)
CRASHING = (
    "from tinytorch_hf.reference import GELU, ReLU, Softmax, Tanh\n"
    "class Sigmoid:\n    def __call__(self, x):\n"
    "        raise type('Odd\\nverdict    agree', (Exception,), {})('<b>')\n"
)
COMPARE = ["compare", "perceptron", "--judge", "recorded", "--epochs", "2"]
CHECK = ["check", "--judge", "recorded", "--only", "relu", "sigmoid", "tanh", "sigmoid-large"]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A package whose Sigmoid gives a hundredth too little."""
    folder = write_package(tmp_path_factory.mktemp("p"), {**GENERATION_C, "core/activations.py": SIGMOID})
    return str(folder / "tinytorch")


@pytest.fixture
def crashing(tmp_path: Path) -> str:
    """A package whose Sigmoid raises an error with an odd name."""
    return str(write_package(tmp_path, {**GENERATION_C, "core/activations.py": CRASHING}) / "tinytorch")


def command_in(page: Path) -> list[str]:
    """The words of the command that the page gives."""
    text = page.read_text(encoding="utf-8")
    found = re.search(r'id="again">.*?<code>(.*?)</code>', text, re.DOTALL)
    assert found
    return shlex.split(html.unescape(found[1]))


def test_compare_writes_a_page_and_a_plot_and_the_page_how_to_get_it_again(
    package: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its command, given again, trains the same."""
    page, drawn = tmp_path / "r.html", tmp_path / "p.svg"

    status = main([*COMPARE, "--package", package, "--report", str(page), "--plot", str(drawn)])

    out, err = capsys.readouterr()
    assert status == PROBLEM
    assert err == f"The report was written to {page}.\nThe plot was written to {drawn}.\n"
    text = page.read_text(encoding="utf-8")
    assert "What goes wrong first" in text
    assert "Error of each layer" in text
    assert drawn.read_bytes().startswith(b"<?xml")
    program, *words = command_in(page)
    assert program == "tinytorch-hf"
    assert main(words) == PROBLEM
    assert capsys.readouterr().out == out


def test_check_writes_a_page_with_both_sides_of_each_operation(package: str, tmp_path: Path) -> None:
    """How it is called, both results, and lines to run."""
    page, drawn = tmp_path / "r.html", tmp_path / "p.png"

    status = main([*CHECK, "--package", package, "--report", str(page), "--plot", str(drawn)])

    assert status == PROBLEM
    text = html.unescape(page.read_text(encoding="utf-8"))
    for part in ("Sigmoid().forward(x)", "from tinytorch.core.activations import Sigmoid", "# yours: [["):
        assert part in text
    assert drawn.read_bytes().startswith(b"\x89PNG")
    assert command_in(page)[:6] == ["tinytorch-hf", "check", "--only", *CHECK[4:7]]


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C when the second piece of work is done."""

    def show(_self: Bar, done: int, _total: int, _what: str = "") -> None:
        if done >= 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Bar, "show", show)


@pytest.mark.usefixtures("stopped")
def test_a_check_that_is_broken_off_reports_what_is_known(
    package: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In JSON, on the page and in JUnit's XML; what was left is untried, and the status is the shell's."""
    page, junit = tmp_path / "r.html", tmp_path / "j.xml"

    status = main([*CHECK, "--package", package, "--json", "--report", str(page), "--junit", str(junit)])

    values: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert status == values["status"] == INTERRUPTED
    assert values["interrupted"] is True
    outcomes = [result["outcome"] for result in values["results"]]
    assert "untried" not in outcomes[:2]
    assert outcomes[2:] == ["untried"] * 2
    assert "interrupted" in page.read_text(encoding="utf-8")
    assert 'skipped="2"' in junit.read_text(encoding="utf-8")


@pytest.mark.usefixtures("stopped")
def test_a_comparison_that_is_broken_off_reports_what_is_known(
    package: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In JSON and on the page, before an epoch has ended, too."""
    page = tmp_path / "r.html"

    status = main([*COMPARE, "--package", package, "--report", str(page), "--json"])

    values: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert status == INTERRUPTED
    assert (values["interrupted"], values["verdict"], values["epochs"]) == (True, "interrupted", [])
    assert "Interrupted: no epoch has ended." in page.read_text(encoding="utf-8")


def test_a_crash_is_told_in_json_and_on_the_page_too(
    crashing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a package calls its errors begins no line of ours."""
    page = tmp_path / "r.html"

    status = main([*COMPARE, "--package", crashing, "--json", "--report", str(page)])

    out, err = capsys.readouterr()
    values: dict[str, Any] = json.loads(out)
    assert status == PROBLEM
    assert (values["verdict"], values["interrupted"]) == ("crash", False)
    assert r"Odd\nverdict    agree: <b>" in values["error"]
    assert not any(line.startswith("verdict") for line in err.splitlines())
    assert "&lt;b&gt;" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([*COMPARE, "--plot", "x.jpg"], "a .png or .svg file, and not x.jpg"),
        ([*COMPARE, "--plot", "x.svg", "--synchronised"], "--synchronised has none"),
        ([*CHECK, "--plot", "x"], "a .png or .svg file"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_runs(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the status of a wrong call."""
    assert main(arguments) == USAGE

    out, err = capsys.readouterr()
    assert out == ""
    assert words in err


def test_the_judges_that_can_be_chosen_are_those_there_are() -> None:
    """Both commands name them without importing what judges."""
    root = cli._parser("tinytorch-hf")

    for name in ("compare", "check"):
        option = root.commands[name]._option_string_actions["--judge"]
        assert option.choices == JUDGES
