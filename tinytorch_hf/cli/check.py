"""The command that compares every operation of a TinyTorch with PyTorch: check."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tinytorch_hf.cli import completion, terminal
from tinytorch_hf.cli.options import OK, add_json, command, count, print_json, seconds, seed, user_path
from tinytorch_hf.cli.outputs import (
    add_outputs,
    command_line,
    options_of_package,
    require_outputs,
    write_page,
    write_plot,
)
from tinytorch_hf.cli.packages import add_judge, add_package, check_map_file, judged, located, write_map
from tinytorch_hf.cli.tree import Parser
from tinytorch_hf.errors import InvalidArgumentError

if TYPE_CHECKING:
    from tinytorch_hf.judging.results import Report


def add_to(commands: Parser) -> None:
    """Add this command to the parser."""
    parser = command(
        commands,
        "check",
        _check,
        "compare every operation of a TinyTorch with PyTorch, forward and backward",
        "%(prog)s --package ~/TinyTorch/tinytorch --only losses conv2d",
        "Each operation agrees, differs, crashes, is not implemented yet, or could not be tried. The package runs in "
        "its own process. Exit status: 0 everything that counts agrees, 1 something differs "
        "or crashes, 3 nothing is wrong but something is not implemented yet or could not be tried, 2 the command was "
        "called wrongly.",
    )
    add_package(parser)
    only = parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="NAME",
        help="operations to run, or modules such as losses (default: all)",
    )
    completion.complete_with(only, completion.operations)
    require = parser.add_argument(
        "--require",
        nargs="+",
        default=[],
        metavar="NAME",
        help="operations or modules that count for the exit status; others are shown only (default: all that run)",
    )
    completion.complete_with(require, completion.operations)
    add_judge(parser, "its recorded answers, and NumPy for what is not recorded")
    parser.add_argument(
        "--seed", type=seed, default=0, help="fixes batches, weights and programs (default: %(default)s)"
    )
    parser.add_argument(
        "--programs",
        type=count,
        metavar="N",
        help="generated programs to try after the operations; 0 for none (default: 400)",
    )
    parser.add_argument("--junit", type=user_path, metavar="FILE", help="also write JUnit XML, for autograders")
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=10.0,
        metavar="SECONDS",
        help="how long one operation may take (default: %(default)g)",
    )
    explain = parser.add_argument(
        "--explain",
        metavar="CODE",
        help="print the page on a mistake and check nothing; CODE is the code in brackets after a cause, or all; "
        "with the name of an operation, the codes of its mistakes",
    )
    completion.complete_with(explain, completion.mistakes)
    parser.add_argument(
        "--list", action="store_true", help="print what --only takes, and check nothing: modules and their operations"
    )
    add_outputs(parser, "every operation with both results, causes and lines to run", "how each module ended")
    add_json(parser)
    parser.group_options(
        your_package=("--package", "--map", "--write-map", "--force", "--timeout"),
        what_is_checked=("--only", "--require", "--judge", "--seed", "--programs"),
        output=("--explain", "--report", "--plot", "--junit", "--json"),
    )


def _check(options: argparse.Namespace) -> int:
    if options.list:
        return _list()
    return _explain(options.explain) if options.explain is not None else _carry_out(options)


def _list() -> int:
    """Print modules and operations, each with the parts of a TinyTorch that it needs."""
    from tinytorch_hf.check.cases import CASES
    from tinytorch_hf.check.programs import trial
    from tinytorch_hf.judging.case import MODULES

    width = max(map(len, CASES))
    for module in MODULES:
        print(terminal.bold(module))
        for case in CASES.values():
            if case.module == module:
                print(terminal.wrapped(f"  {case.name:<{width}}  ", ", ".join(case.needs) or "-"))
    print(terminal.bold(trial.MODULE))
    print("\n".join(f"  {name}" for name in trial.names()))
    return OK


def _mistakes_of(name: str) -> list[str]:
    """The codes of what is known to go wrong in an operation or module; none where it is neither."""
    from tinytorch_hf.check.cases import CASES
    from tinytorch_hf.judging.mistakes import MISTAKES
    from tinytorch_hf.judging.mistakes.explaining import explanations

    names = [case.name for case in CASES.values() if name in (case.name, case.module)]
    found = {code for one in names for code in CASES[one].mistakes}
    if names:
        found |= {code for code, page in explanations().items() if {*names, name} & set(page.command.split())}
    return [code for code in MISTAKES if code in found]


def _explain(code: str) -> int:
    """Print the page on a mistake, or a list of all, or of those of an operation."""
    from tinytorch_hf.judging.mistakes import MISTAKES
    from tinytorch_hf.judging.mistakes.explaining import explanation
    from tinytorch_hf.reports import explained

    width = terminal.columns() if terminal.is_watched() else 100
    named = [] if code.upper() in MISTAKES else _mistakes_of(code.lower())
    if code.lower() == "all":
        print("\n".join(explained.listing(width)))
    elif named:
        print("\n".join(explained.listing(width, named)))
    else:
        print("\n".join(explained.lines(explanation(code), width, colour=terminal.is_coloured())))
    return OK


@judged
def _carry_out(options: argparse.Namespace) -> int:
    from tinytorch_hf.check import run
    from tinytorch_hf.check.programs import trial
    from tinytorch_hf.reports import junit
    from tinytorch_hf.reports import operations_table as table
    from tinytorch_hf.reports.progress import Bar

    framework_map, folder = located(options)
    programs = trial.N_PROGRAMS if options.programs is None else options.programs
    required = _required(options.only, options.require, programs)
    check_map_file(options)
    require_outputs(options)

    def begin(not_isolated: str) -> None:
        if not_isolated:
            terminal.tell_error(f"note: {not_isolated}")

    with Bar() as bar:
        done = itertools.count(1)
        total = len(run.selected(options.only, programs))
        report = run.check(
            framework_map,
            folder,
            options.only,
            options.timeout,
            options.seed,
            lambda result: bar.show(next(done), total, result.name),
            on_start=begin,
            programs=programs,
            with_shown=options.report is not None,
            keep_partial=True,
        )
    report = dataclasses.replace(report, required=required)
    write_map(options, report.inferred)
    if options.junit:
        junit.write(report, options.junit)
    if options.json:
        print_json(table.as_dict(report))
    else:
        width = terminal.columns() if terminal.is_watched() else 120
        print("\n".join(table.lines(report, width, colour=terminal.is_coloured())), flush=True)
    _write(options, report)
    return report.status


def _write(options: argparse.Namespace, report: Report) -> None:
    """Write the page and the picture that were asked for."""
    if options.report is not None:
        from tinytorch_hf.reports.html.check_page import check_page
        from tinytorch_hf.reports.versions import versions

        def alone(name: str) -> str:
            return _command(argparse.Namespace(**{**vars(options), "only": [name], "require": []}))

        write_page(options, check_page(report, _command(options), alone, versions()))
    if options.plot is not None:
        from tinytorch_hf.reports import plot

        write_plot(options, plot.of_operations(report, options.plot))


def _command(options: argparse.Namespace) -> str:
    """What does the same again."""
    return command_line(
        "check",
        only=options.only,
        require=options.require,
        seed=options.seed,
        programs=options.programs,
        **options_of_package(options),
    )


def _required(only: Sequence[str], names: Sequence[str], programs: int) -> frozenset[str]:
    """The operations that count; none for all. InvalidArgumentError if one of them does not run."""
    from tinytorch_hf.check import run

    if not names:
        return frozenset()
    required = set(run.selected(names, programs))
    left_out = sorted(required - set(run.selected(only, programs)))
    if not required:
        raise InvalidArgumentError("--require names programs, but --programs 0 runs none. Leave out --programs 0.")
    if left_out:
        raise InvalidArgumentError(
            f"--require names what --only leaves out: {', '.join(left_out)}. Add it to --only, or leave --only out."
        )
    return frozenset(required)
