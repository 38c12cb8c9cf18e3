"""Choosing an epoch by the loss of a validation part, and early stopping, on one side or on both.

References
----------
L. Prechelt (1998), Early Stopping, But When? In: Neural Networks: Tricks of the Trade, Springer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.compare.sides import mean_loss, share_right
from tinytorch_hf.compare.tasks import Arrays
from tinytorch_hf.formats.arrays import Array

LEAST_GAIN = 1e-4
"""A loss is better if it is lower by more than this, so that rounding chooses nothing."""
PATIENCE = 5
"""Epochs without a better loss after which a training ends, unless told otherwise."""


class Chooser:
    """Keeps the weights of the epoch with the best validation loss, and knows when the training is over.

    Parameters
    ----------
    patience
        How many epochs may follow the best one; None for all.

    Attributes
    ----------
    epoch, loss
        The best epoch so far, and its loss.
    seen
        How many epochs there were.
    weights
        Those after the best epoch.
    """

    def __init__(self, patience: int | None) -> None:
        self._patience = patience
        self.epoch = self.seen = 0
        self.loss = math.inf
        self.weights: Weights = []

    @property
    def is_over(self) -> bool:
        """Whether the best epoch is too long ago."""
        return self._patience is not None and self.seen - self.epoch >= self._patience and self.seen > 0

    def see(self, loss: float, weights: Callable[[], Weights]) -> None:
        """Take note of the next epoch; after the end of the training nothing is changed any more.

        Parameters
        ----------
        loss
            Of the validation part; nan or infinity is not an improvement.
        weights
            Gives those of now.
        """
        if self.is_over:
            return
        self.seen += 1
        # Where no epoch has a loss, the first is as good as any.
        if loss < self.loss - LEAST_GAIN or self.seen == 1:
            self.epoch, self.weights = self.seen, weights()
            self.loss = loss if math.isfinite(loss) else math.inf


@dataclass(frozen=True)
class Chosen:
    """What came of choosing on one side.

    Attributes
    ----------
    epoch, loss
        The epoch with the best validation loss, and that loss.
    last
        The last epoch that was looked at.
    accuracy
        On the test split, in [0, 1], with the weights of that epoch.
    """

    epoch: int
    loss: float
    last: int
    accuracy: float


class Chooses(Protocol):
    """A side from which weights can be taken, and to which they can be given back."""

    def weights(self) -> Weights:
        """Copies of all parameters."""

    def restore(self, weights: Weights) -> None:
        """Let the parameters have these values."""


class Judges(Chooses, Protocol):
    """PyTorch's side."""

    def outputs(self, X: Array) -> Array:
        """The model's output for these inputs."""


class Choice:
    """An epoch chosen on both sides, on each by its own losses.

    Parameters
    ----------
    model, arrays, patience
        Of the run; the arrays have a validation part.
    tinytorch, pytorch
        The sides.
    """

    def __init__(self, model: Model, arrays: Arrays, patience: int | None, tinytorch: Chooses, pytorch: Judges) -> None:
        self._model = model
        self._arrays = arrays
        self._tinytorch, self._pytorch = tinytorch, pytorch
        self._mine, self._theirs = Chooser(patience), Chooser(patience)

    @property
    def is_over(self) -> bool:
        """Whether neither side goes on."""
        return self._mine.is_over and self._theirs.is_over

    def see(self, outputs: Array) -> tuple[float, float]:
        """Take note of an epoch by what TinyTorch's model gives for the validation part; both losses of it."""
        watched, loss = self._arrays.watched, self._model.loss
        mine = mean_loss(outputs, watched.y_test, loss)
        theirs = mean_loss(self._pytorch.outputs(watched.X_test), watched.y_test, loss)
        self._mine.see(mine, self._tinytorch.weights)
        self._theirs.see(theirs, self._pytorch.weights)
        return mine, theirs

    def restore(self) -> None:
        """Give both sides the weights that were chosen."""
        self._tinytorch.restore(self._mine.weights)
        self._pytorch.restore(self._theirs.weights)

    def made(self, outputs: Array) -> tuple[Chosen, Chosen]:
        """What was chosen, and what it is worth on the test split, for which TinyTorch's model gives these outputs."""
        theirs = self._pytorch.outputs(self._arrays.X_test)
        return self._chosen(self._mine, outputs), self._chosen(self._theirs, theirs)

    def _chosen(self, chooser: Chooser, outputs: Array) -> Chosen:
        return Chosen(chooser.epoch, chooser.loss, chooser.seen, share_right(outputs, self._arrays.y_test))
