"""Train one experiment through the reference TinyTorch, and say how it goes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tinytorch_hf.as_tinytorch import SeededDataLoader
from tinytorch_hf.compare.choosing import Chooser
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.tasks import Arrays, load_arrays, make_model
from tinytorch_hf.compare.tinytorch_side import TinyTorchSide, reference_student, training_loader
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.milestones.experiments.table import ACCURACY, BITS, Experiment, Measure

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
    epochs
        How many passes over the data there were.
    best_epoch
        With a validation part: the one that it chose, whose weights the model has. Else None.
    """

    side: TinyTorchSide
    value: float
    chance: float
    seconds: float
    epochs: int
    best_epoch: int | None = None


def train(
    experiment: Experiment, seed: int, say: Say, *, validation: bool = False, patience: int | None = None
) -> Trained:
    """Train an experiment's model.

    Parameters
    ----------
    experiment
        From the table.
    seed
        Initial weights and order of the samples follow from it.
    say
        Takes each line of progress.
    validation, patience
        As in `tinytorch_hf.compare.settings.Settings`. With a validation part that is what is measured on the way, and
        the samples that judge are looked at once, at the end.

    Raises
    ------
    InvalidArgumentError
        There are too few samples for a validation part.
    MissingFileError, CorruptFileError, StorageError
        The dataset's files are not there, are damaged, or cannot be read.
    """
    clock = time.perf_counter
    start = clock()
    settings = experiment.settings(seed, validation, patience)
    arrays = load_arrays(settings)
    measure = experiment.goal.measure
    side = _side(settings)
    say(_training_line(settings, side, arrays))
    loader = training_loader(settings, arrays.X_train, arrays.y_train, side.student)
    watched, on_validation = arrays.watched, " of the validation part" * settings.validation
    chooser = Chooser(settings.patience) if settings.validation else None
    value, epoch = math.nan, 0
    for epoch in range(1, settings.epochs + 1):
        loss = _epoch(side, loader, epoch, say)
        told = ""
        if chooser is not None:
            seen = side.mean_loss(watched.X_test, watched.y_test)
            chooser.see(seen, side.weights)
            told = f"  validation loss {seen:.4f}"
        is_over = chooser is not None and chooser.is_over
        if epoch in _shown(settings.epochs) or is_over:
            value = measured(side, measure, watched.X_test, watched.y_test)
            what = f"{measure.label}{on_validation} {measure.text(value)}"
            say(f"  epoch {epoch:>3}  loss {loss:.4f}{told}  {what}  {clock() - start:.1f} s")
        if is_over:
            break
    best_epoch = None
    if chooser is not None:
        side.set_weights(chooser.weights)
        best_epoch, value = chooser.epoch, measured(side, measure, arrays.X_test, arrays.y_test)
        say(f"  the best of {epoch} epochs was {best_epoch}; with its weights, {measure.label} {measure.text(value)}")
    return Trained(side, value, chance(measure, arrays.y_test), clock() - start, epoch, best_epoch)


def measured(side: TinyTorchSide, measure: Measure, X: Array, y: Array) -> float:
    """Accuracy in [0, 1], or cross-entropy, as the loss itself or in bits per character."""
    return side.accuracy(X, y) if measure is ACCURACY else side.mean_loss(X, y) / _unit(measure)


def _unit(measure: Measure) -> float:
    """How many units of the loss, nats, one of the measure's is."""
    return math.log(2) if measure is BITS else 1.0


def chance(measure: Measure, y: Array) -> float:
    """What someone reaches who knows how often each target occurs and nothing else.

    Of classes, the share of the most frequent one; of characters, the entropy of their frequencies.

    References
    ----------
    C. E. Shannon (1951), Prediction and Entropy of Printed English. https://doi.org/10.1002/j.1538-7305.1951.tb01366.x
    """
    _, counts = np.unique(y, return_counts=True)
    shares = counts / y.size
    return float(np.max(shares) if measure is ACCURACY else -(shares * np.log(shares)).sum() / _unit(measure))


def _side(settings: Settings) -> TinyTorchSide:
    model = make_model(settings)
    return TinyTorchSide(settings, model, model.initial_weights(settings.seed), reference_student())


def _training_line(settings: Settings, side: TinyTorchSide, arrays: Arrays) -> str:
    held_out = "" if arrays.y_val is None else f" and {len(arrays.y_val)} to choose the epoch by"
    stops = "" if settings.patience is None else f", early stopping after {settings.patience}"
    return (
        f"  {side.model}, {settings.optimizer}, lr {settings.lr:g}, batch size {settings.batch_size}, "
        f"epochs {settings.epochs}, {len(arrays.y_train)} samples{held_out}, seed {settings.seed}{stops}"
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
