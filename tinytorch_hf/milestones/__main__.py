"""`python -m tinytorch_hf.milestones run 03`: the experiments of the course, through the reference TinyTorch."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from tinytorch_hf.cli.options import OK, PROBLEM, add_json, carry_out, command, print_json, seed

_PROGRAM = "python -m tinytorch_hf.milestones"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    return carry_out(_PROGRAM, _parser().parse_args(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM,
        description="The milestones of the course as experiments on tiny data, with NumPy alone. "
        "`tinytorch-hf milestones` prepares your own checkout for its milestones instead.",
        epilog=f"Start with: {_PROGRAM} run 01 02 03",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    run = command(
        commands,
        "run",
        _run,
        "train what the milestones train, and check that it learns",
        f"{_PROGRAM} run 03 --full --download",
        "Everything runs through the reference TinyTorch, whatever is installed. Losses are cross-entropies in "
        "nats. The exit status is 1 if an experiment did not reach what it should. One whose data are not there says "
        "how to get them, and is no failure unless --full asked for it.",
    )
    run.add_argument("milestones", nargs="+", metavar="NUMBER", help="01 to 06, several of them, or all")
    run.add_argument("--full", action="store_true", help="train on MNIST and CIFAR-10 as well; all data must be there")
    run.add_argument("--download", action="store_true", help="first get the data that are not there")
    run.add_argument(
        "--seed",
        type=seed,
        default=0,
        help="fixes initial weights and order of samples of 01 to 05 (default: %(default)s)",
    )
    add_json(run)
    return parser


def _run(options: argparse.Namespace) -> int:
    from tinytorch_hf.milestones.experiments import report, running, table

    def say(line: str) -> None:
        # Progress stays readable beside the values for a program.
        print(line, file=sys.stderr if options.json else sys.stdout, flush=True)

    outcomes = []
    chosen = table.milestones(options.milestones)
    for outcome in running.run(chosen, full=options.full, download=options.download, seed=options.seed, say=say):
        outcomes.append(outcome)
        for line in report.conclusion(outcome):
            say(line)
    if options.json:
        print_json({"seed": options.seed, "outcomes": [report.as_dict(outcome) for outcome in outcomes]})
    else:
        print("\n".join(report.table(outcomes)))
    failures = {running.State.NOT_AS_EXPECTED, *((running.State.NOT_RUN,) if options.full else ())}
    return PROBLEM if any(outcome.state in failures for outcome in outcomes) else OK


if __name__ == "__main__":
    # Before NumPy loads its BLAS: matrices this small are multiplied fastest by one thread.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(main())
