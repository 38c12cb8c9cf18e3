"""Commands that hold a TinyTorch against PyTorch: compare, check."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import itertools
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tinytorch_hf.cli import completion, terminal
from tinytorch_hf.cli.options import (
    OK,
    PROBLEM,
    USAGE,
    add_json,
    add_name,
    command,
    count,
    positive_float,
    positive_int,
    print_json,
    seconds,
    seed,
    user_path,
)
from tinytorch_hf.cli.tree import Parser
from tinytorch_hf.errors import InvalidArgumentError

if TYPE_CHECKING:
    from tinytorch_hf.compare.package import Subject
    from tinytorch_hf.compare.target import Target
    from tinytorch_hf.judging.results import Result
    from tinytorch_hf.student.mapping import FrameworkMap


def add_to(commands: Parser) -> None:
    """Add these commands to the parser."""
    parser = command(
        commands,
        "compare",
        _compare,
        "train the same model in TinyTorch and in PyTorch and compare them step by step",
        "%(prog)s tinydigits --lr 0.01  # the milestone's own learning rate",
        "Without --package the package tinytorch that is installed is compared, or where there is none the reference "
        "that comes with tinytorch-hf. The package runs in a process of its own. Where they differ, the first "
        "operation that does is named. The exit status is 1 if they differ.",
    )
    add_name(parser, completion.tasks)
    model = parser.add_argument(
        "--model", help="mlp, cnn, logistic, gpt or gpt-64; not every dataset has each (default: its first)"
    )
    completion.complete_with(model, completion.models)
    optimizer = parser.add_argument(
        "--optimizer", help="sgd, momentum, decay, adam or adamw (default: one that suits the model)"
    )
    completion.complete_with(optimizer, completion.optimizers)
    parser.add_argument("--lr", type=positive_float, help="learning rate (default: one that suits the optimizer)")
    parser.add_argument("--epochs", type=positive_int, help="passes over the data (default: what the model needs)")
    parser.add_argument("--batch-size", type=positive_int, default=32, help="samples a step (default: %(default)s)")
    parser.add_argument(
        "--seed",
        type=seed,
        default=0,
        help="fixes initial weights and order of samples (default: %(default)s)",
    )
    parser.add_argument(
        "--synchronised",
        action="store_true",
        help="check each step independently, from PyTorch's weights: forward, loss, gradients, update",
    )
    parser.add_argument(
        "--own-start",
        action="store_true",
        help="start from your own layers' initial weights, and say whether they learn",
    )
    _add_package(parser)
    _add_judge(parser, "its recorded training with default settings")
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=60.0,
        metavar="SECONDS",
        help="how long one step of the training may take (default: %(default)g)",
    )
    add_json(parser)

    parser = command(
        commands,
        "check",
        _check,
        "compare every operation of a TinyTorch with PyTorch, forward and backward",
        "%(prog)s --package ~/TinyTorch/tinytorch --only losses conv2d",
        "Each operation agrees, differs, crashes, is missing because it is not implemented yet, or could not be tried. "
        "The package runs in a process of its own. Exit status: 0 everything that counts agrees, 1 something differs "
        "or crashes, 3 nothing is wrong but something is not implemented yet or could not be tried, 2 the command was "
        "called wrongly.",
    )
    _add_package(parser)
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
    _add_judge(parser, "its recorded answers, and NumPy for what is not recorded")
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
    add_json(parser)


def _add_package(parser: argparse.ArgumentParser) -> None:
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
        help="JSON file that says where a framework with other names keeps its parts (default: they are looked for)",
    )
    parser.add_argument(
        "--write-map",
        type=user_path,
        metavar="FILE",
        help="keep the map of a framework for which none was given, to be read and changed, and given with --map",
    )
    parser.add_argument("--force", action="store_true", help="let --write-map replace a file")


def _add_judge(parser: argparse.ArgumentParser, recorded: str) -> None:
    """Add the option that says whose answers are right."""
    parser.add_argument(
        "--judge",
        choices=("torch", "recorded"),
        help=f"PyTorch itself, or {recorded}, which needs NumPy alone (default: torch where it is installed)",
    )


def _judged(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """Let a command have the judge that its options name."""

    @functools.wraps(run)
    def judged(options: argparse.Namespace) -> int:
        from tinytorch_hf.judging.judges import chosen, judged_by

        # 1 says that something is wrong; where there is no verdict, nothing is known to be.
        options.without_verdict = USAGE
        with judged_by(options.judge or chosen()):
            return run(options)

    return judged


@_judged
def _compare(options: argparse.Namespace) -> int:
    from tinytorch_hf.compare import lockstep, tasks
    from tinytorch_hf.reports import training_table as report

    if options.own_start and options.synchronised:
        raise InvalidArgumentError(
            "--synchronised starts every step from PyTorch's weights, so that there is no start of your own. Leave out "
            "--synchronised or --own-start."
        )

    settings = tasks.settings_for(
        options.name,
        options.model,
        optimizer=options.optimizer,
        lr=options.lr,
        epochs=options.epochs,
        batch_size=options.batch_size,
        seed=options.seed,
    )
    shown: list[lockstep.Epoch] = []

    def show(epoch: lockstep.Epoch) -> None:
        if not shown:
            print(report.HEADER)
        shown.append(epoch)
        print(report.epoch_line(epoch), flush=True)

    def begin(subject: Subject) -> None:
        print(report.opening(subject), flush=True)

    target = _target(options)
    _check_map_file(options)
    result: Any
    if options.synchronised:
        result = lockstep.judge(settings, target=target)
        is_right, text = result.agree, report.judgement(result)
    else:
        quiet: Any = {} if options.json else {"on_epoch": show, "on_start": begin}
        result = lockstep.run(settings, target=target, own_start=options.own_start, **quiet)
        is_right, text = result.is_right, f"\n{report.conclusion(result)}"
    _write_map(options, result.framework.inferred)
    if options.json:
        print_json(report.as_dict(result))
    else:
        print("\n".join(map(terminal.marked, text.splitlines())))
    return OK if is_right else PROBLEM


def _target(options: argparse.Namespace) -> Target:
    """Which package is to be trained, as the options say."""
    from tinytorch_hf.compare.target import Target
    from tinytorch_hf.student import target
    from tinytorch_hf.student.mapping import FrameworkMap, read_map

    framework_map = FrameworkMap() if options.map is None else read_map(options.map)
    framework_map, folder = target.locate(options.package, framework_map)
    given = options.package or ("" if options.map is None else framework_map.package)
    return Target(framework_map, folder, given, options.timeout)


@_judged
def _check(options: argparse.Namespace) -> int:
    from tinytorch_hf.check import run
    from tinytorch_hf.check.programs import trial
    from tinytorch_hf.reports import junit
    from tinytorch_hf.reports import operations_table as table
    from tinytorch_hf.student import target
    from tinytorch_hf.student.mapping import FrameworkMap, read_map

    framework_map = FrameworkMap() if options.map is None else read_map(options.map)
    framework_map, folder = target.locate(options.package, framework_map)
    programs = trial.N_PROGRAMS if options.programs is None else options.programs
    required = _required(options.only, options.require, programs)
    _check_map_file(options)

    def begin(not_isolated: str) -> None:
        if not_isolated:
            print(f"note: {not_isolated}", file=sys.stderr, flush=True)

    report = run.check(
        framework_map,
        folder,
        options.only,
        options.timeout,
        options.seed,
        _progress(options.only, programs),
        on_start=begin,
        programs=programs,
    )
    report = dataclasses.replace(report, required=required)
    _write_map(options, report.inferred)
    if options.junit:
        junit.write(report, options.junit)
    if options.json:
        print_json(table.as_dict(report))
    else:
        width = terminal.columns() if terminal.is_watched() else 120
        print("\n".join(table.lines(report, width, colour=terminal.is_coloured())))
    return report.status


def _check_map_file(options: argparse.Namespace) -> None:
    """Raise InvalidArgumentError, before anything runs, if a map could not be written."""
    from tinytorch_hf.student import finding

    if options.write_map is None:
        return
    if options.map is not None:
        raise InvalidArgumentError("--write-map keeps a map that was found; with --map there is one. Leave out one.")
    finding.refuse_present(options.write_map, options.force)


def _write_map(options: argparse.Namespace, inferred: FrameworkMap | None) -> None:
    from tinytorch_hf.student import finding

    if options.write_map is None:
        return
    if inferred is None:
        print("No map was written: the package has TinyTorch's own names, and needs none.", file=sys.stderr)
        return
    finding.write(inferred, options.write_map, options.force)
    print(f"The map was written to {options.write_map}.", file=sys.stderr)


def _required(only: Sequence[str], names: Sequence[str], programs: int) -> frozenset[str]:
    """The operations that count; none for all. InvalidArgumentError if one of them does not run."""
    from tinytorch_hf.check import run

    if not names:
        return frozenset()
    required = set(run.selected(names, programs))
    left_out = sorted(required - set(run.selected(only, programs)))
    if not required:
        raise InvalidArgumentError("--require names programs, and there are none. Leave out --programs 0.")
    if left_out:
        raise InvalidArgumentError(
            f"--require names what --only leaves out: {', '.join(left_out)}. Add it to --only, or leave --only out."
        )
    return frozenset(required)


def _progress(only: Sequence[str], programs: int) -> Callable[[Result], None]:
    """Shows on a terminal how far the battery is; elsewhere nothing."""
    from tinytorch_hf.check import run

    if not sys.stderr.isatty():
        return lambda _: None
    total = len(run.selected(only, programs))
    done = itertools.count(1)

    def show(result: Result) -> None:
        number = next(done)
        text = "" if number == total else f"{number}/{total} {result.name}"
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    return show
