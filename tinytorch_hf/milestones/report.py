"""What came of experiments, as text for a terminal and as plain values for a program."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from tinytorch_hf.milestones.experiments import Goal
from tinytorch_hf.milestones.running import Outcome, Result
from tinytorch_hf.milestones.writing import Written


def conclusion(outcome: Outcome) -> list[str]:
    """What a model wrote, and how its training ended; nothing for what was not run."""
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


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """One row for each training, then how to run those that were not run."""
    rows = [_row(outcome, outcome.result) for outcome in outcomes if outcome.result]
    notes = [
        f"{outcome.number:02}  {outcome.experiment.dataset} was not run. {outcome.note}"
        for outcome in outcomes
        if not outcome.result
    ]
    return [*_aligned([_HEADER, *rows]), *([""] if notes else []), *notes]


_HEADER = ("", "data", "model", "measured", "guessing", "expected", "time", "")


def _row(outcome: Outcome, result: Result) -> tuple[str, ...]:
    experiment, text = outcome.experiment, outcome.experiment.goal.measure.text
    return (
        f"{outcome.number:02}",
        experiment.dataset,
        experiment.model,
        text(result.value),
        text(result.chance),
        str(experiment.goal),
        f"{result.seconds:.1f} s",
        outcome.state.value,
    )


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def as_dict(outcome: Outcome) -> dict[str, Any]:
    """An outcome in plain values, ready for JSON; accuracies lie in [0, 1]."""
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
