"""A comparison over several seeds as text for a terminal and as plain values for a program."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from tinytorch_hf.compare.divergence import Divergence
from tinytorch_hf.compare.lockstep import Comparison
from tinytorch_hf.compare.paired import N_NEEDED, Paired
from tinytorch_hf.compare.sweep import SeedRun, Sweep
from tinytorch_hf.reports import training_table

HEADER = f"{'':>5}  {'test accuracy':^21}\n{'seed':>5}  {'TinyTorch':>10} {'PyTorch':>10}  {'difference':>10}"


def run_line(run: SeedRun) -> str:
    """One row under `HEADER`: accuracies in percent, their difference in points, and what went wrong."""
    if run.comparison is None or run.accuracies is None:
        return f"{run.seed:>5}  {'error':>10} {'':>10}  {'':>10}  {run.error.splitlines()[0]}"
    mine, theirs = run.accuracies
    verdict = "agree" if run.is_right else f"differ: {_wrong(run.comparison)}"
    return (
        f"{run.seed:>5}  {mine:>10.1%} {theirs:>10.1%}  {_points(mine - theirs):>10}  {verdict}{_part(run.comparison)}"
    )


def _part(comparison: Comparison) -> str:
    """Where the sides chose different epochs, which."""
    mine, theirs = comparison.chosen_tinytorch, comparison.chosen_pytorch
    if mine is None or theirs is None or (mine.epoch, mine.last) == (theirs.epoch, theirs.last):
        return ""
    return f"; epochs {mine.epoch} of {mine.last} and {theirs.epoch} of {theirs.last} were chosen"


def _wrong(comparison: Comparison) -> str:
    """What goes wrong first with one seed, in a few words."""
    cause = comparison.cause
    if cause is None:
        return "own start"
    code = f" [{cause.code}]" if cause.code else ""
    where = f"step {cause.step}" if cause.step else "before step 1"
    return f"{where}, {cause.layer}: {cause.what}, {cause.kind}{code}"


def conclusion(sweep: Sweep) -> str:
    """What was compared, accuracies over the seeds, what the test says of them, and the verdict."""
    compared = [run for run in sweep.runs if run.comparison is not None]
    lines = []
    if compared:
        first = compared[0].comparison
        assert first is not None  # noqa: S101 -- it was asked for above
        lines += training_table.subject_lines(first, _named(sweep.seeds))
    if sweep.paired is not None:
        lines += paired_lines(sweep.paired)
    return "\n".join([*lines, *_verdict(sweep), *_faults(sweep.runs)])


def paired_lines(paired: Paired) -> list[str]:
    """What a paired test says of the accuracies, what it assumes, and what it could have found."""
    n = paired.n_seeds
    lines = [
        f"accuracy   TinyTorch {_mean(paired.mean_tinytorch, paired.sd_tinytorch)}, "
        f"PyTorch {_mean(paired.mean_pytorch, paired.sd_pytorch)} percent on the test split,",
        f"           mean ± standard deviation over {n} seeds",
        f"paired     {_points(paired.mean_difference, 2)} ± {100 * paired.sd_difference:.2f} points, TinyTorch minus "
        f"PyTorch with the same seed; {_how_many_differ(paired)}",
        f"test       {paired.test}: p = {paired.p:.2g}",
        f"           {_distinguishable(paired)}",
        f"assumes    {paired.assumes};",
        "           seeds change initial weights and the order of samples, never the data",
        *_power(paired),
    ]
    if paired.most_different is not None:
        lines.append(
            f"           no seed differs: with {1 - paired.level:.0%} confidence fewer than "
            f"{paired.most_different:.0%} of all seeds do"
        )
    return lines


def _how_many_differ(paired: Paired) -> str:
    if not paired.n_different:
        return f"all {paired.n_seeds} differences are 0"
    return f"{paired.n_different} of {paired.n_seeds} differences are not 0"


def _distinguishable(paired: Paired) -> str:
    if paired.is_distinguishable:
        return f"distinguishable at {paired.level:g}"
    return f"not distinguishable at {paired.level:g}, which is no proof that they are equal"


def _power(paired: Paired) -> list[str]:
    """What the test could have found."""
    least = f"{paired.smallest_p:.2g}"
    if paired.detectable is None:
        return [
            f"power      none: with {paired.n_seeds} seeds p is {least} or more, so that nothing is found at "
            f"{paired.level:g}; it takes {N_NEEDED}"
        ]
    return [
        f"power      with {paired.n_seeds} seeds p can be as small as {least}, and a mean difference of "
        f"{100 * paired.detectable:.2f} points is found",
        f"           in at least {paired.power:.0%} of cases (simulated: normal, spread as here, in whole samples)",
    ]


def _verdict(sweep: Sweep) -> list[str]:
    n, wrong = len(sweep.runs), [run for run in sweep.runs if not run.is_right]
    before = "" if sweep.is_complete else f"interrupted: only {n} of {len(sweep.seeds)} seeds ended; "
    if wrong:
        seeds = _named([run.seed for run in wrong])
        return [f"verdict    {before}they differ with {len(wrong)} of {n} seeds: {seeds}"]
    if not n:
        return ["verdict    interrupted before any seed ended"]
    first = sweep.runs[0].comparison
    whose = f"with each of {n} seeds" if n > 1 else "with the one"
    if first is not None and first.framework.is_reference:
        agree = f"the reference agrees {whose}; code of yours was not compared, give --package PATH for that"
    else:
        agree = f"agree {whose}"
    return [f"verdict    {before}{agree}"]


def _faults(runs: Sequence[SeedRun]) -> list[str]:
    """Each fault once, with the seeds that show it, and what it looks like with the first of them."""
    causes: dict[tuple[str, ...], list[tuple[int, Divergence]]] = {}
    errors: dict[str, list[int]] = {}
    for run in runs:
        cause = run.comparison.cause if run.comparison is not None else None
        if cause is not None:
            causes.setdefault((cause.layer, cause.what, cause.kind, cause.code), []).append((run.seed, cause))
        if run.error:
            errors.setdefault(run.error, []).append(run.seed)
    lines = []
    folder = next((run.comparison.framework.folder for run in runs if run.comparison is not None), "")
    for found in causes.values():
        lines += ["", f"with {_named([seed for seed, _ in found])}:"]
        lines += training_table.divergence_lines(found[0][1], folder)
    for error, seeds in errors.items():
        lines += ["", f"with {_named(seeds)}:", *error.splitlines()]
    return lines


def _named(seeds: Sequence[int]) -> str:
    """Seeds in words: "seed 3", "seeds 0 to 9", "seeds 1, 4"."""
    if len(seeds) == 1:
        return f"seed {seeds[0]}"
    if len(seeds) > 2 and list(seeds) == list(range(seeds[0], seeds[0] + len(seeds))):
        return f"seeds {seeds[0]} to {seeds[-1]}"
    return f"seeds {', '.join(map(str, seeds))}"


def _mean(mean: float, spread: float) -> str:
    return f"{100 * mean:.2f} ± {100 * spread:.2f}"


def _points(difference: float, digits: int = 1) -> str:
    """A difference of accuracies in points; a zero without a sign."""
    text = f"{100 * difference:+.{digits}f}"
    return text[1:] if not float(text) else text


def as_dict(sweep: Sweep) -> dict[str, Any]:
    """The result in plain values, ready for JSON: all that is known of each seed, as `compare` says it of one."""
    return {
        "settings": dataclasses.asdict(sweep.settings),
        "seeds": list(sweep.seeds),
        "complete": sweep.is_complete,
        "isolated": sweep.is_isolated,
        "paired": sweep.paired and dataclasses.asdict(sweep.paired),
        "runs": [
            {
                "seed": run.seed,
                "error": run.error,
                "comparison": run.comparison and training_table.as_dict(run.comparison),
            }
            for run in sweep.runs
        ],
        "verdict": "agree"
        if sweep.agree
        else "differ"
        if any(not run.is_right for run in sweep.runs)
        else "incomplete",
    }
