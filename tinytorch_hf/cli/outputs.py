"""The files that a verdict can be written to beside the terminal: a page, and a picture."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping

from tinytorch_hf.cli import terminal
from tinytorch_hf.cli.options import user_path


def add_outputs(parser: argparse.ArgumentParser, what: str, plotted: str) -> None:
    """Add the options that name files; ``what`` the page holds, and what is ``plotted``."""
    parser.add_argument(
        "--report", type=user_path, metavar="FILE.html", help=f"also write a page of one file: {what} (extra report)"
    )
    parser.add_argument(
        "--plot", type=user_path, metavar="FILE", help=f"also draw {plotted} as .png or .svg (extra plot)"
    )


def require_outputs(options: argparse.Namespace) -> None:
    """Raise, before anything runs, what would keep the files from being written.

    Raises
    ------
    InvalidArgumentError
        A plot's name ends in something else than .png or .svg.
    MissingExtraError
        What makes them is not installed.
    """
    if options.report is not None:
        from tinytorch_hf.reports.html import blocks

        blocks.require()
    if options.plot is not None:
        from tinytorch_hf.reports import plot

        plot.require(options.plot)


def write_page(options: argparse.Namespace, page: str) -> None:
    """Write the page.

    Raises
    ------
    StorageError
        It cannot be written.
    """
    from tinytorch_hf.files import store

    store.write(options.report, page.encode())
    terminal.tell_error(f"The report was written to {options.report}.")


def write_plot(options: argparse.Namespace, picture: bytes) -> None:
    """Write the picture.

    Raises
    ------
    StorageError
        It cannot be written.
    """
    from tinytorch_hf.files import store

    store.write(options.plot, picture)
    terminal.tell_error(f"The plot was written to {options.plot}.")


def command_line(*words: str, **given: object) -> str:
    """A command that can be pasted into a shell: words, and options by their names; None and False are left out."""
    parts = ["tinytorch-hf", *words]
    for name, value in given.items():
        option = f"--{name.replace('_', '-')}"
        if value is True:
            parts.append(option)
        elif isinstance(value, list | tuple):
            parts += [option, *map(str, value)] if value else []
        elif value is not None and value is not False:
            parts += [option, repr(value) if isinstance(value, float) else str(value)]
    return shlex.join(parts)


def options_of_package(options: argparse.Namespace) -> Mapping[str, object]:
    """The options that say which package is meant, and who judges, as they were resolved."""
    from tinytorch_hf.judging.judges import chosen

    return {"package": options.package, "map": options.map, "judge": chosen()}
