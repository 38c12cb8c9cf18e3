"""Specification of the Tab key: bash itself asks, and names come from the tables."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import argcomplete
import pytest
from conftest import CHECKOUT, Run

from tinytorch_hf import catalog, cli
from tinytorch_hf.compare import settings, tasks

# What readline does: it hands over the line and the cursor, and takes COMPREPLY.
_PRESS_TAB = """
COMP_LINE="$1" COMP_POINT=${#1} COMP_TYPE=9
COMPREPLY=()
_python_argcomplete tinytorch-hf
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """A folder with the command `tinytorch-hf`, as pip writes it."""
    path = tmp_path / "bin" / "tinytorch-hf"
    path.parent.mkdir()
    path.write_text(
        f"#!{sys.executable}\nimport sys\nfrom tinytorch_hf.cli import main\nsys.exit(main())\n", encoding="utf-8"
    )
    path.chmod(0o755)
    return path.parent


def _environment(command: Path) -> dict[str, str]:
    return {**os.environ, "PATH": f"{command}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(CHECKOUT)}


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("tinytorch-hf comp", ["compare "]),
        ("tinytorch-hf info tinym", ["tinymnist "]),
        ("tinytorch-hf stats ", list(catalog.names())),
        ("tinytorch-hf info --", ["--help", "--dataset-folder", "--json"]),
        ("tinytorch-hf verify tinydigits digits", ["digits_8x8 "]),
        ("tinytorch-hf show tinytalks --split ", ["train", "val", "test"]),
        ("tinytorch-hf compare ", list(tasks.names())),
        ("tinytorch-hf compare tinytalks --model ", ["gpt", "gpt-64"]),
        (
            "tinytorch-hf ",
            [
                *("list", "info", "show", "stats", "verify", "export", "download", "tinify", "compare"),
                *("check", "grade", "milestones", "hub", "doctor"),
            ],
        ),
        ("tinytorch-hf hub ", ["build", "cache", "publish", "mirror"]),
        ("tinytorch-hf milestones r", ["run "]),
        ("tinytorch-hf milestones run --f", ["--full "]),
        ("tinytorch-hf hub build ", list(catalog.names())),
        ("tinytorch-hf info perc", ["perceptron "]),
        ("tinytorch-hf compare perceptron --model ", ["logistic "]),
        ("tinytorch-hf compare tinydigits --model ", ["mlp", "cnn", "logistic"]),
        ("tinytorch-hf compare tinydigits --optimizer ", list(settings.OPTIMIZERS)),
        ("tinytorch-hf check --only conv2d los", ["losses "]),
        ("tinytorch-hf check --require relu-", ["relu-at-zero "]),
        ("tinytorch-hf info nothing-begins-so", [""]),
    ],
)
def test_bash_completes_commands_options_and_names(command: Path, line: str, offered: list[str]) -> None:
    """With the README's line; in groups, too, names from the tables, no old spelling; after one answer goes a space."""
    script = f"{argcomplete.shellcode(['tinytorch-hf'])}\n{_PRESS_TAB}"

    done = subprocess.run(
        [str(shutil.which("bash")), "--norc", "-c", script, "bash", line],
        env=_environment(command),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.splitlines() == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_is_answered(command: Path, tmp_path: Path, shell: str) -> None:
    """In the protocol that its function speaks."""
    line, answer = "tinytorch-hf st", tmp_path / "answer"
    asked = {"_ARGCOMPLETE": "1", "_ARGCOMPLETE_SHELL": shell, "_ARGCOMPLETE_IFS": "\n", "_ARGCOMPLETE_DFS": "\t"}
    environment = {"COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE_STDOUT_FILENAME": str(answer)}

    subprocess.run(
        [command / "tinytorch-hf"],
        env={**_environment(command), **asked, **environment},
        capture_output=True,
        check=True,
    )

    assert answer.read_text(encoding="utf-8").startswith("stats")


def _arguments(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _arguments(command)
        else:
            yield action


def test_every_argument_that_is_a_name_completes() -> None:
    """Also those of commands that are added later."""
    names = [action for action in _arguments(cli._parser("tinytorch-hf")) if action.metavar == "NAME"]

    assert len(names) > 8
    assert [action.dest for action in names if not hasattr(action, "completer")] == []


def test_who_does_not_press_tab_pays_nothing(run_python: Run) -> None:
    """argcomplete is imported only when a shell asks."""
    program = "import sys; from tinytorch_hf.cli import main; main(['list']); sys.exit('argcomplete' in sys.modules)"

    assert run_python("-c", program).returncode == 0


def test_a_shell_that_asks_where_argcomplete_is_absent_gets_nothing(run_numpy_only: Run) -> None:
    """And the command that was half typed is not carried out."""
    done = run_numpy_only("-m", "tinytorch_hf", _ARGCOMPLETE="1", COMP_LINE="tinytorch-hf ", COMP_POINT="13")

    assert (done.returncode, done.stdout) == (2, "")
