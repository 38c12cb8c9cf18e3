"""Run the experiments of milestones one after the other; those whose data are not there say how to get them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from tinytorch_hf import catalog
from tinytorch_hf.acquire import provision
from tinytorch_hf.errors import MissingFileError
from tinytorch_hf.files import advice
from tinytorch_hf.milestones import optimisation
from tinytorch_hf.milestones.experiments import writing
from tinytorch_hf.milestones.experiments.table import Experiment, Milestone
from tinytorch_hf.milestones.experiments.training import Say, train
from tinytorch_hf.milestones.experiments.writing import Written

COMMAND = "tinytorch-hf milestones run"


class State(Enum):
    """How an experiment ended."""

    AS_EXPECTED = "as expected"
    NOT_AS_EXPECTED = "NOT as expected"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Result:
    """What came of a training.

    Attributes
    ----------
    value, chance
        The last measurement, and that of guessing.
    seconds
        From loading the data to the last measurement.
    written
        What a GPT wrote at the end.
    epochs
        How many passes over the data there were.
    best_epoch
        The one that a validation part chose; None without one.
    """

    value: float
    chance: float
    seconds: float
    written: tuple[Written, ...]
    epochs: int
    best_epoch: int | None = None


@dataclass(frozen=True)
class Outcome:
    """One experiment of a milestone and what came of it.

    Attributes
    ----------
    number
        The milestone's.
    result
        None if it was not run.
    note
        Why it was not run, and how to run it.
    """

    number: int
    experiment: Experiment
    result: Result | None
    note: str = ""

    @property
    def state(self) -> State:
        """How it ended."""
        if self.result is None:
            return State.NOT_RUN
        is_reached = self.experiment.goal.is_reached_by(self.result.value)
        return State.AS_EXPECTED if is_reached else State.NOT_AS_EXPECTED


@dataclass(frozen=True)
class OptimisationOutcome:
    """What came of milestone 06.

    Attributes
    ----------
    matrix
        Size, latency and quality of every level.
    problems
        What went wrong, one sentence each; nothing when every level keeps what it promises.
    seconds
        For training, optimising and measuring.
    """

    number: int
    matrix: optimisation.Matrix
    problems: tuple[str, ...]
    seconds: float

    @property
    def state(self) -> State:
        """How it ended."""
        return State.NOT_AS_EXPECTED if self.problems else State.AS_EXPECTED


def run(
    chosen: Sequence[Milestone],
    *,
    full: bool,
    download: bool,
    seed: int,
    say: Say,
    validation: bool = False,
    patience: int | None = None,
) -> Iterator[Outcome | OptimisationOutcome]:
    """Run the experiments of milestones in order.

    Parameters
    ----------
    chosen
        From the table.
    full
        Whether to train on whole published datasets, too.
    download
        Whether to get absent data first. Otherwise what needs them is not run.
    seed
        Initial weights and order of the samples follow from it, those of milestone 06 excepted.
    say
        Takes each line of progress.
    validation, patience
        As for `train`; milestone 06 trains without.

    Raises
    ------
    TinyTorchHFError
        Data could not be got, are damaged, or cannot be read.
    """
    if download:
        for name in _datasets(chosen, full):
            provision.provide(catalog.info(name))
    for milestone in chosen:
        say(f"{milestone.number:02}  {milestone.title}  ({milestone.source})")
        for experiment in milestone.experiments:
            if experiment.is_full and not full:
                how_to_get = advice.how_to_get(catalog.info(experiment.dataset))
                yield Outcome(milestone.number, experiment, None, _how_to_run(milestone, experiment, how_to_get))
            else:
                say(f"\n{experiment.dataset}: {experiment.shows}; about {experiment.seconds} s")
                yield _run(milestone, experiment, seed, say, validation, patience)
        if not milestone.experiments:
            yield _optimise(milestone, say)
        say("")


def _datasets(chosen: Sequence[Milestone], full: bool) -> list[str]:
    """Names of the stored datasets that are needed, each once."""
    needed = (experiment.dataset for milestone in chosen for experiment in milestone.chosen(full))
    return [name for name in dict.fromkeys(needed) if name in catalog.names()]


def _run(
    milestone: Milestone, experiment: Experiment, seed: int, say: Say, validation: bool, patience: int | None
) -> Outcome:
    try:
        trained = train(experiment, seed, say, validation=validation, patience=patience)
    except MissingFileError as error:
        say("  not run: its data are missing")
        return Outcome(milestone.number, experiment, None, _how_to_run(milestone, experiment, str(error)))
    is_text = experiment.dataset in writing.PROMPTS
    written = writing.samples(experiment.dataset, trained.side, seed) if is_text else []
    result = Result(trained.value, trained.chance, trained.seconds, tuple(written), trained.epochs, trained.best_epoch)
    return Outcome(milestone.number, experiment, result)


def _optimise(milestone: Milestone, say: Say) -> OptimisationOutcome:
    start = time.perf_counter()
    matrix = optimisation.run(lambda line: say(f"  {line}"))
    return OptimisationOutcome(
        milestone.number, matrix, tuple(optimisation.problems(matrix)), seconds=time.perf_counter() - start
    )


def _how_to_run(milestone: Milestone, experiment: Experiment, how_to_get: str) -> str:
    """How to get the data, with their size and place; then the time, and what to type."""
    full = " --full" if experiment.is_full else ""
    return (
        f"{how_to_get} The training takes about {experiment.seconds} s. "
        f"Both at once: {COMMAND} {milestone.number:02}{full} --download"
    )
