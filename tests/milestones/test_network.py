"""Specification of milestones.optimisation.network and .pieces: TinyTorch's forward pass on bare arrays."""

from __future__ import annotations

import numpy as np
import pytest
from small_networks import MODELS, in_tinytorch, network, weights_of

from tinytorch_hf.compare import models
from tinytorch_hf.compare.layers import KINDS
from tinytorch_hf.milestones.optimisation.network import FUNCTIONS, attend, runs


@pytest.mark.parametrize("name", MODELS)
def test_a_network_gives_what_tinytorch_gives(name: str) -> None:
    """Up to rounding, for every kind of layer there is."""
    model, batch = MODELS[name]

    expected = in_tinytorch(model, weights_of(model), batch).predict(batch)

    assert network(name)(batch).dtype == np.float32
    np.testing.assert_allclose(network(name)(batch), expected, rtol=1e-5, atol=1e-6)


def test_every_kind_of_layer_is_known_and_tried() -> None:
    """A model that can be compared can be optimised."""
    tried = {layer.kind for model, _ in MODELS.values() for layer in model.layers}

    assert set(FUNCTIONS) == set(KINDS) == tried


@pytest.mark.parametrize("name", MODELS)
def test_its_size_is_that_of_the_parameters(name: str) -> None:
    """Four bytes for each."""
    model, _ = MODELS[name]

    assert network(name).size_bytes == 4 * sum(value.size for layer in weights_of(model) for value in layer)


def test_pieces_are_exchanged_by_name() -> None:
    """Each is offered once, under its layer's name and its own; what comes back is what runs."""
    offered = []

    def exchange(layer, name, piece):
        offered.append((layer, name))
        return (lambda x: 0 * x) if layer == "linear 3" else piece

    exchanged = network("mlp").exchanged(exchange)

    assert offered == [("linear 1", "map"), ("linear 2", "map"), ("linear 3", "map")]
    assert not exchanged(MODELS["mlp"][1]).any()


def test_runs_end_where_something_is_added() -> None:
    """A block of a GPT has two, and what follows it another."""
    model = models.gpt(11, 6, 8, 1, 4)

    assert [[layer.kind for layer in run] for run in runs(model.parts)] == [
        ["Embeddings"],
        ["LayerNorm", "CausalAttention"],
        ["LayerNorm", "Linear", "GELU", "Linear"],
        ["LayerNorm", "LinearWithoutBias", "Positions to rows"],
    ]


def test_attention_of_the_last_positions_is_the_end_of_attention_of_all() -> None:
    """However many queries there are, each sees the keys up to its own position."""
    q, k, v = np.random.default_rng(0).standard_normal((3, 2, 7, 8)).astype(np.float32)
    whole = attend(q, k, v, 4)

    for n in range(1, 8):
        np.testing.assert_allclose(attend(q[:, -n:], k, v, 4), whole[:, -n:], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(attend(q[:, :n], k[:, :n], v[:, :n], 4), whole[:, :n], rtol=1e-5, atol=1e-6)
