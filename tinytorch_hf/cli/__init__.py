"""The command `tinytorch-hf`. Exit status: 0 all is well, 1 a problem was found, 2 it was called wrongly."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tinytorch_hf._version import __version__
from tinytorch_hf.cli import compare, completion, datasets, doctor, download, hub, milestones
from tinytorch_hf.cli.options import OK, PROBLEM, USAGE, carry_out

__all__ = ["OK", "PROBLEM", "USAGE", "main"]


def main(arguments: Sequence[str] | None = None, program: str = "tinytorch-hf") -> int:
    """Run a command; returns the exit status. ``program`` is how the command was called."""
    parser = _parser(program)
    completion.answer_shell(parser)
    return carry_out(program, parser.parse_args(arguments))


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program,
        description="TinyTorch's tiny datasets, the same numbers in NumPy, PyTorch, Hugging Face and TinyTorch.",
        epilog="Start with: %(prog)s compare tinydigits",
    )
    parser.set_defaults(program=program)
    parser.add_argument("--version", action="version", version=f"tinytorch-hf {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (datasets, download, milestones, hub, compare, doctor):
        module.add_to(commands)
    return parser
