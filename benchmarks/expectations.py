"""What a learner may expect of each dataset: the milestones' experiments on tiny data, as a table."""

from __future__ import annotations

import numpy as np

from tinytorch_hf.compare.tasks import load_arrays, make_model
from tinytorch_hf.compare.tinytorch_side import TinyTorchSide, reference_student, training_loader
from tinytorch_hf.errors import MissingFileError
from tinytorch_hf.milestones.experiments.table import MILESTONES, Experiment
from tinytorch_hf.milestones.experiments.training import Trained, chance, train

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


def losses(name: str) -> str:
    """How the GPT of the milestone that trains on a dataset learns it, with seed 0: the loss after each pass."""
    experiment = next(one for _, one in experiments() if one.dataset == name)
    settings = experiment.settings(seed=0)
    model, arrays = make_model(settings), load_arrays(settings)
    side = TinyTorchSide(settings, model, model.initial_weights(settings.seed), reference_student())
    loader = training_loader(settings, arrays.X_train, arrays.y_train, side.student)
    lines = ["| Passes | Loss in training | Loss of val |", "| ---: | ---: | ---: |"]
    for epoch in range(1, settings.epochs + 1):
        loss = np.mean([side.step(*batch) for batch in loader])
        lines.append(f"| {epoch} | {loss:.2f} | {side.mean_loss(arrays.X_test, arrays.y_test):.2f} |")
    length, guessing = arrays.X_train.shape[1], chance(experiment.goal.measure, arrays.y_test)
    return "\n".join(
        [
            f"{model}, {settings.optimizer} with learning rate {settings.lr:g}, {len(arrays.y_train)} windows of "
            f"{length} characters, batch size",
            f"{settings.batch_size}, NumPy alone, seed 0. Loss in nats a character; who knows only how often each "
            f"occurs has {guessing:.2f}.",
            "",
            *lines,
        ]
    )
