"""Specification of milestones.optimisation.pruning: the weakest go, and what is left is what runs and is counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from small_networks import MODELS, flat, in_tinytorch, network, weights_of

from tinytorch_hf.compare import models
from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.milestones.optimisation.network import network_of
from tinytorch_hf.milestones.optimisation.pieces import Affine
from tinytorch_hf.milestones.optimisation.pruning import (
    compressed,
    expand,
    hidden_pairs,
    magnitude_mask,
    magnitude_masks,
    masked,
    sparse,
    strongest_neurons,
    without_neurons,
)

MATRICES = npst.arrays(
    np.float32,
    npst.array_shapes(min_dims=2, max_dims=2, max_side=12),
    elements=st.sampled_from([0.0, 0.5, -0.5, 1.0, -2.0, 3.0]),
)


@given(MATRICES, st.floats(0, 1))
def test_the_largest_weights_stay(weight: np.ndarray, sparsity: float) -> None:
    """Exactly as many go as are asked for, and none of them is larger than one that stays."""
    mask = magnitude_mask(weight, sparsity)

    assert mask.shape == weight.shape
    assert set(mask.ravel()) <= {0, 1}
    assert (mask == 0).sum() == int(sparsity * weight.size)
    kept, gone = np.abs(weight[mask == 1]), np.abs(weight[mask == 0])
    assert not len(kept) or not len(gone) or gone.max() <= kept.min()


def test_of_equal_weights_the_first_go() -> None:
    """So the result is the same everywhere."""
    assert magnitude_mask(np.array([[1, -1], [1, 2]], np.float32), 0.5).tolist() == [[0, 0], [1, 1]]


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_lies_between_0_and_1(share: float) -> None:
    """Another one is refused, and named."""
    model, _ = MODELS["mlp"]

    with pytest.raises(InvalidArgumentError, match=r"sparsity must be from 0 to 1, got -?\d"):
        magnitude_mask(np.ones((2, 2)), share)
    with pytest.raises(InvalidArgumentError, match="share must be from 0 to 1"):
        without_neurons(model, weights_of(model), share)


def test_biases_norms_and_embeddings_are_not_pruned() -> None:
    """Only what is multiplied with activations is, each matrix by itself."""
    model, _ = MODELS["gpt"]
    weights = weights_of(model)

    for layer, masks in zip(model.layers, magnitude_masks(model, weights, 0.5), strict=True):
        for mask in masks:
            is_pruned = mask.ndim > 1 and layer.kind != "Embeddings"
            assert mask.mean() == (0.5 if is_pruned else 1), layer


@given(MATRICES)
def test_compressed_columns_expand_to_the_same_matrix(weight: np.ndarray) -> None:
    """Whatever is zero in it, whole columns too."""
    piece = compressed(Affine(weight, None))

    assert np.array_equal(expand(piece.values, piece.inputs, piece.starts, len(weight)), weight)
    assert (piece.values != 0).all()


def test_the_sparse_size_counts_values_and_places() -> None:
    """Of 64x32 with 4 in 5 gone: 410 values of 4 bytes, as many places of 1, 33 starts of 2, and the bias."""
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((64, 32)).astype(np.float32)
    piece = compressed(Affine(weight * magnitude_mask(weight, 0.8), np.zeros(32, np.float32)))

    assert len(piece.values) == 64 * 32 - int(0.8 * 64 * 32) == 410
    assert [array.nbytes for array in piece.stored] == [1640, 410, 66, 128]


@pytest.mark.parametrize(("n_inputs", "dtype"), [(256, np.uint8), (257, np.uint16)])
def test_a_place_takes_as_many_bytes_as_it_needs(n_inputs: int, dtype: type) -> None:
    """The last of 256 inputs is number 255."""
    piece = compressed(Affine(np.eye(n_inputs, dtype=np.float32), None))

    assert piece.inputs.dtype == dtype
    assert piece.inputs[-1] == n_inputs - 1


@pytest.mark.parametrize("name", MODELS)
def test_a_sparse_network_runs_as_the_masked_one(name: str) -> None:
    """Bit for bit: it is expanded to the same matrices."""
    model, batch = MODELS[name]
    weights = weights_of(model)
    pruned = network_of(model, masked(weights, magnitude_masks(model, weights, 0.7)))

    assert np.array_equal(sparse(pruned)(batch), pruned(batch))


def test_hidden_neurons_are_those_between_two_maps() -> None:
    """Attention and the sums around it are left alone."""
    pairs = {name: [(a.name, b.name) for a, b in hidden_pairs(model)] for name, (model, _) in MODELS.items()}

    assert pairs == {
        "mlp": [("linear 1", "linear 2"), ("linear 2", "linear 3")],
        "binary": [("linear 1", "linear 2")],
        "cnn": [("conv 1", "conv 2"), ("conv 2", "linear 1")],
        "gpt": [("block 1 linear 1", "block 1 linear 2"), ("block 2 linear 1", "block 2 linear 2")],
    }


def test_the_neurons_with_the_largest_weights_stay() -> None:
    """In their order; of a convolution whole channels, and of a single neuron at least that one."""
    mlp, cnn = models.mlp(2, 4, 1).layers[0], models.cnn(8, 3).layers[0]
    columns = np.array([[1, 0, 3, 2], [-1, 0, -3, 2]], np.float32)
    channels = np.array([2, -1, 3], np.float32).reshape(3, 1, 1, 1) * np.ones((3, 1, 3, 3), np.float32)

    assert strongest_neurons(mlp, columns, 0.5).tolist() == [2, 3]
    assert strongest_neurons(cnn, channels, 0.5).tolist() == [0, 2]
    assert strongest_neurons(mlp, columns, 1).tolist() == [2]


def test_arrays_are_smaller_and_the_model_says_so() -> None:
    """Half the channels of a CNN, and the rows of those that read them."""
    model, _ = MODELS["cnn"]

    smaller, weights = without_neurons(model, weights_of(model), 0.5)

    assert [layer.arguments for layer in smaller.layers if layer.parameters] == [(1, 2, 3), (2, 2, 3), (2, 10)]
    assert [[value.shape for value in values] for values in weights] == [
        [parameter.shape for parameter in layer.parameters] for layer in smaller.layers
    ]
    assert network_of(smaller, weights).size_bytes < 0.6 * network("cnn").size_bytes


@pytest.mark.parametrize("name", MODELS)
def test_without_dead_neurons_the_results_stay_the_same(name: str) -> None:
    """Neurons that nobody listens to can go: in bare arrays and in TinyTorch."""
    model, batch = MODELS[name]
    weights = weights_of(model)
    index = {layer.name: i for i, layer in enumerate(model.layers)}
    for writer, reader in hidden_pairs(model):
        weight = weights[index[writer.name]][0]
        gone = np.setdiff1d(np.arange(writer.arguments[1]), strongest_neurons(writer, weight, 0.5))
        reading = weights[index[reader.name]][0]
        if reader.kind == "Conv2d":
            reading[:, gone] = 0
        else:
            reading.reshape(writer.arguments[1], -1, reading.shape[1])[gone] = 0

    smaller, kept = without_neurons(model, weights, 0.5)

    expected = network_of(model, weights)(batch)
    np.testing.assert_allclose(network_of(smaller, kept)(batch), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(in_tinytorch(smaller, kept, batch).predict(batch), expected, rtol=1e-5, atol=1e-6)


def test_nothing_pruned_is_the_same_model() -> None:
    """With copies of its weights."""
    model, _ = MODELS["gpt"]
    weights = weights_of(model)

    same, kept = without_neurons(model, weights, 0)

    assert same == model
    assert all(np.array_equal(a, b) and a is not b for a, b in zip(flat(kept), flat(weights), strict=True))
