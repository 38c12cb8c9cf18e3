"""What `compare` does with several seeds, and the options that say how."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tinytorch_hf.cli import terminal
from tinytorch_hf.cli.options import INTERRUPTED, OK, PROBLEM, positive_int, print_json
from tinytorch_hf.cli.packages import write_map
from tinytorch_hf.errors import InvalidArgumentError

if TYPE_CHECKING:
    from tinytorch_hf.compare.settings import Settings
    from tinytorch_hf.compare.sweep import SeedRun
    from tinytorch_hf.compare.target import Target


def add_seeds(parser: argparse.ArgumentParser) -> None:
    """Add the options for several seeds."""
    parser.add_argument(
        "--seeds",
        type=positive_int,
        metavar="N",
        help="train with N seeds from --seed on, and test whether the accuracies are distinguishable",
    )
    parser.add_argument(
        "--workers", type=positive_int, metavar="N", help="processes that share the seeds (default: one per core)"
    )


def add_early_stopping(parser: argparse.ArgumentParser) -> None:
    """Add the options for a validation part."""
    parser.add_argument(
        "--validation",
        action="store_true",
        help="hold a part of the training split out, keep the weights of the epoch with its best loss, and look at the "
        "test split once, at the end",
    )
    parser.add_argument(
        "--early-stopping",
        nargs="?",
        type=positive_int,
        const=5,
        metavar="PATIENCE",
        help="--validation, and end after as many epochs without a better loss (%(const)s where no number is given)",
    )


def refuse_contradictions(options: argparse.Namespace) -> None:
    """Raise InvalidArgumentError where options say what cannot be done together."""
    if options.workers and not options.seeds:
        raise InvalidArgumentError("--workers needs several seeds. Add --seeds N, or leave out --workers.")
    for given, name in (
        (options.seeds, "--seeds"),
        (options.validation, "--validation"),
        (options.early_stopping, "--early-stopping"),
    ):
        if given and options.synchronised:
            raise InvalidArgumentError(
                "--synchronised checks each step independently and reaches no accuracy. Leave out "
                f"--synchronised or {name}."
            )
    if options.seeds and not (options.report is None and options.plot is None):
        raise InvalidArgumentError(
            "--report and --plot show one training, but --seeds has several. Leave out --seeds for one of them, with "
            "--seed to say which."
        )
    if options.seeds and options.own_start:
        raise InvalidArgumentError(
            "No seed fixes your own layers' initial weights, so the sides cannot be paired. Leave out --own-start or "
            "--seeds."
        )
    if options.seeds == 1:
        raise InvalidArgumentError("One seed has no spread. Give --seeds 2 or more, or leave out --seeds.")


def compare(options: argparse.Namespace, settings: Settings, target: Target) -> int:
    """Train with every seed; the exit status."""
    from tinytorch_hf.compare import sweep
    from tinytorch_hf.reports import sweep_table as report
    from tinytorch_hf.reports.progress import Bar

    seeds = sweep.seeds_from(options.seed, options.seeds)
    found: list[SeedRun] = []
    n_shown = 0

    def show() -> None:
        """Those that are known, in the order of the seeds."""
        nonlocal n_shown
        by_seed = {run.seed: run for run in found}
        while n_shown < len(seeds) and seeds[n_shown] in by_seed:
            if not n_shown:
                terminal.tell(report.HEADER)
            terminal.tell(report.run_line(by_seed[seeds[n_shown]]))
            n_shown += 1

    is_interrupted = False
    with Bar() as bar:
        try:
            for run in sweep.runs(settings, seeds, target=target, workers=options.workers):
                found.append(run)
                bar.clear()
                if not options.json:
                    show()
                bar.show(len(found), len(seeds), "seeds")
        except KeyboardInterrupt:
            is_interrupted = True
    result = sweep.swept(settings, seeds, found)
    write_map(options, next((run.comparison.framework.inferred for run in found if run.comparison is not None), None))
    if options.json:
        print_json(report.as_dict(result))
    else:
        terminal.tell(f"\n{report.conclusion(result)}")
    if is_interrupted:
        return INTERRUPTED
    return OK if result.agree else PROBLEM
