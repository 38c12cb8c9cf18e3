"""Specification of reference.normalization: torch's, in training and in evaluation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import agrees_with_torch, arrays, judge, same_gradient, with_parameters
from torch.nn import functional

from tinytorch_hf.reference import BatchNorm2d, LayerNorm, Tensor


@settings(max_examples=40)
@given(
    leading=st.lists(st.integers(1, 4), min_size=0, max_size=2).map(tuple),
    features=st.integers(2, 6),
    eps=st.sampled_from([1e-5, 0.1]),
)
def test_layer_norm(leading: tuple[int, ...], features: int, eps: float) -> None:
    """Every position by itself; scale and shift are trained."""
    agrees_with_torch(
        lambda x, gamma, beta: with_parameters(LayerNorm(features, eps), gamma=gamma, beta=beta)(x),
        lambda x, weight, bias: functional.layer_norm(x, (features,), weight, bias, eps),
        arrays((*leading, features), (features,), (features,)),
    )


def test_layer_norm_has_the_conventions_of_tinytorch() -> None:
    """One and zero at first; eps stands below the root, so equal values become zeros."""
    layer = LayerNorm(4)

    assert (layer.gamma.data.tolist(), layer.beta.data.tolist()) == ([1] * 4, [0] * 4)
    assert layer.parameters() == [layer.gamma, layer.beta]
    assert not layer(Tensor(np.full((2, 4), 3.0))).data.any()
    with pytest.raises(ValueError, match=r"takes \(\.\.\., 4\), got \(2, 3\)"):
        layer(Tensor(np.zeros((2, 3))))


SHAPES = st.tuples(st.integers(2, 4), st.integers(1, 3), st.integers(1, 4), st.integers(1, 4))


@settings(max_examples=25)
@given(shape=SHAPES, eps=st.sampled_from([1e-3, 0.1]), momentum=st.sampled_from([0.1, 0.5]))
def test_batch_norm_in_training_and_then_in_evaluation(
    shape: tuple[int, int, int, int], eps: float, momentum: float
) -> None:
    """Values, gradients, and the running statistics after three batches, which evaluation uses."""
    channels = shape[1]
    gamma, beta = arrays((channels,), (channels,), seed=5)
    layer = with_parameters(
        BatchNorm2d(channels, eps, momentum),
        gamma=Tensor(gamma, requires_grad=True),
        beta=Tensor(beta, requires_grad=True),
    )
    torchs = torch.nn.BatchNorm2d(channels, eps, momentum).double()
    torchs.weight.data, torchs.bias.data = torch.tensor(gamma).double(), torch.tensor(beta).double()

    for seed in range(4):
        if seed == 3:
            layer.eval()
            torchs.eval()
        # Values of a channel that are all but equal have a slope of up to 1/sqrt(eps), and rounding grows with it:
        # hence the large eps above and the wide tolerances below.
        values = np.random.default_rng(seed).uniform(-2, 2, shape).astype(np.float32)
        x, other = Tensor(values, requires_grad=True), judge(values)
        y, expected = layer(x), torchs(other)
        np.testing.assert_allclose(y.data, expected.detach().numpy(), rtol=1e-4, atol=1e-4)
        gradient = arrays(shape, seed=seed)[0]
        y.backward(gradient)
        expected.backward(torch.tensor(gradient, dtype=torch.float64))
        np.testing.assert_allclose(x.grad, other.grad.numpy(), rtol=1e-3, atol=1e-3)

    np.testing.assert_allclose(layer.running_mean, torchs.running_mean.numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(layer.running_var, torchs.running_var.numpy(), rtol=1e-5, atol=1e-6)
    assert layer.running_mean.dtype == layer.running_var.dtype == np.float32
    same_gradient(layer.gamma, torchs.weight.grad)
    same_gradient(layer.beta, torchs.bias.grad)


def test_batch_norm_in_evaluation_keeps_its_statistics_and_treats_images_one_by_one() -> None:
    """A batch of one is fine there, and other images in the batch change nothing."""
    layer = BatchNorm2d(2)
    layer.eval()
    images = Tensor(arrays((3, 2, 4, 4))[0])

    together, alone = layer(images), layer(images[:1])

    assert np.array_equal(together.data[:1], alone.data)
    assert (layer.running_mean.tolist(), layer.running_var.tolist()) == ([0, 0], [1, 1])
    layer.train()
    assert not np.array_equal(layer(images).data, together.data)


def test_batch_norm_says_what_it_takes() -> None:
    """Images of its channels; in training more than one value of each."""
    with pytest.raises(ValueError, match=r"\(batch, 2, height, width\), got \(3, 1, 4, 4\)"):
        BatchNorm2d(2)(Tensor(np.zeros((3, 1, 4, 4))))
    with pytest.raises(ValueError, match=r"more than one value per channel, got \(1, 2, 1, 1\)"):
        BatchNorm2d(2)(Tensor(np.zeros((1, 2, 1, 1))))
    assert BatchNorm2d(2).parameters()[0].requires_grad
