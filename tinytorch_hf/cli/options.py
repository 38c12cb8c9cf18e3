"""What the commands share: exit statuses, arguments, output for programs."""

from __future__ import annotations

import argparse
import json
from typing import Any

from tinytorch_hf.cli import completion

OK, PROBLEM, USAGE = 0, 1, 2


def print_json(value: Any) -> int:
    """Print values for a program."""
    print(json.dumps(value, indent=2))
    return OK


def positive_int(text: str) -> int:
    """An integer from 1 on, for argparse."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value


def seed(text: str) -> int:
    """An integer from 0 on, for argparse."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return value


def port(text: str) -> int:
    """A port, 0 for any, for argparse."""
    value = int(text)
    if not 0 <= value < 65536:
        raise argparse.ArgumentTypeError(f"{text} is not a port, 0 to 65535")
    return value


def positive_float(text: str) -> float:
    """A finite number above 0, for argparse."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def command(commands: Any, name: str, run: Any, what: str, example: str, more: str = "") -> argparse.ArgumentParser:
    """Add a command with its help and an example; ``what`` says what it does, ``more`` what else is to be known.

    In the example ``%(prog)s`` stands for how the command was called.
    """
    sentence = f"{what[0].upper()}{what[1:]}."
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=what, description=f"{sentence} {more}".strip(), epilog=f"Example: {example}"
    )
    command.set_defaults(run=run)
    return command


def add_name(command: argparse.ArgumentParser, complete: completion.Complete = completion.datasets) -> None:
    """Add the argument that names a dataset."""
    argument = command.add_argument("name", metavar="NAME", help="a dataset; `tinytorch-hf list` names them")
    completion.complete_with(argument, complete)


def add_names(command: argparse.ArgumentParser, what: str) -> None:
    """Add the argument that names datasets, all by default; ``what`` is done with them."""
    argument = command.add_argument("names", nargs="*", metavar="NAME", help=f"datasets to {what} (default: all)")
    completion.complete_with(argument, completion.datasets)


def add_json(command: argparse.ArgumentParser) -> None:
    """Add ``--json``."""
    command.add_argument("--json", action="store_true", help="print JSON for a program")
