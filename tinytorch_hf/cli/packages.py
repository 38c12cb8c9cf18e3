"""What the commands share that ask a package: which one is meant, who judges, and the map that was found."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from tinytorch_hf.cli.options import USAGE, user_path
from tinytorch_hf.errors import InvalidArgumentError

if TYPE_CHECKING:
    from pathlib import Path

    from tinytorch_hf.student.mapping import FrameworkMap


def add_package(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which package is meant."""
    parser.add_argument(
        "--package",
        metavar="PATH",
        help="folder of the package, folder that holds it, or import name (default: the tinytorch that is installed)",
    )
    parser.add_argument(
        "--map",
        type=user_path,
        metavar="FILE",
        help="JSON file that says where a framework with other names keeps its parts (default: they are inferred)",
    )
    parser.add_argument(
        "--write-map",
        type=user_path,
        metavar="FILE",
        help="write the inferred map of a framework to a file, which you can change and give with --map",
    )
    parser.add_argument("--force", action="store_true", help="let --write-map replace a file")


def add_judge(parser: argparse.ArgumentParser, recorded: str) -> None:
    """Add the option that says whose answers are right."""
    parser.add_argument(
        "--judge",
        choices=("torch", "recorded"),
        help=f"PyTorch itself, or {recorded}, which needs only NumPy (default: torch where it is installed)",
    )


def judged(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """Let a command have the judge that its options name."""

    @functools.wraps(run)
    def carried_out(options: argparse.Namespace) -> int:
        from tinytorch_hf.judging.judges import chosen, judged_by

        # 1 says that something is wrong; where there is no verdict, nothing is known to be.
        options.without_verdict = USAGE
        with judged_by(options.judge or chosen()):
            return run(options)

    return carried_out


def check_map_file(options: argparse.Namespace) -> None:
    """Raise InvalidArgumentError, before anything runs, if a map could not be written."""
    from tinytorch_hf.student import finding

    if options.write_map is None:
        return
    if options.map is not None:
        raise InvalidArgumentError("--write-map writes an inferred map, and --map gives one. Leave out one of the two.")
    finding.refuse_present(options.write_map, options.force)


def write_map(options: argparse.Namespace, inferred: FrameworkMap | None) -> None:
    """Keep the map that was inferred, where the options ask for it."""
    from tinytorch_hf.student import finding

    if options.write_map is None:
        return
    if inferred is None:
        print("No map was written: the package has TinyTorch's own names and does not need one.", file=sys.stderr)
        return
    finding.write(inferred, options.write_map, options.force)
    print(f"The map was written to {options.write_map}.", file=sys.stderr)


def located(options: argparse.Namespace) -> tuple[FrameworkMap, Path | None]:
    """The map of the package that the options name, and its folder."""
    from tinytorch_hf.student import target
    from tinytorch_hf.student.mapping import FrameworkMap, read_map

    framework_map = FrameworkMap() if options.map is None else read_map(options.map)
    return target.locate(options.package, framework_map)
