"""Specification of tinytorch_hf.compare.models: one definition, the same function on both sides."""

from __future__ import annotations

import numpy as np
import torch

from tinytorch_hf.compare.models import MLP, MODELS, TinyTorchMLP, torch_mlp
from tinytorch_hf.frameworks import find_framework

PARTS = ("Tensor", "Linear", "ReLU")


def test_the_milestones_model_is_64_32_10() -> None:
    """As milestone 03 builds it."""
    assert MODELS["tinydigits"] == MLP((64, 32, 10))
    assert str(MODELS["tinydigits"]) == "MLP 64-32-10"


def test_initial_weights_follow_from_the_seed(same_random_state: None) -> None:
    """Float32, N(0, 1/in), biases zero."""
    (first, bias), (second, _) = MLP((400, 300, 10)).initial_weights(3)

    assert (first.shape, second.shape, first.dtype, bias.dtype) == ((400, 300), (300, 10), np.float32, np.float32)
    assert not bias.any()
    assert abs(first.std() - np.sqrt(1 / 400)) < 1e-3
    assert np.array_equal(first, MLP((400, 300, 10)).initial_weights(3)[0][0])
    assert not np.array_equal(first, MLP((400, 300, 10)).initial_weights(4)[0][0])


def test_both_sides_compute_the_same_logits() -> None:
    """Three layers, ReLU between them and none after the last."""
    rng = np.random.default_rng(0)
    weights = [(w, rng.standard_normal(b.shape).astype(np.float32)) for w, b in MLP((6, 5, 4, 3)).initial_weights(0)]
    images = rng.standard_normal((7, 2, 3)).astype(np.float32)
    framework = find_framework(PARTS)

    ours = TinyTorchMLP(framework, weights)(framework.Tensor(images)).data
    theirs = torch_mlp(weights)(torch.from_numpy(images).unsqueeze(1)).detach().numpy()

    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    assert (theirs < 0).any()


def test_building_copies_the_weights() -> None:
    """Training one side must not change the other's start."""
    weights = MLP((3, 2)).initial_weights(0)
    before = weights[0][0].copy()
    model = TinyTorchMLP(find_framework(PARTS), weights)
    network = torch_mlp(weights)

    model.parameters()[0].data += 1
    with torch.no_grad():
        network[1].weight += 1

    assert np.array_equal(weights[0][0], before)
