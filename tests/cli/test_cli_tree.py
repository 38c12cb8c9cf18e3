"""Specification of the tree of commands: help by purpose, answers to what is not in it, old spellings, terminals."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from test_cli import COMMANDS

from tinytorch_hf import cli
from tinytorch_hf.cli import OK, USAGE, main, spelling, terminal
from tinytorch_hf.health import verification
from tinytorch_hf.milestones.__main__ import main as module_main

HELP_OF_HUB = "`tinytorch-hf hub --help` lists all.\n"
HELP = "`tinytorch-hf --help` lists all.\n"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command in this process: exit status, standard output, standard error."""

    def run(*arguments: object, start: Any = main) -> tuple[int, str, str]:
        try:
            status = start([str(argument) for argument in arguments])
        except SystemExit as stop:
            status = int(stop.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make standard output a terminal of 60 columns; a test calls it, because pytest changes the stream before that."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_every_command_is_in_the_help_under_what_it_is_for(run: Any) -> None:
    """Those of groups, too; the help ends with where to start."""
    status, out, err = run("--help")

    assert (status, err) == (OK, "")
    headings = dict.fromkeys(re.findall(r"^(\S.*):$", out, re.MULTILINE))
    assert [*headings] == [
        *("Data", "Your own framework", "A class", "The course's milestones", "Hugging Face's Hub"),
        "This installation",
    ]
    assert re.findall(r"^  (\w+(?: \w+)?)  ", out, re.MULTILINE) == COMMANDS
    assert out.endswith("\n\nStart with: tinytorch-hf compare tinydigits\n")


@pytest.mark.parametrize("group", [[], ["hub"], ["milestones"]])
def test_a_bare_command_shows_its_help(run: Any, group: list[str]) -> None:
    """And is not an error: who types it wants to know what there is."""
    status, out, err = run(*group)

    assert (status, err) == (OK, "")
    assert out == run(*group, "--help")[1]
    assert f"`{' '.join(['tinytorch-hf', *group])} COMMAND --help` shows the options" in out


def test_a_group_lists_its_own_commands(run: Any) -> None:
    """By the names that are typed after it."""
    names = re.findall(r"^  (\w+)  ", run("hub")[1], re.MULTILINE)

    assert names == ["build", "cache", "publish", "mirror"]


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("stat", f"There is no command stat. Did you mean `tinytorch-hf stats`? {HELP}"),
        ("LIST", f"There is no command LIST. Did you mean `tinytorch-hf list`? {HELP}"),
        ("huub", f"There is no command huub. Did you mean `tinytorch-hf hub`? {HELP}"),
        ("run 03", f"There is no command run. Did you mean `tinytorch-hf milestones run`? {HELP}"),
        ("mirorr", f"There is no command mirorr. Did you mean `tinytorch-hf hub mirror`? {HELP}"),
        ("hub mirorr", f"There is no command hub mirorr. Did you mean `tinytorch-hf hub mirror`? {HELP_OF_HUB}"),
        ("hub stats", f"There is no command hub stats. Did you mean `tinytorch-hf stats`? {HELP_OF_HUB}"),
        ("hub xyz", f"There is no command hub xyz. Known: build, cache, publish, mirror. {HELP_OF_HUB}"),
        ("xyz", f"There is no command xyz. {HELP}"),
        ("milestones rnu 03", "There is no command milestones rnu. Did you mean `tinytorch-hf milestones run`? "),
        ("milestones nowhere", "There is no command milestones nowhere. Known: prepare, run. "),
    ],
)
def test_a_command_that_is_not_there_is_one_line(run: Any, typed: str, answer: str) -> None:
    """With the one that may be meant, wherever in the tree it is, and where all are listed."""
    status, out, err = run(*typed.split())

    assert (status, out) == (USAGE, "")
    assert err.startswith(f"tinytorch-hf: {answer}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("list --jsn", "There is no option --jsn. Did you mean --json?"),
        ("show tinydigits --indx=3", "There is no option --indx. Did you mean --index?"),
        ("hub publish tinydigits --repoid a/b", "There is no option --repoid. Did you mean --repo-id?"),
        ("check --qqq", "There is no option --qqq.\n"),
        ("milestones run 03 -q", "There is no option -q.\n"),
    ],
)
def test_an_option_that_is_not_there_is_answered_with_the_nearest(run: Any, typed: str, answer: str) -> None:
    """Also where something else is missing, of which the mistake may be the reason."""
    status, out, err = run(*typed.split())

    assert (status, out) == (USAGE, "")
    assert answer in err


def test_what_argparse_takes_for_an_option_stays_one(run: Any) -> None:
    """The beginning of a long option, a number below 0, and anything after two dashes."""
    assert run("show", "tinydigits", "--ind", "0", "--spl=test")[0] == OK
    assert "Known: 0 to 999" in run("show", "tinydigits", "--index", "-1")[2]
    assert "There is no dataset '--jsn'" in run("info", "--", "--jsn")[2]


@pytest.mark.parametrize(
    ("typed", "old", "new"),
    [
        ("build emnist --out x", "build", "hub build"),
        ("cache emnist", "cache", "hub cache"),
        ("publish tinydigts --repo-id a/b", "publish", "hub publish"),
        ("mirror emnist --port 0", "mirror", "hub mirror"),
        ("mirror --help", "mirror", "hub mirror"),
        ("milestones . --check", "milestones ROOT", "milestones prepare ROOT"),
        ("milestones --check ./run", "milestones ROOT", "milestones prepare ROOT"),
        ("milestones checkout", "milestones ROOT", "milestones prepare ROOT"),
    ],
)
def test_old_spellings_do_the_same_and_name_the_new_one(
    run: Any, typed: str, old: str, new: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same exit status, output and errors, but for one line before them on standard error."""
    for folder in ("checkout", "run"):
        (tmp_path / folder / "milestones").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    words = typed.split()
    expected = run(*new.removesuffix(" ROOT").split(), *words[1:])

    status, out, err = run(*words)

    note, _, rest = err.partition("\n")
    assert note == f"tinytorch-hf: `tinytorch-hf {old}` is now `tinytorch-hf {new}`; the old spelling still works."
    unchanged = re.sub(r"^wrote .*\n", "", expected[1], flags=re.MULTILINE)
    assert (status, out, rest) == (expected[0], unchanged, expected[2])


def test_the_module_that_was_a_command_goes_on_working(run: Any) -> None:
    """`python -m tinytorch_hf.milestones`, as it was advised; what it never took it does not take now."""
    status, out, err = run("run", "01", "--json", start=module_main)

    assert status == OK
    assert err.startswith(
        "tinytorch-hf: `python -m tinytorch_hf.milestones` is now `tinytorch-hf milestones`; the old spelling "
    )
    assert [outcome["dataset"] for outcome in json.loads(out)["outcomes"]] == ["perceptron"]
    assert run("run", "11", start=module_main)[0] == USAGE
    assert run(".", start=module_main)[0] == USAGE


def test_every_old_spelling_leads_to_a_command() -> None:
    """And none is itself in the tree, where it would be listed and completed."""
    root = cli._parser("tinytorch-hf")

    for old in ["build", "cache", "publish", "mirror"]:
        words, note = spelling.current("tinytorch-hf", [old, "x"])
        assert root.find(words)[1] == ["x"] and note
        assert old not in root.commands
    assert spelling.current("tinytorch-hf", ["milestones", "prepare"]) == (["milestones", "prepare"], "")


def test_help_breaks_lines_between_words_alone(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """However narrow the terminal: neither in `--repo-id` nor in an example, which is copied."""
    monkeypatch.setenv("COLUMNS", "40")

    for command in COMMANDS:
        _, out, _ = run(*command.split(), "--help")
        text, _, example = out.partition("\n\nExample:\n")
        assert all(len(line) < 80 and line.startswith("  ") for line in example.splitlines())
        assert not re.search(r"\w-$", text.partition("\n\n")[2], re.MULTILINE)
    assert max(map(len, run()[1].splitlines())) <= 60


def test_help_fits_eighty_columns_and_long_lists_of_options_have_headings(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody finds one of thirty options in a row; every option stands in one place."""
    monkeypatch.setenv("COLUMNS", "80")

    for command in COMMANDS:
        _, out, _ = run(*command.split(), "--help")
        assert max(map(len, out.splitlines())) < 80, command
        parts = re.split(r"^[a-zA-Z ]+:$", out, flags=re.MULTILINE)
        listed = [re.findall(r"^  (-\S+)", part, re.MULTILINE) for part in parts]
        assert max(map(len, listed)) <= 10, command
        flat = [option for options in listed for option in options]
        assert len(set(flat)) == len(flat)


def test_on_a_terminal_lines_are_wrapped_between_words(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """And go on below their own beginning; what has no space in it, such as a hash, stays whole."""
    on_terminal(monkeypatch)

    for command in (["list"], ["info", "tinydigits"], ["show", "tinytalks"], ["stats", "tinytalks"]):
        for line in re.sub(r"\x1b\[\d+m", "", run(*command)[1]).splitlines():
            assert len(line) < 60 or len(line.split()) <= 2, line
    lines = run("info", "tinydigits")[1].splitlines()
    assert lines[1].startswith("summary      1000 training and")
    assert lines[2].startswith(" " * 13 + "handwritten digits")


def test_elsewhere_a_line_stays_a_line(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that grep finds all of it, and nothing in colour, however wide the terminal is."""
    monkeypatch.setenv("COLUMNS", "40")

    out = run("list")[1]

    assert re.search(r"^tinydigits .*balanced over the ten digits\.$", out, re.MULTILINE)
    assert "\x1b" not in out


def test_verdicts_are_in_colour_on_a_terminal(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The word alone; NO_COLOR switches it off."""
    on_terminal(monkeypatch)
    check = verification.Check("tinydigits", "file train.pkl", verification.Outcome.OK, "317 bytes")
    monkeypatch.setattr(verification, "checks", lambda _name: [check])
    assert "\x1b[32mok\x1b[0m       tinydigits  file train.pkl: 317 bytes\n" in run("verify", "tinydigits")[1]

    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run("verify", "tinydigits")[1]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("failed   x: y", "\x1b[31mfailed\x1b[0m   x: y"),
        ("   absent   datasets/x", "   \x1b[33mabsent\x1b[0m   datasets/x"),
        ("03 MLP: not ready", "03 MLP: \x1b[31mnot ready\x1b[0m"),
        ("verdict    differ: the losses diverge", "verdict    \x1b[31mdiffer\x1b[0m: the losses diverge"),
        ("verdict    agree", "verdict    \x1b[32magree\x1b[0m"),
        ("losses     differ by at most 2.7e-07", "losses     differ by at most 2.7e-07"),
        ("okay", "okay"),
    ],
)
def test_only_a_verdict_is_marked(monkeypatch: pytest.MonkeyPatch, line: str, shown: str) -> None:
    """At the beginning of its line, or after what the line is about."""
    on_terminal(monkeypatch)

    assert terminal.marked(line) == shown
