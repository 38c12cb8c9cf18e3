"""Specification of milestones.optimisation.acceleration: other ways to the same numbers."""

from __future__ import annotations

import numpy as np
import pytest
from small_networks import MODELS, network

from tinytorch_hf.milestones.optimisation.acceleration import FusedAffine, LoopedAffine, fused, in_loops
from tinytorch_hf.milestones.optimisation.pieces import Affine


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("change", [in_loops, fused])
def test_the_results_stay_the_same(change, name: str) -> None:
    """Up to rounding, with the same bytes stored, and nothing left in the input."""
    before, batch = network(name), MODELS[name][1]
    given = batch.copy()

    after = change(before)

    np.testing.assert_allclose(after(batch), before(batch), rtol=1e-5, atol=1e-6)
    assert after.size_bytes == before.size_bytes
    assert np.array_equal(batch, given)


def test_every_product_is_in_loops() -> None:
    """None is left to NumPy."""
    pieces = [piece for pieces in in_loops(network("gpt")).pieces.values() for piece in pieces.values()]

    assert sum(isinstance(piece, LoopedAffine) for piece in pieces) == 2 * (4 + 2) + 1
    assert not any(isinstance(piece, Affine) for piece in pieces)


def test_activations_move_into_the_map_before_them() -> None:
    """ReLU and GELU are steps no longer; a sigmoid stays one, and so does the last map without any."""
    activations = {
        name: {
            layer: pieces["map"].activation
            for layer, pieces in fused(network(name)).pieces.items()
            if "map" in pieces and isinstance(pieces["map"], FusedAffine)
        }
        for name in MODELS
    }

    assert activations["mlp"] == {"linear 1": "ReLU", "linear 2": "ReLU", "linear 3": ""}
    assert activations["cnn"] == {"conv 1": "ReLU", "conv 2": "ReLU", "linear 1": ""}
    assert activations["gpt"] == {
        "block 1 linear 1": "GELU",
        "block 1 linear 2": "",
        "block 2 linear 1": "GELU",
        "block 2 linear 2": "",
        "head": "",
    }
    assert [layer.kind for layer in fused(network("mlp")).layers] == ["Linear", "Linear", "Linear"]
    assert [layer.kind for layer in fused(network("binary")).layers] == ["Linear", "Sigmoid", "Linear", "Sigmoid"]
