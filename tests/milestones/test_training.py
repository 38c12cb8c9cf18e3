"""Specification of tinytorch_hf.milestones.experiments.training: the reference learns, and it can be watched."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np
import pytest
from seeds import n_seeds

from tinytorch_hf.milestones.experiments import training
from tinytorch_hf.milestones.experiments.table import ACCURACY, BITS, LOSS, MILESTONES, Experiment, Goal, milestones
from tinytorch_hf.milestones.experiments.training import chance, train

QUICK = [
    experiment
    for milestone in milestones(["01", "02", "03", "04"])
    for experiment in milestone.chosen(full=False)
    if experiment.dataset != "tinycifar"
]


def ignored(_line: str) -> None:
    """Nobody watches."""


@pytest.mark.parametrize("seed", range(n_seeds(1, at_most=5)))
@pytest.mark.parametrize("experiment", QUICK, ids=[f"{one.dataset}-{one.model}" for one in QUICK])
def test_every_quick_experiment_reaches_its_goal(experiment: Experiment, seed: int, same_random_state: None) -> None:
    """Whatever the seed, of which `nox -s battery` takes more: this is what the command guarantees."""
    trained = train(experiment, seed, ignored)

    assert experiment.goal.is_reached_by(trained.value)
    assert trained.seconds > 0


def test_a_run_can_be_repeated_and_depends_on_its_seed() -> None:
    """The same seed gives the same losses, another one others."""

    def lines(seed: int) -> list[str]:
        said: list[str] = []
        train(MILESTONES[0].experiments[0], seed, said.append)
        return [re.sub(r"  [\d.]+ s$", "", line) for line in said[1:]]

    assert lines(1) == lines(1)
    assert lines(1) != lines(2)


def test_progress_is_a_few_lines_and_the_last_one_is_the_result() -> None:
    """How it is trained, then at most a dozen lines, with the first and the last epoch."""
    said: list[str] = []
    trained = train(MILESTONES[1].experiments[1], 0, said.append)

    settings, *epochs = said
    assert settings.strip().startswith("2-16-1 with sigmoids, adam, lr 0.05, batch size 32, epochs 200, 200 samples")
    assert len(epochs) <= 12
    assert [int(line.split()[1]) for line in epochs][::10] == [1, 200]
    assert f"accuracy {trained.value:.1%}" in epochs[-1]


def test_long_epochs_are_heard_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the step they are at."""
    monkeypatch.setattr(training, "SECONDS_BETWEEN_LINES", 0.0)
    said: list[str] = []

    train(dataclasses.replace(MILESTONES[0].experiments[0], epochs=1), 0, said.append)

    assert any("step 7 of 7, loss 0." in line for line in said)


def test_the_loss_of_texts_is_measured_in_bits_on_what_was_held_out() -> None:
    """One epoch of the smaller GPT is enough to know more than the frequencies of characters."""
    experiment = Experiment("tinytalks", "gpt", "", Goal(BITS), seconds=1, epochs=2)
    trained = train(experiment, 0, ignored)

    arrays = training.load_arrays(experiment.settings(0))
    outputs = trained.side.outputs(arrays.X_test).astype(np.float64)
    log_probabilities = outputs - np.log(np.exp(outputs).sum(axis=1, keepdims=True))
    nats = -log_probabilities[np.arange(len(outputs)), arrays.y_test.ravel()].mean()
    assert trained.value == pytest.approx(nats / math.log(2), rel=1e-5)
    assert trained.value < trained.chance


@pytest.mark.parametrize(
    ("measure", "targets", "expected"),
    [
        (ACCURACY, [0, 1, 2, 3], 0.25),
        (ACCURACY, [[0.0], [1.0], [1.0]], 2 / 3),
        (BITS, [[5, 6], [7, 8]], 2.0),
        (BITS, [[1, 1], [1, 1]], 0.0),
        (BITS, [[1, 1, 1, 2]], 0.8112781),
    ],
)
def test_chance_is_what_frequencies_alone_give(
    measure: training.Measure, targets: list[float], expected: float
) -> None:
    """The share of the most frequent class, and the entropy of the characters."""
    assert chance(measure, np.array(targets)) == pytest.approx(expected)


def test_a_validation_part_ends_a_training_and_the_rest_is_looked_at_once() -> None:
    """The measure on the way is that of the part; the result has the weights of the best epoch."""
    said: list[str] = []
    trained = train(QUICK[-1], 0, said.append, patience=1)

    settings, *epochs, last = said
    assert "samples and 200 to choose the epoch by, seed 0, early stopping after 1" in settings
    assert trained.best_epoch == trained.epochs - 1 < QUICK[-1].settings(0).epochs
    assert all("accuracy of the validation part" in line and "validation loss" in line for line in epochs)
    assert int(epochs[-1].split()[1]) == trained.epochs
    assert last.startswith(
        f"  the best of {trained.epochs} epochs was {trained.best_epoch}; with its weights, accuracy"
    )
    assert last.endswith(f"{trained.value:.1%}")
    arrays = training.load_arrays(QUICK[-1].settings(0, validation=True))
    assert trained.side.accuracy(arrays.X_test, arrays.y_test) == trained.value


def test_without_patience_the_best_epoch_of_all_is_taken() -> None:
    """And without a validation part there is none."""
    experiment = dataclasses.replace(MILESTONES[0].experiments[0], epochs=3)

    trained, plain = train(experiment, 0, ignored, validation=True), train(experiment, 0, ignored)

    assert (trained.epochs, plain.epochs, plain.best_epoch) == (3, 3, None)
    assert trained.best_epoch is not None


def test_a_loss_is_in_nats_and_bits_are_that_over_the_logarithm_of_two() -> None:
    """Guessing among four characters that occur equally often has two bits."""
    y = np.arange(400) % 4

    assert chance(BITS, y) == pytest.approx(2)
    assert chance(LOSS, y) == pytest.approx(2 * np.log(2))
