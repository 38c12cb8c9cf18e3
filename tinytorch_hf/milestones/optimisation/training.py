"""Train a model with the reference TinyTorch, and take its weights out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinytorch_hf.compare import tasks
from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.tasks import Arrays
from tinytorch_hf.compare.tinytorch_side import TinyTorchSide, reference_student, training_loader
from tinytorch_hf.formats.arrays import Array

# The optimisations were written for the reference.
STUDENT = reference_student()


@dataclass(frozen=True)
class Trained:
    """A model that has learned.

    Attributes
    ----------
    settings
        How it was trained.
    arrays
        What it was trained on, and what it is judged by.
    side
        The model in TinyTorch.
    """

    settings: Settings
    model: Model
    arrays: Arrays
    side: TinyTorchSide

    @property
    def weights(self) -> Weights:
        """Copies of all parameters."""
        return [
            [np.array(self.side.tensor(layer, parameter).data) for parameter in layer.parameters]
            for layer in self.model.layers
        ]

    @property
    def size_bytes(self) -> int:
        """Bytes of all parameters."""
        return sum(value.nbytes for layer in self.weights for value in layer)

    def predict(self, X: Array) -> Array:
        """TinyTorch's own forward pass of a batch: one row of outputs for each prediction."""
        return np.asarray(self.side.forward(STUDENT.tensor(X)).data)


def train_task(dataset: str, model_name: str, epochs: int | None = None) -> Trained:
    """Train one of a dataset's models with its own settings, for ``epochs`` if given.

    Raises
    ------
    UnknownNameError
        No such dataset, or no such model for it.
    """
    settings = tasks.settings_for(dataset, model_name, epochs=epochs)
    model = tasks.make_model(settings)
    return train(settings, model, tasks.load_arrays(settings), model.initial_weights(settings.seed))


def train(settings: Settings, model: Model, arrays: Arrays, weights: Weights, masks: Weights | None = None) -> Trained:
    """Train a model from these weights on.

    Parameters
    ----------
    masks
        For every parameter an array of its shape with 0 where it has to stay 0, and 1 elsewhere.
    """
    side = TinyTorchSide(settings, model, weights, STUDENT)
    loader = training_loader(settings, arrays.X_train, arrays.y_train, STUDENT)
    for _ in range(settings.epochs):
        for x, targets in loader:
            side.step(x, targets)
            if masks is not None:
                _apply(masks, side)
    return Trained(settings, model, arrays, side)


def _apply(masks: Weights, side: TinyTorchSide) -> None:
    flat = (mask for layer in masks for mask in layer)
    for (layer, parameter), mask in zip(side.parameters(), flat, strict=True):
        side.tensor(layer, parameter).data *= mask
