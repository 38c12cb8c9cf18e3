"""What these specifications share: small models whose weights are all drawn at random, so that each one matters."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch_hf.compare import models
from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.tasks import Arrays
from tinytorch_hf.compare.tinytorch_side import TinyTorchSide
from tinytorch_hf.milestones.optimisation.network import Network, network_of
from tinytorch_hf.milestones.optimisation.training import STUDENT, Trained

_RNG = np.random.default_rng(0)

# Models with a batch for each; together they have every kind of layer.
MODELS: dict[str, tuple[Model, Any]] = {
    "mlp": (models.mlp(6, 5, 4, 3), _RNG.standard_normal((7, 6)).astype(np.float32)),
    "binary": (models.binary_classifier(2, 3, 1), np.eye(2, dtype=np.float32)),
    "cnn": (models.cnn(10, 3, 4), _RNG.standard_normal((5, 1, 10, 10)).astype(np.float32)),
    "gpt": (models.gpt(11, 6, 8, 2, 4), _RNG.integers(0, 11, (3, 6))),
}


def weights_of(model: Model, seed: int = 0) -> Weights:
    """Initial values with a little noise on each, biases and norms included."""
    rng = np.random.default_rng(seed)
    return [
        [value + 0.1 * rng.standard_normal(value.shape).astype(np.float32) for value in layer]
        for layer in model.initial_weights(seed)
    ]


def flat(weights: Weights) -> list[np.ndarray]:
    """The values of all layers in one list."""
    return [value for layer in weights for value in layer]


def network(name: str) -> Network:
    """One of `MODELS` on bare arrays."""
    model, _ = MODELS[name]
    return network_of(model, weights_of(model))


def in_tinytorch(model: Model, weights: Weights, batch: Any) -> Trained:
    """A model in TinyTorch with these weights; the batch is all its data, and every target 1."""
    targets = np.ones(batch.shape if model.input_axes == "ids" else len(batch), np.int64)
    arrays = Arrays(batch, targets, batch, targets)
    settings = Settings("tinydigits", epochs=8)
    return Trained(settings, model, arrays, TinyTorchSide(settings, model, weights, STUDENT))
