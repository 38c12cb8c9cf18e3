"""Specification of tinytorch_hf.milestones.experiments.table: the table."""

from __future__ import annotations

import math

import pytest

from tinytorch_hf.compare import tasks
from tinytorch_hf.errors import UnknownNameError
from tinytorch_hf.milestones.experiments.table import ACCURACY, BITS, MILESTONES, Experiment, Goal, milestones

EXPERIMENTS = [experiment for milestone in MILESTONES for experiment in milestone.experiments]
IDS = [f"{experiment.dataset}-{experiment.model}" for experiment in EXPERIMENTS]


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=IDS)
def test_every_experiment_is_one_that_can_be_compared_with_pytorch(experiment: Experiment) -> None:
    """The same model on the same arrays; only how long it trains may differ."""
    settings, compared = experiment.settings(3), tasks.settings_for(experiment.dataset, experiment.model, seed=3)

    assert settings.epochs == (experiment.epochs or compared.epochs)
    assert (settings.optimizer, settings.lr, settings.seed) == (compared.optimizer, compared.lr, 3)


def test_milestones_are_numbered_as_in_the_course() -> None:
    """From 01 on, each with its source."""
    assert [milestone.number for milestone in MILESTONES] == [*range(1, len(MILESTONES) + 1)]
    assert all(milestone.source for milestone in MILESTONES)


def test_only_whole_published_datasets_wait_to_be_asked_for() -> None:
    """What is tiny runs always."""
    assert {experiment.dataset for experiment in EXPERIMENTS if experiment.is_full} == {
        "mnist",
        "cifar10",
        "shakespeare",
    }
    assert [experiment.dataset for experiment in MILESTONES[2].chosen(full=False)] == ["tinydigits", "tinymnist"]
    assert [experiment.dataset for experiment in MILESTONES[2].chosen(full=True)][-1] == "mnist"


@pytest.mark.parametrize(
    ("goal", "reached", "missed", "text"),
    [
        (Goal(ACCURACY, at_least=0.9), 0.9, 0.899, "at least 90.0%"),
        (Goal(ACCURACY, at_most=0.75), 0.75, 0.76, "at most 75.0%"),
        (Goal(BITS, at_most=2.0), 1.5, 2.1, "at most 2.00 bits"),
    ],
)
def test_a_goal_is_a_limit(goal: Goal, reached: float, missed: float, text: str) -> None:
    """The limit itself is good enough; a loss that is not a number never is."""
    assert goal.is_reached_by(reached)
    assert not goal.is_reached_by(missed)
    assert not goal.is_reached_by(math.nan)
    assert str(goal) == text


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["03"], [3]),
        (["3"], [3]),
        (["04", "1", "04"], [1, 4]),
        (["all"], [milestone.number for milestone in MILESTONES]),
        (["2", "all"], [milestone.number for milestone in MILESTONES]),
    ],
)
def test_milestones_are_chosen_by_number(names: list[str], numbers: list[int]) -> None:
    """Each once, in the order of the course."""
    assert [milestone.number for milestone in milestones(names)] == numbers


@pytest.mark.parametrize("name", ["0", "08", "mlp", "-1", "1.0", ""])
def test_a_milestone_that_does_not_exist_is_refused(name: str) -> None:
    """The message lists those that do."""
    with pytest.raises(UnknownNameError, match=r"Known: 01, 02, .*, all"):
        milestones(["01", name])
