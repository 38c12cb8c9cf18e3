"""Specification of tinytorch_hf.cli.terminal: text that fits the terminal without a broken word."""

from __future__ import annotations

import contextlib
import re
import sys
from typing import Any

import pytest
from seeds import examples

from tinytorch_hf.cli import main, terminal

HASH = "535ad3ebe16ed593e779fb4e41efee681c2d38ed503c7cab09515552543c196f"


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make both streams terminals of so many columns."""

    def become(columns: int) -> None:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.delenv("NO_COLOR", raising=False)
        for stream in (sys.stdout, sys.stderr):
            monkeypatch.setattr(stream, "isatty", lambda: True)

    return become


def test_a_line_goes_on_below_the_beginning_of_its_text() -> None:
    """Between words alone."""
    assert terminal.wrapped("name   ", "a long summary of it", 27) == "name   a long summary of it"
    assert (
        terminal.wrapped("name   ", "a much longer summary of it", 27) == "name   a much longer\n       summary of it"
    )


def test_where_there_is_no_room_beside_it_text_stands_below() -> None:
    """So does a path that fits on a line of its own alone; a hash that fits nowhere stays whole."""
    assert (
        terminal.wrapped("a name that is long  ", "and its summary", 30) == "a name that is long\n    and its summary"
    )
    assert (
        terminal.wrapped("  wrote    ", "/home/me/TinyTorch/datasets", 35)
        == "  wrote\n      /home/me/TinyTorch/datasets"
    )
    assert terminal.wrapped("sha256  ", HASH, 30) == f"sha256  {HASH}"


def test_a_command_is_not_broken() -> None:
    """It can be copied from one line, unless it is longer than a line."""
    text = "There is nothing. Run `tinytorch-hf download mnist`, then again."

    assert terminal.wrapped("", text, 40) == ("There is nothing. Run\n`tinytorch-hf download mnist`, then\nagain.")
    assert max(map(len, terminal.wrapped("", text, 24).splitlines())) <= 24


def test_lines_of_a_report_are_fitted_each_alone() -> None:
    """Below what begins them; short lines, blank lines and blanks inside of lines stay."""
    text = "    1      1.7065     1.7065\n\nverdict    the reference agrees; code of yours was not compared"

    assert terminal.fitted(text, 40) == (
        "    1      1.7065     1.7065\n\nverdict    the reference agrees; code of\n           yours was not compared"
    )
    assert terminal.fitted("  two words of a text without a name", 22) == "  two words of a text\n  without a name"


@pytest.mark.parametrize(
    "arguments",
    examples(
        [
            ["list"],
            ["info", "tinydigits"],
            ["stats", "tinydigits"],
            ["show", "tinytalks"],
            ["info", "tinydigts"],
            ["show", "tinytalks", "--png", "x.png"],
            ["hub", "cache", "--hf-hom", "x"],
        ],
        [
            ["check", "--explain", "all"],
            ["compare", "xor", "--epochs", "1"],
            ["check", "--only", "relu", "--package", "tinytorch_hf.reference"],
            ["milestones", "run", "01"],
        ],
    ),
    ids=" ".join,
)
def test_no_line_is_wider_than_the_terminal(
    arguments: list[str], watched: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is printed holds the words that a pipe gets, none of them in two; a word that is too long stands alone."""

    def lines_of(run: list[str]) -> list[str]:
        with contextlib.suppress(SystemExit):
            main(run)
        captured = capsys.readouterr()
        return list(map(_without_colour, (captured.out + captured.err).splitlines()))

    piped = {word for line in lines_of(arguments) for word in line.split()}
    for columns in (40, 80, 200):
        watched(columns)
        lines = lines_of(arguments)
        # Beside what a pipe gets there is a bar, and the time it took.
        shown = {word for line in lines for word in line.split() if not re.match(r"[\d./]+$|\[#", word)}
        assert shown <= piped | set(_usage(lines))
        for line in lines:
            assert len(line) < columns or len(line.split()) <= 2, line


def _usage(lines: list[str]) -> list[str]:
    """argparse's usage, whose breaks follow the width."""
    return [word for line in lines if line.startswith(("usage:", "  ")) for word in line.split()]


def _without_colour(line: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line.rpartition("\r")[2])


def test_colour_is_for_terminals_without_no_color(
    watched: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pipes and with NO_COLOR there is none."""

    def shown() -> str:
        main(["list"])
        terminal.tell("ok       all is well")
        return capsys.readouterr().out

    assert "\x1b" not in shown()
    watched(80)
    coloured = shown()
    assert "\x1b[32mok\x1b[0m " in coloured and "\x1b[1mGenerated" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shown()
