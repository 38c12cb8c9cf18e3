"""What came of experiments, as text for a terminal and as plain values for a program."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from tinytorch_hf.milestones import optimisation
from tinytorch_hf.milestones.experiments.running import OptimisationOutcome, Outcome
from tinytorch_hf.milestones.experiments.table import Goal
from tinytorch_hf.milestones.experiments.writing import Written


def conclusion(outcome: Outcome | OptimisationOutcome) -> list[str]:
    """What a model wrote and how its training ended, or the matrix of the optimisations; nothing if it was not run."""
    if isinstance(outcome, OptimisationOutcome):
        text = optimisation.table(outcome.matrix)
        return ["", *text.splitlines(), *outcome.problems, f"  {outcome.state.value}, in {outcome.seconds:.1f} s"]
    if outcome.result is None:
        return []
    goal, result = outcome.experiment.goal, outcome.result
    value, chance = goal.measure.text(result.value), goal.measure.text(result.chance)
    return [
        *(line for sample in result.written for line in _written(sample)),
        f"  {value} where guessing gives {chance}; {goal} expected: {outcome.state.value}, in {result.seconds:.1f} s",
    ]


def _written(sample: Written) -> list[str]:
    """A prompt, what the model made of it, and the original."""
    return [
        *(f"    | {line}" for line in f"{sample.prompt}{sample.written}".splitlines()),
        *(f"    original: {line.strip()}" for line in sample.original.splitlines()[:1]),
    ]


_HEADER = ("", "data", "model", "measured", "guessing", "expected", "time", "")


def table(outcomes: Sequence[Outcome | OptimisationOutcome]) -> list[str]:
    """One row for each experiment that ran, then how to run those that did not."""
    rows = [row for outcome in outcomes if (row := _row(outcome))]
    notes = [
        f"{outcome.number:02}  {outcome.experiment.dataset} was not run. {outcome.note}"
        for outcome in outcomes
        if isinstance(outcome, Outcome) and not outcome.result
    ]
    return [*_aligned([_HEADER, *rows]), *([""] if notes else []), *notes]


def _row(outcome: Outcome | OptimisationOutcome) -> tuple[str, ...] | None:
    number, state = f"{outcome.number:02}", outcome.state.value
    if isinstance(outcome, OptimisationOutcome):
        rows, n_problems = outcome.matrix.rows, len(outcome.problems)
        datasets, levels = dict.fromkeys(row.dataset for row in rows), f"{len(rows)} levels"
        return (
            number,
            ", ".join(datasets),
            levels,
            f"{n_problems} problems",
            "",
            "none",
            f"{outcome.seconds:.1f} s",
            state,
        )
    if outcome.result is None:
        return None
    experiment, result, text = outcome.experiment, outcome.result, outcome.experiment.goal.measure.text
    measured, guessing, seconds = text(result.value), text(result.chance), f"{result.seconds:.1f} s"
    return number, experiment.dataset, experiment.model, measured, guessing, str(experiment.goal), seconds, state


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def as_dict(outcome: Outcome | OptimisationOutcome) -> dict[str, Any]:
    """An outcome in plain values, ready for JSON; accuracies lie in [0, 1]."""
    if isinstance(outcome, OptimisationOutcome):
        return {
            "milestone": outcome.number,
            "state": outcome.state.value,
            "problems": outcome.problems,
            "levels": [dataclasses.asdict(row) for row in outcome.matrix.rows],
            "seconds": outcome.seconds,
        }
    experiment = outcome.experiment
    return {
        "milestone": outcome.number,
        "dataset": experiment.dataset,
        "model": experiment.model,
        "full": experiment.is_full,
        "state": outcome.state.value,
        "measure": experiment.goal.measure.name,
        "goal": _goal(experiment.goal),
        "result": outcome.result and dataclasses.asdict(outcome.result),
        "note": outcome.note,
    }


def _goal(goal: Goal) -> dict[str, float]:
    limits = {"at_least": goal.at_least, "at_most": goal.at_most}
    return {name: limit for name, limit in limits.items() if math.isfinite(limit)}
