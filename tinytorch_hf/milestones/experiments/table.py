"""The experiments of the milestones, as a table: which model learns what from which data, and what must be reached."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.tasks import settings_for
from tinytorch_hf.errors import UnknownNameError


@dataclass(frozen=True)
class Measure:
    """What is measured on samples the model has not seen, and how it is written."""

    name: str
    label: str
    format: str

    def text(self, value: float) -> str:
        """A value with its unit."""
        return self.format.format(value)


ACCURACY = Measure("accuracy", "accuracy", "{:.1%}")
BITS = Measure("bits per character", "per unseen character", "{:.2f} bits")
LOSS = Measure("loss", "loss of unseen characters", "{:.2f}")


@dataclass(frozen=True)
class Goal:
    """Between which values the last measurement must lie for the experiment to show what it should."""

    measure: Measure
    at_least: float = -math.inf
    at_most: float = math.inf

    def is_reached_by(self, value: float) -> bool:
        """Whether the value lies between them; not a number never does."""
        return self.at_least <= value <= self.at_most

    def __str__(self) -> str:
        if self.at_least > -math.inf:
            return f"at least {self.measure.text(self.at_least)}"
        return f"at most {self.measure.text(self.at_most)}"


@dataclass(frozen=True)
class Experiment:
    """One training.

    Attributes
    ----------
    dataset, model
        Names that `tinytorch-hf compare` knows too: the same model, arrays and optimizer.
    shows
        What a learner sees here.
    goal
        What must be reached.
    seconds
        About how long it takes on two cores.
    epochs
        Passes over the data; None for as many as the comparison makes.
    is_full
        Whether it trains on a whole published dataset, and runs only if asked to.
    """

    dataset: str
    model: str
    shows: str
    goal: Goal
    seconds: int
    epochs: int | None = None
    is_full: bool = False

    def settings(self, seed: int, validation: bool = False, patience: int | None = None) -> Settings:
        """How it is trained; the last two as in `Settings`."""
        return settings_for(
            self.dataset, self.model, epochs=self.epochs, seed=seed, validation=validation, patience=patience
        )


@dataclass(frozen=True)
class Milestone:
    """A milestone of the course: what history it repeats, and its experiments in order.

    The sixth has none of its own: it optimises models that were trained, see `milestones.optimisation`.
    """

    number: int
    title: str
    source: str
    experiments: tuple[Experiment, ...] = ()

    def chosen(self, full: bool) -> list[Experiment]:
        """Its experiments, with the full ones or without."""
        return [experiment for experiment in self.experiments if full or not experiment.is_full]


MILESTONES = (
    Milestone(
        1,
        "The perceptron",
        "F. Rosenblatt (1958), https://doi.org/10.1037/h0042519",
        (
            Experiment(
                "perceptron",
                "logistic",
                "one neuron finds the line between two clouds of points",
                Goal(ACCURACY, at_least=0.99),
                seconds=1,
            ),
        ),
    ),
    Milestone(
        2,
        "XOR: the crisis, and the way out",
        "M. Minsky and S. Papert (1969), Perceptrons, MIT Press",
        (
            Experiment(
                "xor",
                "logistic",
                "one neuron cannot: no line has more than three of the four corners right",
                Goal(ACCURACY, at_most=0.75),
                seconds=1,
            ),
            Experiment("xor", "mlp", "a hidden layer solves it", Goal(ACCURACY, at_least=1.0), seconds=1, epochs=200),
        ),
    ),
    Milestone(
        3,
        "Multi-layer perceptrons",
        "D. E. Rumelhart, G. E. Hinton and R. J. Williams (1986), https://doi.org/10.1038/323533a0",
        (
            Experiment(
                "tinydigits", "mlp", "a hidden layer reads digits of 8x8 pixels", Goal(ACCURACY, at_least=0.9), 1
            ),
            Experiment("tinymnist", "mlp", "and digits of MNIST, from 1000 of them", Goal(ACCURACY, at_least=0.85), 2),
            Experiment(
                "mnist",
                "mlp",
                "with 60000 to learn from it misreads a few in a hundred",
                Goal(ACCURACY, at_least=0.95),
                seconds=10,
                epochs=5,
                is_full=True,
            ),
        ),
    ),
    Milestone(
        4,
        "Convolutional networks",
        "Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998), https://doi.org/10.1109/5.726791",
        (
            Experiment("tinydigits", "cnn", "filters that slide read digits, too", Goal(ACCURACY, at_least=0.9), 1),
            Experiment(
                "tinycifar",
                "cnn",
                "they tell ten kinds of photographs apart, far more often than chance",
                Goal(ACCURACY, at_least=0.35),
                seconds=10,
            ),
            Experiment(
                "cifar10",
                "cnn",
                "more photographs, more often",
                Goal(ACCURACY, at_least=0.5),
                seconds=120,
                epochs=4,
                is_full=True,
            ),
        ),
    ),
    Milestone(
        5,
        "Transformers",
        "A. Vaswani et al. (2017), https://doi.org/10.48550/arXiv.1706.03762",
        (
            Experiment(
                "tinytalks",
                "gpt-64",
                "a GPT learns how questions and answers are spelt and built",
                Goal(BITS, at_most=3.2),
                seconds=40,
            ),
            Experiment(
                "tinypy",
                "gpt-64",
                "the same GPT, reading Python functions, learns how code is written",
                Goal(BITS, at_most=3.5),
                seconds=60,
            ),
        ),
    ),
    Milestone(
        6,
        "Optimisation: smaller and faster",
        "P. Mattson et al. (2020), https://doi.org/10.48550/arXiv.1910.01500",
    ),
    Milestone(
        7,
        "TinyGPT: plays, character by character",
        "A. Karpathy (2015), https://karpathy.github.io/2015/05/21/rnn-effectiveness/",
        (
            Experiment(
                "tinyshakespeare",
                "gpt-64",
                "a GPT learns how plays are set and spelt, and in the end the first 35,000 characters by heart",
                Goal(LOSS, at_most=2.5),
                seconds=50,
            ),
            Experiment(
                "shakespeare",
                "gpt-64",
                "the same on the first 35,000 characters of the whole, as in the course",
                Goal(LOSS, at_most=2.5),
                seconds=50,
                is_full=True,
            ),
        ),
    ),
)


def milestones(names: Sequence[str]) -> list[Milestone]:
    """The milestones called "03" or "3", or all of them for "all", in the order of the course.

    Raises
    ------
    UnknownNameError
        One does not exist.
    """
    known = {milestone.number: milestone for milestone in MILESTONES}
    if "all" in names:
        return [*known.values()]
    for name in names:
        if not name.isdecimal() or int(name) not in known:
            raise UnknownNameError("milestone", name, [*(f"{number:02}" for number in known), "all"])
    return [known[number] for number in sorted({int(name) for name in names})]
