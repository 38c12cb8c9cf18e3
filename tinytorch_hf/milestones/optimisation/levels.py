"""Every level of milestone 06 for a trained model: what is stored, what predicts, and what is timed."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.milestones.generation import Reader, generate, rereading
from tinytorch_hf.milestones.optimisation import acceleration, pruning, quantisation, training
from tinytorch_hf.milestones.optimisation.kv_cache import CachedNetwork
from tinytorch_hf.milestones.optimisation.network import Network, network_of
from tinytorch_hf.milestones.optimisation.training import Trained

SPARSITY = 0.6
"""Share of the weights that magnitude pruning sets to zero."""

SHARE_OF_NEURONS = 0.5
"""Share of the hidden neurons or channels that structured pruning takes away."""

BASELINE = "baseline"
LOOPS = "explicit loops"
ARRAYS = "no graph"
FUSED = "no graph, fused"
BATCHED = "no graph, fused, batched"
INT8 = "int8"
SPARSE = f"{SPARSITY:.0%} of weights pruned"
SMALLER = f"{SHARE_OF_NEURONS:.0%} of neurons pruned"
SMALLER_INT8 = f"{SMALLER}, int8"
SMALLER_INT8_BATCHED = f"{SMALLER_INT8}, batched"
KV_CACHE = "KV cache"
SMALLER_INT8_CACHED = f"{SMALLER_INT8}, KV cache"

SAME_RESULTS = (LOOPS, ARRAYS, FUSED, BATCHED, KV_CACHE)
"""Levels that compute the baseline's numbers in another way."""


@dataclass(frozen=True)
class Level:
    """A way to store and to run a trained model.

    Attributes
    ----------
    size_bytes
        Of its parameters as stored.
    predict
        Maps a batch to outputs, one row for each prediction; the metric is measured on it.
    work
        What is timed; gives the ids that it has written, or None.
    n_units
        Samples or characters that ``work`` is about.
    """

    name: str
    size_bytes: int
    predict: Callable[[Array], Array]
    work: Callable[[], Array | None]
    n_units: int


@dataclass(frozen=True)
class Optimised:
    """A model in TinyTorch, and the networks that were made of it, by the level's name."""

    baseline: Trained
    networks: dict[str, Network]


def optimise(start: Trained) -> Optimised:
    """Make every network of a trained model.

    What is pruned has to be trained on, and everything that is trained on gets better. So the baseline is trained on
    for as long, a quarter of the epochs, from the same weights.
    """
    weights = start.weights
    masks = pruning.magnitude_masks(start.model, weights, SPARSITY)
    baseline = _train_on(start, start.model, weights)
    pruned = _train_on(start, start.model, pruning.masked(weights, masks), masks)
    smaller = _train_on(start, *pruning.without_neurons(start.model, weights, SHARE_OF_NEURONS))

    network = network_of(baseline.model, baseline.weights)
    smaller_network = network_of(smaller.model, smaller.weights)
    calibration = start.arrays.X_train
    return Optimised(
        baseline,
        {
            LOOPS: acceleration.in_loops(network),
            ARRAYS: network,
            FUSED: acceleration.fused(network),
            INT8: quantisation.quantised(network, calibration),
            SPARSE: pruning.sparse(network_of(pruned.model, pruned.weights)),
            SMALLER: smaller_network,
            SMALLER_INT8: quantisation.quantised(smaller_network, calibration),
        },
    )


def of_images(optimised: Optimised, n_timed: int = 10) -> list[Level]:
    """Levels of a model for images; what is timed is one image at a time, or batched all of the test split at once."""
    X = optimised.baseline.arrays.X_test

    def one_by_one(name: str, size_bytes: int, predict: Callable[[Array], Array]) -> Level:
        def work() -> None:
            for i in range(n_timed):
                predict(X[i : i + 1])

        return Level(name, size_bytes, predict, work, n_timed)

    def batched(name: str, network: Network) -> Level:
        def work() -> None:
            network(X)

        return Level(name, network.size_bytes, network, work, len(X))

    networks = optimised.networks
    return [
        one_by_one(BASELINE, optimised.baseline.size_bytes, optimised.baseline.predict),
        *(one_by_one(name, networks[name].size_bytes, networks[name]) for name in (LOOPS, ARRAYS, FUSED)),
        batched(BATCHED, networks[FUSED]),
        *(one_by_one(name, networks[name].size_bytes, networks[name]) for name in (INT8, SPARSE, SMALLER)),
        batched(SMALLER_INT8_BATCHED, networks[SMALLER_INT8]),
    ]


def of_texts(optimised: Optimised, prompt: Array) -> list[Level]:
    """Levels of a GPT; what is timed is how it continues the prompt up to the model's length."""
    n_new = optimised.baseline.arrays.X_test.shape[1] - len(prompt)

    def writing(name: str, size_bytes: int, predict: Callable[[Array], Array], reader: Callable[[], Reader]) -> Level:
        return Level(name, size_bytes, predict, lambda: greedy(reader(), prompt, n_new), n_new)

    def rereads(name: str, size_bytes: int, predict: Callable[[Array], Array]) -> Level:
        return writing(name, size_bytes, predict, lambda: rereading(predict))

    def cached(name: str, network: Network) -> Level:
        step_by_step = functools.partial(_step_by_step, network)
        return writing(name, network.size_bytes, step_by_step, lambda: CachedNetwork(network))

    networks = optimised.networks
    return [
        rereads(BASELINE, optimised.baseline.size_bytes, optimised.baseline.predict),
        *(
            rereads(name, networks[name].size_bytes, networks[name])
            for name in (LOOPS, ARRAYS, FUSED, INT8, SPARSE, SMALLER)
        ),
        cached(KV_CACHE, networks[ARRAYS]),
        cached(SMALLER_INT8_CACHED, networks[SMALLER_INT8]),
    ]


def _train_on(start: Trained, model: Model, weights: Weights, masks: Weights | None = None) -> Trained:
    settings = dataclasses.replace(start.settings, epochs=max(1, start.settings.epochs // 4))
    return training.train(settings, model, start.arrays, weights, masks)


def greedy(read: Reader, prompt: Array, n_new: int) -> Array:
    """The likeliest ids after a prompt, (n_new,) int64."""
    return np.fromiter(itertools.islice(generate(read, prompt), n_new), np.int64, n_new)


def _step_by_step(network: Network, ids: Array) -> Array:
    """Logits of every position, each from its own step: (batch * length, vocabulary)."""
    cached = CachedNetwork(network, len(ids))
    steps = [cached.read(ids[:, place : place + 1]) for place in range(ids.shape[1])]
    logits: Array = np.stack(steps, axis=1)
    return logits.reshape(-1, logits.shape[-1])
