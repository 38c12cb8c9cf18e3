"""Specification of tinytorch_hf.compare.numpy_side: what PyTorch computes, computed with NumPy alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from test_models import MODELS

from tinytorch_hf.compare.layers import KINDS
from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.compare.numpy_side import NumPySide
from tinytorch_hf.compare.pytorch_side import PyTorchSide
from tinytorch_hf.compare.settings import OPTIMIZERS, Settings
from tinytorch_hf.formats.arrays import Array

# Relative to the largest value of all gradients of a step, in float64.
CLOSE = 1e-12


def random_weights(model: Model) -> Weights:
    """Weights and biases of which none is 0, so that every parameter matters."""
    rng = np.random.default_rng(0)
    return [
        [value + 0.1 * rng.standard_normal(value.shape).astype(np.float32) for value in layer]
        for layer in model.initial_weights(0)
    ]


def targets(model: Model, X: Array) -> Array:
    """Something to learn for each prediction."""
    rng = np.random.default_rng(1)
    if model.loss == "BinaryCrossEntropyLoss":
        return rng.integers(0, 2, (len(X), 1)).astype(np.float32)
    return rng.integers(0, 3, X.shape if model.input_axes == "ids" else len(X))


def sides(model: Model, optimizer: str = "sgd", dtype: str = "float64") -> tuple[NumPySide, PyTorchSide]:
    """Both, from the same weights."""
    settings, weights = Settings("tinydigits", optimizer=optimizer, lr=0.05), random_weights(model)
    return NumPySide(settings, model, weights, dtype), PyTorchSide(settings, model, weights, dtype)


def close(found: Any, right: Any, beside: float = 0.0) -> bool:
    """Whether two arrays of one shape and type are equal but for rounding in float64."""
    found, right = np.asarray(found), np.asarray(right)
    largest = max(float(np.abs(right).max()), beside)
    return (found.shape, found.dtype) == (right.shape, right.dtype) and bool(
        np.abs(found - right).max() <= CLOSE * largest
    )


@pytest.mark.parametrize("name", MODELS)
def test_a_step_is_that_of_pytorch(name: str) -> None:
    """What every part gives, the loss, and every gradient, for every kind of layer."""
    model, X = MODELS[name]
    mine, theirs = (side.compute(X, targets(model, X)) for side in sides(model))

    assert close(mine.loss, theirs.loss)
    assert list(mine.outputs) == list(theirs.outputs)
    assert all(close(mine.outputs[part], right) for part, right in theirs.outputs.items())
    largest = max(float(np.abs(right).max()) for right in theirs.gradients.values())
    assert all(close(mine.gradients[key], right, largest) for key, right in theirs.gradients.items())
    assert all(close(mine.arriving[part], right, largest) for part, right in theirs.arriving.items())


def test_every_kind_of_layer_is_in_one_of_these_models() -> None:
    """So that none is left out above."""
    assert {layer.kind for model, _ in MODELS.values() for layer in model.layers} == set(KINDS)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_training_is_that_of_pytorch(optimizer: str) -> None:
    """Losses and parameters after ten steps, by every optimizer."""
    model, X = MODELS["mlp"]
    mine, theirs = sides(model, optimizer)
    y = targets(model, X)

    losses = [(mine.step(X, y), theirs.step(X, y)) for _ in range(10)]

    assert all(close(found, right) for found, right in losses)
    pairs = zip(mine.weights(), theirs.weights(), strict=True)
    assert all(close(found, right) for one, other in pairs for found, right in zip(one, other, strict=True))


@pytest.mark.parametrize("name", ["cnn", "gpt", "binary"])
def test_parts_and_losses_alone_are_those_of_pytorch(name: str) -> None:
    """The gradients of each part that is run alone, and those of the loss."""
    model, X = MODELS[name]
    mine, theirs = sides(model)
    seen, y = theirs.compute(X, targets(model, X)), targets(model, X)
    before: Array = X
    for part in model.parts:
        x, gradient = before, np.random.default_rng(2).standard_normal(seen.outputs[part.name].shape)
        found, right = (side.part_gradients(part, x, gradient) for side in (mine, theirs))
        assert list(found) == list(right)
        largest = max((float(np.abs(value).max()) for value in right.values()), default=0.0)
        assert all(close(found[key], value, largest) for key, value in right.items())
        before = seen.outputs[part.name]
    (loss, gradient), (right_loss, right_gradient) = (side.loss_and_gradient(before, y) for side in (mine, theirs))
    assert close(loss, right_loss)
    assert close(gradient, right_gradient)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_optimizer_alone_is_that_of_pytorch(optimizer: str) -> None:
    """One parameter after three steps."""
    start, gradients = np.array([1.0, -2.0]), [np.array(row) for row in ([0.5, 1.0], [0.5, -1.0], [0.001, 2.0])]
    mine, theirs = (side.optimized(start, gradients) for side in sides(MODELS["mlp"][0], optimizer))

    assert close(mine, theirs)


def test_float32_stays_float32() -> None:
    """Nothing is computed in more than was asked for."""
    model, X = MODELS["gpt"]
    mine, _ = sides(model, "adamw", "float32")
    found = mine.compute(X, targets(model, X))

    values = [*found.outputs.values(), *found.gradients.values(), *mine.update().values(), mine.outputs(X)]
    assert {value.dtype for value in values} == {np.dtype(np.float32)}
