"""What the judge's side of a comparison is: one model, its loss and its optimizer, in PyTorch or with NumPy alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from tinytorch_hf.compare.layers import Layer, Parameter, Part, Residual
from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.formats.arrays import Array

# A parameter of a model: the names of its layer and of itself.
Key = tuple[str, str]

SUREST = 1e-7
"""How near to 0 and 1 the course's binary cross entropy lets a probability come."""


@dataclass
class Computed:
    """What one side computed in one step; of a student's side anything may be something else than an array.

    Attributes
    ----------
    outputs
        What each part of the model gave, by the part's name, in the order of the forward pass.
    loss
        The loss.
    gradients
        The gradient with respect to each parameter.
    arriving
        On the judge's side: the gradient with respect to what each part gave.
    """

    outputs: dict[str, Any] = field(default_factory=dict)
    loss: Any = None
    gradients: dict[Key, Any] = field(default_factory=dict)
    arriving: dict[str, Array] = field(default_factory=dict)


class Side(Protocol):
    """The judge's side, in float32 or float64; all weights and gradients lie as TinyTorch has them."""

    def set_weights(self, weights: Weights) -> None:
        """Let the parameters have these values."""

    def weights(self) -> Weights:
        """Copies of all parameters."""

    def keys(self) -> list[Key]:
        """Every parameter by its names."""

    def step(self, X: Array, y: Array) -> float:
        """Train on one batch; the loss before the update."""

    def outputs(self, X: Array) -> Array:
        """The model's output for these inputs."""

    def compute(self, X: Array, y: Array) -> Computed:
        """Forward, loss and gradients of a batch; the parameters keep their gradients for `update`."""

    def update(self) -> dict[Key, Array]:
        """Let the optimizer take its step; the parameters after it."""

    def take_gradients(self, other: Any) -> None:
        """Let the parameters have the gradients that they have on another side of the same kind."""

    def part_gradients(self, part: Part, x: Array, gradient: Array) -> dict[Key, Array]:
        """The gradients of one part alone, by layer and quantity: "input" first, unless ids went in, then parameters.

        Parameters
        ----------
        part
            Of the model.
        x
            What goes into it.
        gradient
            With respect to what it gives.
        """

    def loss_and_gradient(self, outputs: Array, y: Array) -> tuple[Array, Array]:
        """The loss of these outputs of a model, and the gradient with respect to them."""

    def optimized(self, start: Array, gradients: Sequence[Array]) -> Array:
        """One parameter after the optimizer's steps with these gradients."""


def pairs_of(part: Part) -> list[tuple[Layer, Parameter]]:
    """The parameters of a part, each with its layer, in the order of the forward pass."""
    layers = part.layers if isinstance(part, Residual) else (part,)
    return [(layer, parameter) for layer in layers for parameter in layer.parameters]


def by_key(model: Model, weights: Weights) -> Mapping[Key, Array]:
    """Weights by the names of their parameters."""
    return {
        (layer.name, parameter.name): value
        for layer, values in zip(model.layers, weights, strict=True)
        for parameter, value in zip(layer.parameters, values, strict=True)
    }


def share_right(outputs: Array, y: Array) -> float:
    """Share of predictions that are right: the largest of several outputs, or a single one above 1/2."""
    predicted = predictions(outputs)
    return float((predicted == y.reshape(predicted.shape)).mean())


def predictions(outputs: Array) -> Array:
    """(N,) int64, the classes that outputs of a model say: the largest of several, or whether a single is above 1/2."""
    predicted = outputs[:, 0] > 0.5 if outputs.shape[1] == 1 else outputs.argmax(axis=1)
    classes: Array = predicted.astype(np.int64)
    return classes
