"""The command `tinytorch-hf`. Exit status: 0 all is well, 1 a problem was found, 2 it was called wrongly.

`check` ends with 3, too: nothing is wrong, but something is not implemented yet or could not be tried. So does `tinify`
where a set teaches no more than chance does.

Without a command it prints its help, as a group of commands does, and exits with 0. ``tree.py`` holds the commands,
``spelling.py`` what they were called before, ``options.py`` what they share, ``terminal.py`` how text is shown.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tinytorch_hf._version import __version__
from tinytorch_hf.cli import (
    check,
    compare,
    completion,
    datasets,
    doctor,
    download,
    grade,
    hub,
    milestones,
    spelling,
    streams,
    terminal,
    tinify,
    tree,
)
from tinytorch_hf.cli.options import OK, PROBLEM, USAGE, carry_out

__all__ = ["OK", "PROBLEM", "USAGE", "main"]

_PURPOSES = {
    "Data": (datasets, download, tinify),
    "Your own framework": (compare, check),
    "A class": (grade,),
    "The course's milestones": (milestones,),
    "Hugging Face's Hub": (hub,),
    "This installation": (doctor,),
}


def main(arguments: Sequence[str] | None = None, program: str = "tinytorch-hf") -> int:
    """Run a command, by its name or by an older one; returns the exit status.

    Parameters
    ----------
    arguments
        The words after the program's name, by default those that Python was called with.
    program
        How the program was called.
    """
    root = _parser(program)
    completion.answer_shell(root)
    with streams.guarded():
        return _carried_out(root, program, sys.argv[1:] if arguments is None else arguments)


def _carried_out(root: tree.Parser, program: str, arguments: Sequence[str]) -> int:
    words, note = spelling.current(program, arguments)
    if note:
        terminal.tell_error(f"{program}: {note}")
    parser, rest = root.find(words)
    if parser.purposes and not rest:
        return carry_out(program, argparse.Namespace(run=lambda _: _print_help(parser)))
    if parser.purposes and not rest[0].startswith("-"):
        terminal.tell_error(f"{program}: {tree.no_such_command(root, parser, rest[0])}")
        return USAGE
    return carry_out(program, parser.read(rest, program=program))


def _print_help(parser: tree.Parser) -> int:
    print(parser.format_help(), end="")
    return OK


def _parser(program: str) -> tree.Parser:
    parser = tree.Parser(
        prog=program,
        description="TinyTorch's tiny datasets, the same numbers in NumPy, PyTorch, Hugging Face and TinyTorch.",
        epilog="Start with: %(prog)s compare tinydigits",
    )
    parser.add_argument("--version", action="version", version=f"tinytorch-hf {__version__}")
    for purpose, modules in _PURPOSES.items():
        parser.heading(purpose)
        for module in modules:
            module.add_to(parser)
    return parser
