"""The command `tinytorch-hf`. Exit status: 0 all is well, 1 a problem was found, 2 it was called wrongly."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from tinytorch_hf import __version__
from tinytorch_hf.cli import compare, completion, datasets, doctor, hub
from tinytorch_hf.cli.options import OK, PROBLEM, USAGE
from tinytorch_hf.errors import InvalidArgumentError, TinyTorchHFError, UnknownNameError

__all__ = ["OK", "PROBLEM", "USAGE", "main"]


def main(arguments: Sequence[str] | None = None, prog: str = "tinytorch-hf") -> int:
    """Run a command; returns the exit status. ``prog`` is how the command was called.

    Errors of this package become one message on standard error, without a traceback.
    """
    parser = _parser(prog)
    completion.answer_shell(parser)
    options = parser.parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
        return status
    except (UnknownNameError, InvalidArgumentError) as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return USAGE
    except TinyTorchHFError as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return PROBLEM
    except KeyboardInterrupt:
        print(f"\n{prog}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; Python must not complain while it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="TinyTorch's tiny datasets, the same numbers in NumPy, PyTorch, Hugging Face and TinyTorch.",
        epilog="Start with: %(prog)s compare tinydigits",
    )
    parser.set_defaults(prog=prog)
    parser.add_argument("--version", action="version", version=f"tinytorch-hf {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (datasets, hub, compare, doctor):
        module.add_to(commands)
    return parser
