"""The command that prepares a TinyTorch checkout for its milestones."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinytorch_hf import catalog
from tinytorch_hf.cli.options import OK, PROBLEM, add_json, command, print_json, user_path

if TYPE_CHECKING:
    from tinytorch_hf.milestones.checkout.preparing import Prepared
    from tinytorch_hf.milestones.checkout.survey import Report


def add_to(commands: Any) -> None:
    """Add this command to the parser."""
    parser = command(
        commands,
        "milestones",
        _milestones,
        "prepare a TinyTorch checkout for its milestones, and say which data each of them finds",
        "%(prog)s ~/TinyTorch",
        "Curated files are written where milestones look for them, MNIST and CIFAR-10 are copied from the cache if "
        "they are in it, and the modules data_manager and tinytorch.datasets are written if there are none. Files of "
        "yours stay. The exit status is 0 if every milestone can run, at least on tiny data. "
        "`python -m tinytorch_hf.milestones run all` trains what they train, without a checkout.",
    )
    parser.add_argument("root", type=user_path, metavar="ROOT", help="root of your TinyTorch checkout")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="say what is there and write nothing")
    sizes = " and ".join(f"{d.title} ({d.download_size})" for d in (catalog.MNIST, catalog.CIFAR10))
    how.add_argument("--download", action="store_true", help=f"download {sizes} if they are not in the cache")
    how.add_argument(
        "--from", dest="source", type=user_path, metavar="PATH", help="take their archives from this file or folder"
    )
    add_json(parser)


def _milestones(options: argparse.Namespace) -> int:
    from tinytorch_hf.milestones.checkout import preparing, survey

    root = preparing.recognise(options.root)
    prepared = preparing.Prepared()
    if not options.check:
        prepared = preparing.prepare(root, download=options.download, source=options.source)
    reports = survey.survey(root)
    if options.json:
        print_json(_as_json(root, prepared, reports))
    else:
        _print(root, prepared, reports)
    for problem in prepared.problems:
        print(f"{options.program}: {problem}", file=sys.stderr)
    return OK if all(report.is_ready for report in reports) and not prepared.problems else PROBLEM


def _print(root: Path, prepared: Prepared, reports: list[Report]) -> None:
    for folder, n_files in Counter(path.parent for path in prepared.written).items():
        print(f"wrote  {n_files} file{'s' if n_files > 1 else ''} in {folder}")
    for report in reports:
        milestone = report.milestone
        print(f"{milestone.number} {milestone.title}: {'ready' if report.is_ready else 'not ready'}")
        if milestone.makes:
            print(f"   makes    {milestone.makes}")
        for row in report.rows:
            note = f": {row.note}" if row.note else ""
            print(f"   {row.state.value:<7}  {row.path.relative_to(root)}{note}")


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
            }
            for report in reports
        ],
    }
