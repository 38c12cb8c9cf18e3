"""What the commands share: exit statuses, arguments, output for programs, errors as messages."""

from __future__ import annotations

import argparse
import errno
import json
import os
import sys
from pathlib import Path
from typing import Any

from tinytorch_hf.cli import completion, terminal
from tinytorch_hf.cli.tree import Parser
from tinytorch_hf.errors import InvalidArgumentError, StudentCodeError, TinyTorchHFError, UnknownNameError

OK, PROBLEM, USAGE, INTERRUPTED = 0, 1, 2, 130

# What a disk or its owner forbids; other errors of the operating system would be defects of ours.
_REFUSED = (*(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG), *(errno.ENOSPC, errno.EDQUOT, errno.EIO))


def carry_out(program: str, options: argparse.Namespace) -> int:
    """Run the command that was chosen; returns the exit status.

    Errors of this package become one message on standard error, without a traceback; so does what the operating
    system refuses.
    """
    try:
        _register_own(options)
        status: int = options.run(options)
        sys.stdout.flush()
        return status
    except (UnknownNameError, InvalidArgumentError) as error:
        terminal.tell_error(f"{program}: {error}")
        return USAGE
    except TinyTorchHFError as error:
        terminal.tell_error(f"{program}: {error}")
        without_verdict: int = getattr(options, "without_verdict", PROBLEM)
        return PROBLEM if isinstance(error, StudentCodeError) else without_verdict
    except KeyboardInterrupt:
        print(f"\n{program}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough.
        _drop_output()
        return OK
    except OSError as error:
        if error.errno not in _REFUSED:
            raise
        terminal.tell_error(
            f"{program}: the system refused to read or write something: {error}. "
            "Make room or allow it, or choose another place, then run it again."
        )
        try:
            sys.stdout.flush()
        except OSError:
            # It is the output itself that cannot be written, to a full disk for example.
            _drop_output()
        return PROBLEM


def _register_own(options: argparse.Namespace) -> None:
    """Make datasets of the user's own known: those of --dataset-folder, and those named by the path of their folder."""
    for folder in getattr(options, "dataset_folder", None) or ():
        _register(folder)
    if hasattr(options, "name"):
        options.name = _name(options.name)
    if hasattr(options, "names"):
        options.names = [_name(name) for name in options.names]


def _name(given: str) -> str:
    """A dataset's name; of a path, the name of the dataset in that folder."""
    is_path = any(separator in given for separator in (os.sep, os.altsep) if separator)
    return _register(Path(given)) if is_path else given


def _register(folder: Path) -> str:
    # It reads the files, for which NumPy is needed, so it is imported only here.
    from tinytorch_hf.data.register import register

    return register(folder).name


def _drop_output() -> None:
    """Let what is left of the output go nowhere; Python must not complain while it closes stdout."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_json(value: Any) -> int:
    """Print values for a program."""
    print(json.dumps(value, indent=2))
    return OK


def user_path(text: str) -> Path:
    """A path, its leading ``~`` expanded, which shells leave in ``--root=~/data``, for argparse."""
    from tinytorch_hf.files import folders

    # What an unset variable leaves; it would stand for the working directory.
    if not text:
        raise argparse.ArgumentTypeError("the path is empty")
    try:
        return folders.expanded(text)
    except InvalidArgumentError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def positive_int(text: str) -> int:
    """An integer from 1 on, for argparse."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value


def count(text: str) -> int:
    """A number of things, from 0 on, for argparse."""
    return seed(text)


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


def seconds(text: str) -> float:
    """A time above 0 and of a day at most, for argparse; no system waits for as long as a float can say."""
    value = positive_float(text)
    if value > 86_400:
        raise argparse.ArgumentTypeError(f"{text} seconds are more than a day")
    return value


def command(group: Parser, name: str, run: Any, what: str, example: str, more: str = "") -> Parser:
    """Add a command with its help and an example; ``what`` says what it does, ``more`` what else is to be known.

    In the example ``%(prog)s`` stands for how the command was called.
    """
    command = group.add(name, what, description=f"{_sentence(what)} {more}".strip(), epilog=f"Example:\n  {example}")
    command.set_defaults(run=run)
    return command


def group(parser: Parser, name: str, what: str, more: str = "") -> Parser:
    """Add a group of commands; ``what`` says what they are about, ``more`` what else is to be known."""
    return parser.add(name, what, description=f"{_sentence(what)} {more}".strip())


def _sentence(what: str) -> str:
    return f"{what[0].upper()}{what[1:]}."


def add_name(command: argparse.ArgumentParser, complete: completion.Complete = completion.datasets) -> None:
    """Add the argument that names a dataset."""
    argument = command.add_argument(
        "name", metavar="NAME", help="a dataset, or the path of a folder of your own; `tinytorch-hf list` names them"
    )
    completion.complete_with(argument, complete)
    add_folders(command)


def add_names(
    command: argparse.ArgumentParser,
    what: str,
    *,
    default: str = "",
    complete: completion.Complete = completion.datasets,
) -> None:
    """Add the argument that names datasets to do ``what`` with; without a ``default`` at least one has to be named."""
    text = f"datasets to {what} (default: {default})" if default else f"datasets to {what}"
    argument = command.add_argument("names", nargs="*" if default else "+", metavar="NAME", help=text)
    completion.complete_with(argument, complete)
    add_folders(command)


def add_folders(command: argparse.ArgumentParser) -> None:
    """Add the option that makes datasets of the user's own known."""
    command.add_argument(
        "--dataset-folder",
        action="append",
        type=user_path,
        metavar="FOLDER",
        help="a folder with dataset.json; its dataset may then be named (may be given several times)",
    )


def add_json(command: argparse.ArgumentParser) -> None:
    """Add ``--json``."""
    command.add_argument("--json", action="store_true", help="print machine-readable JSON")
