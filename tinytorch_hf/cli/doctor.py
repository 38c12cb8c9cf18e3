"""The command that tells what works here: doctor."""

from __future__ import annotations

import argparse
import sys

from tinytorch_hf.cli import terminal
from tinytorch_hf.cli.options import OK, PROBLEM, add_json, command, print_json
from tinytorch_hf.cli.tree import Parser
from tinytorch_hf.shown import to_terminal


def add_to(commands: Parser) -> None:
    """Add the command to the parser."""
    parser = command(
        commands,
        "doctor",
        _doctor,
        "report what is installed, what works, and what to install for the rest",
        "%(prog)s",
        "Every library is imported once, in another process, which takes seconds. Tokens and passwords are not shown. "
        "The exit status is 1 if something is broken; a missing library is not an error.",
    )
    add_json(parser)


def _doctor(options: argparse.Namespace) -> int:
    from tinytorch_hf.health import doctor, report

    in_terminal = sys.stderr.isatty()
    if in_terminal:
        print("importing every library ...", end="", file=sys.stderr, flush=True)
    found = doctor.examine()
    if in_terminal:
        print(to_terminal("\r\x1b[K"), end="", file=sys.stderr, flush=True)
    if options.json:
        print_json(report.as_dict(found))
    else:
        terminal.tell("\n".join(report.lines(found)))
    return OK if found.is_sound else PROBLEM
