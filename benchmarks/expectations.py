"""What a learner may expect of each dataset: the milestones' experiments on tiny data, as a table."""

from __future__ import annotations

from tinytorch_hf.errors import MissingFileError
from tinytorch_hf.milestones.experiments.table import MILESTONES, Experiment
from tinytorch_hf.milestones.experiments.training import Trained, train

HEAD = """\
| Milestone | Data | Model | Reached | By guessing | On samples never seen |
| --- | --- | --- | ---: | ---: | --- |"""


def experiments() -> list[tuple[int, Experiment]]:
    """Every experiment on tiny data, with its milestone's number."""
    return [(milestone.number, one) for milestone in MILESTONES for one in milestone.chosen(full=False)]


def row(number: int, experiment: Experiment, trained: Trained) -> str:
    """One line of the table."""
    measure = experiment.goal.measure
    model = f"`{experiment.model}`"
    reached, guessing = measure.text(trained.value), measure.text(trained.chance)
    return f"| {number:02} | {experiment.dataset} | {model} | {reached} | {guessing} | {measure.name} |"


def table(_scope: str) -> str:
    """Run them all, with seed 0.

    Raises
    ------
    MissingFileError
        TinyCIFAR is not on this machine.
    """
    lines = [HEAD]
    for number, experiment in experiments():
        try:
            lines.append(row(number, experiment, train(experiment, 0, print)))
        except MissingFileError as error:
            raise MissingFileError(f"The table needs every tiny dataset. {error}") from error
    return "\n".join(lines)
