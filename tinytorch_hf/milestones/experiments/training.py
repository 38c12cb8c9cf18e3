"""Train one experiment through the reference TinyTorch, and say how it goes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tinytorch_hf.as_tinytorch import SeededDataLoader
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.tasks import Arrays, load_arrays, make_model
from tinytorch_hf.compare.tinytorch_side import TinyTorchSide, reference_student, training_loader
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.milestones.experiments.table import ACCURACY, Experiment, Measure

Say = Callable[[str], None]

LINES_PER_RUN = 10
SECONDS_BETWEEN_LINES = 10.0


@dataclass(frozen=True)
class Trained:
    """A model after its training.

    Attributes
    ----------
    side
        The model in the reference TinyTorch.
    value
        The last measurement on what it has not seen.
    chance
        The same measurement for who guesses without looking, see `chance`.
    seconds
        From loading the data to the last measurement.
    """

    side: TinyTorchSide
    value: float
    chance: float
    seconds: float


def train(experiment: Experiment, seed: int, say: Say) -> Trained:
    """Train an experiment's model.

    Parameters
    ----------
    experiment
        From the table.
    seed
        Initial weights and order of the samples follow from it.
    say
        Takes each line of progress.

    Raises
    ------
    MissingFileError, CorruptFileError, StorageError
        The dataset's files are not there, are damaged, or cannot be read.
    """
    clock = time.perf_counter
    start = clock()
    settings = experiment.settings(seed)
    arrays = load_arrays(settings)
    measure = experiment.goal.measure
    side = _side(settings)
    say(_training_line(settings, side, arrays))
    loader = training_loader(settings, arrays.X_train, arrays.y_train, side.student)
    value = math.nan
    for epoch in range(1, settings.epochs + 1):
        loss = _epoch(side, loader, epoch, say)
        if epoch in _shown(settings.epochs):
            value = measured(side, measure, arrays.X_test, arrays.y_test)
            seconds = clock() - start
            say(f"  epoch {epoch:>3}  loss {loss:.4f}  {measure.label} {measure.text(value)}  {seconds:.1f} s")
    return Trained(side, value, chance(measure, arrays.y_test), clock() - start)


def measured(side: TinyTorchSide, measure: Measure, X: Array, y: Array) -> float:
    """Accuracy in [0, 1], or cross-entropy in bits per character."""
    return side.accuracy(X, y) if measure is ACCURACY else side.mean_loss(X, y) / math.log(2)


def chance(measure: Measure, y: Array) -> float:
    """What somebody reaches who knows how often each target occurs and nothing else.

    Of classes, the share of the most frequent one; of characters, the entropy of their frequencies in bits.

    References
    ----------
    C. E. Shannon (1951), Prediction and Entropy of Printed English. https://doi.org/10.1002/j.1538-7305.1951.tb01366.x
    """
    _, counts = np.unique(y, return_counts=True)
    shares = counts / y.size
    return float(np.max(shares) if measure is ACCURACY else -(shares * np.log2(shares)).sum())


def _side(settings: Settings) -> TinyTorchSide:
    model = make_model(settings)
    return TinyTorchSide(settings, model, model.initial_weights(settings.seed), reference_student())


def _training_line(settings: Settings, side: TinyTorchSide, arrays: Arrays) -> str:
    return (
        f"  {side.model}, {settings.optimizer}, lr {settings.lr:g}, batch size {settings.batch_size}, "
        f"epochs {settings.epochs}, {len(arrays.y_train)} samples, seed {settings.seed}"
    )


def _shown(epochs: int) -> set[int]:
    """The epochs after which a line is said: the first, the last, and some between."""
    return {1, *range(epochs, 0, -math.ceil(epochs / LINES_PER_RUN))}


def _epoch(side: TinyTorchSide, loader: SeededDataLoader, epoch: int, say: Say) -> float:
    """Train on every batch once; the mean loss. A long epoch is heard of now and then."""
    losses: list[float] = []
    last_line = time.perf_counter()
    for step, batch in enumerate(loader, start=1):
        losses.append(side.step(*batch))
        if time.perf_counter() - last_line > SECONDS_BETWEEN_LINES:
            last_line = time.perf_counter()
            say(f"  epoch {epoch:>3}  step {step} of {len(loader)}, loss {losses[-1]:.4f}")
    return float(np.mean(losses))
