"""Commands for the milestones of the course: prepare, run."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinytorch_hf import catalog
from tinytorch_hf.cli import terminal
from tinytorch_hf.cli.options import OK, PROBLEM, add_json, command, group, print_json, seed, user_path
from tinytorch_hf.cli.sweeps import add_early_stopping
from tinytorch_hf.cli.tree import Parser

if TYPE_CHECKING:
    from tinytorch_hf.milestones.checkout.preparing import Prepared
    from tinytorch_hf.milestones.checkout.survey import Report


def add_to(parser: Parser) -> None:
    """Add these commands to the parser."""
    commands = group(
        parser,
        "milestones",
        "the milestones of TinyTorch's course",
        "`prepare` is for your own TinyTorch checkout, `run` does not need one.",
    )
    _add_prepare(commands)
    _add_run(commands)


def _add_prepare(commands: Parser) -> None:
    parser = command(
        commands,
        "prepare",
        _prepare,
        "prepare a TinyTorch checkout for its milestones, and list which data each of them finds",
        "%(prog)s ~/TinyTorch",
        "Curated files are written where milestones look for them, MNIST and CIFAR-10 are copied from the cache if "
        "they are in it, and the modules data_manager and tinytorch.datasets are written if there are none. Your own "
        "files are left untouched. The calls that load data are tried once, in processes that work in a copy of the "
        "checkout and have no network. Lines that cut the graph of gradients are shown as warnings. The exit "
        "status is 0 if every milestone can run, at least on tiny data.",
    )
    parser.add_argument("root", type=user_path, metavar="ROOT", help="root of your TinyTorch checkout")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="list the data that are there and write nothing")
    sizes = " and ".join(f"{d.title} ({catalog.download_cost(d)})" for d in (catalog.MNIST, catalog.CIFAR10))
    how.add_argument("--download", action="store_true", help=f"download {sizes} if they are not in the cache")
    how.add_argument(
        "--from", dest="source", type=user_path, metavar="PATH", help="take their archives from this file or folder"
    )
    add_json(parser)


def _add_run(commands: Parser) -> None:
    parser = command(
        commands,
        "run",
        _run,
        "train what the milestones train, and check that it learns",
        "%(prog)s 03 --full --download",
        "The experiments of the course on tiny data, with NumPy alone. Everything runs through the reference "
        "TinyTorch, whatever is installed. Losses are cross-entropies in nats. The exit status is 1 if an experiment "
        "did not reach what it should. If its data are missing, it says how to get them, which is not a failure unless "
        "--full asked for it.",
    )
    parser.add_argument("milestones", nargs="+", metavar="NUMBER", help="01 to 07, several of them, or all")
    parser.add_argument(
        "--full", action="store_true", help="train on MNIST and CIFAR-10 as well; all data must be there"
    )
    parser.add_argument("--download", action="store_true", help="first get the data that are not there")
    parser.add_argument(
        "--seed",
        type=seed,
        default=0,
        help="fixes initial weights and order of samples of 01 to 05 (default: %(default)s)",
    )
    add_early_stopping(parser)
    add_json(parser)


def _prepare(options: argparse.Namespace) -> int:
    from tinytorch_hf.milestones.checkout import preparing, survey

    root = preparing.recognise(options.root)
    prepared = preparing.Prepared()
    if not options.check:
        prepared = preparing.prepare(root, download=options.download, source=options.source)
    reports = survey.prove(root, survey.survey(root))
    if options.json:
        print_json(_as_json(root, prepared, reports))
    else:
        _print(root, prepared, reports)
    for problem in prepared.problems:
        terminal.tell_error(f"{options.program}: {problem}")
    # A checkout may well be without some of the milestones.
    return PROBLEM if prepared.problems or any(report.has_failed for report in reports) else OK


def _print(root: Path, prepared: Prepared, reports: list[Report]) -> None:
    for folder, n_files in Counter(path.parent for path in prepared.written).items():
        terminal.tell(f"wrote  {n_files} file{'s' if n_files > 1 else ''} in {terminal.one_line(folder)}")
    for report in reports:
        milestone = report.milestone
        state = "ready" if report.is_ready else "not ready" if report.has_failed else "no script"
        terminal.tell(f"{milestone.number} {milestone.title}: {state}")
        if milestone.makes:
            terminal.tell(f"   makes    {milestone.makes}")
        for row in report.rows:
            note = f": {row.note}" if row.note else ""
            line = terminal.wrapped(f"   {row.state.value:<7}  ", f"{row.path.relative_to(root)}{note}")
            print(terminal.marked(line))
        _print_scripts(root, report)


def _print_scripts(root: Path, report: Report) -> None:
    """What came of a milestone's scripts where they load data, and their lines that cut the graph."""
    for proof in report.proofs:
        calls = f", {', '.join(proof.calls)}" if proof.calls else ""
        what = f"{proof.script.relative_to(root)}{calls}: {proof.note}"
        print(terminal.marked(terminal.wrapped(f"   {proof.outcome.value:<8} ", what)))
    for found in report.detached:
        where = f"{found.path.relative_to(root)}:{found.line}"
        what = f"{where} {found.expression}: {found.why}; {found.instead}"
        print(terminal.marked(terminal.wrapped(f"   {'warning':<8} ", what)))


def _as_json(root: Path, prepared: Prepared, reports: list[Report]) -> dict[str, Any]:
    return {
        "root": str(root),
        "written": [str(path) for path in prepared.written],
        "problems": prepared.problems,
        "milestones": [
            {
                "number": report.milestone.number,
                "title": report.milestone.title,
                "ready": report.is_ready,
                "scripts": [script.relative_to(root).as_posix() for script in report.scripts],
                "makes": report.milestone.makes,
                "imports": [
                    *(need.module for need in report.milestone.needs),
                    *(module for bridge in report.milestone.bridges for module in bridge.modules),
                ],
                "files": [
                    {
                        "path": row.path.relative_to(root).as_posix(),
                        "state": row.state.value,
                        "needed": row.is_needed,
                        "note": row.note,
                    }
                    for row in report.rows
                ],
                "proofs": [
                    {
                        "script": proof.script.relative_to(root).as_posix(),
                        "calls": list(proof.calls),
                        "outcome": proof.outcome.value,
                        "note": proof.note,
                    }
                    for proof in report.proofs
                ],
                "detached": [
                    {
                        "path": found.path.relative_to(root).as_posix(),
                        "line": found.line,
                        "expression": found.expression,
                        "why": found.why,
                        "instead": found.instead,
                    }
                    for found in report.detached
                ],
            }
            for report in reports
        ],
    }


def _run(options: argparse.Namespace) -> int:
    _use_one_thread()
    from tinytorch_hf.milestones.experiments import report, running, table

    def say(line: str) -> None:
        # Progress stays readable beside the values for a program.
        (terminal.tell_error if options.json else terminal.tell)(line)

    outcomes = []
    chosen = table.milestones(options.milestones)
    for outcome in running.run(
        chosen,
        full=options.full,
        download=options.download,
        seed=options.seed,
        say=say,
        validation=options.validation,
        patience=options.early_stopping,
    ):
        outcomes.append(outcome)
        for line in report.conclusion(outcome):
            say(line)
    if options.json:
        print_json({"seed": options.seed, "outcomes": [report.as_dict(outcome) for outcome in outcomes]})
    else:
        terminal.tell("\n".join(report.table(outcomes)))
    failures = {running.State.NOT_AS_EXPECTED, *((running.State.NOT_RUN,) if options.full else ())}
    return PROBLEM if any(outcome.state in failures for outcome in outcomes) else OK


def _use_one_thread() -> None:
    """Before NumPy loads its BLAS: matrices as small as these are multiplied fastest by one thread."""
    if "numpy" not in sys.modules:
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
