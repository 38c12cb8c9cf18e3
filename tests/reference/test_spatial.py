"""Specification of reference.spatial: torch's convolution and pooling in every geometry."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from judging import agrees_with_torch, arrays, with_parameters
from torch.nn import functional

from tinytorch_hf.reference import AvgPool2d, Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential, Tensor

PAIRS = st.one_of(st.integers(1, 3), st.tuples(st.integers(1, 3), st.integers(1, 3)))
PADDINGS = st.one_of(st.integers(0, 2), st.tuples(st.integers(0, 2), st.integers(0, 2)))


def pair(value: Any) -> tuple[int, int]:
    """One number stands for height and width."""
    return value if isinstance(value, tuple) else (value, value)


class Geometry(NamedTuple):
    """Images, and how windows lie on them."""

    images: tuple[int, int, int, int]
    kernel: Any
    stride: Any
    padding: Any


@st.composite
def geometries(draw: st.DrawFn, pooling: bool = False) -> Geometry:
    """Windows that fit; images are often neither square nor a multiple of the stride."""
    images = tuple(draw(st.integers(1, top)) for top in (3, 3, 7, 7))
    kernel, stride, padding = draw(PAIRS), draw(PAIRS), draw(PADDINGS)
    for size, window, pad in zip(images[2:], pair(kernel), pair(padding), strict=True):
        assume(window <= size + 2 * pad)
        assume(not pooling or 2 * pad <= window)
    return Geometry(images, kernel, stride, padding)


@settings(max_examples=60)
@given(geometry=geometries(), out_channels=st.integers(1, 3), bias=st.booleans())
def test_convolution(geometry: Geometry, out_channels: int, bias: bool) -> None:
    """Kernel, stride and padding in one number or two, with and without bias."""
    channels = geometry.images[1]
    weight_shape = (out_channels, channels, *pair(geometry.kernel))

    def ours(x: Tensor, weight: Tensor, *biases: Tensor) -> Tensor:
        layer = Conv2d(channels, out_channels, geometry.kernel, geometry.stride, geometry.padding, bias=bias)
        return with_parameters(layer, weight=weight, **dict(zip(["bias"], biases, strict=False)))(x)

    def theirs(x: torch.Tensor, weight: torch.Tensor, *biases: torch.Tensor) -> torch.Tensor:
        return functional.conv2d(x, weight, *biases, stride=geometry.stride, padding=geometry.padding)

    agrees_with_torch(ours, theirs, arrays(geometry.images, weight_shape, *([(out_channels,)] if bias else [])))


def test_convolution_does_not_flip_its_kernel() -> None:
    """It is cross-correlation, as in every deep learning library."""
    layer = with_parameters(Conv2d(1, 1, 2, bias=False), weight=Tensor([[[[1.0, 2.0], [3.0, 4.0]]]]))

    assert layer(Tensor([[[[1.0, 0.0], [0.0, 0.0]]]])).data.item() == 1


def test_convolution_has_the_conventions_of_tinytorch() -> None:
    """Weight (out, in, height, width) of variance 2/fan_in, bias zero or absent, parameters in a list."""
    layer = Conv2d(16, 50, (3, 5))

    assert layer.weight.shape == (50, 16, 3, 5)
    assert layer.weight.data.std() == pytest.approx(np.sqrt(2 / (16 * 15)), rel=0.02)
    assert layer.bias is not None and layer.bias.shape == (50,) and not layer.bias.data.any()
    assert layer.parameters() == [layer.weight, layer.bias]
    assert all(parameter.requires_grad for parameter in layer.parameters())
    assert len(Conv2d(1, 2, 3, bias=False).parameters()) == 1


@settings(max_examples=60)
@given(geometry=geometries(pooling=True), seed=st.integers(0, 3))
def test_max_pooling_also_of_equal_values(geometry: Geometry, seed: int) -> None:
    """The first of the largest gets the gradient; windows may overlap or leave pixels out."""
    # Whole numbers from -1 to 1, so that most windows hold their largest value several times.
    ties = np.random.default_rng(seed).integers(-1, 2, geometry.images).astype(np.float32)

    for x in (ties, *arrays(geometry.images)):
        agrees_with_torch(
            MaxPool2d(geometry.kernel, geometry.stride, geometry.padding),
            lambda x: functional.max_pool2d(x, geometry.kernel, geometry.stride, geometry.padding),
            [x],
        )


@settings(max_examples=60)
@given(geometry=geometries(pooling=True))
def test_average_pooling_counts_padding_as_zeros(geometry: Geometry) -> None:
    """The sum is divided by the whole window everywhere."""
    agrees_with_torch(
        AvgPool2d(geometry.kernel, geometry.stride, geometry.padding),
        lambda x: functional.avg_pool2d(x, geometry.kernel, geometry.stride, geometry.padding),
        arrays(geometry.images),
    )


@pytest.mark.parametrize(("ours", "theirs"), [(MaxPool2d, torch.nn.MaxPool2d), (AvgPool2d, torch.nn.AvgPool2d)])
def test_pooling_windows_do_not_overlap_by_default(ours: Any, theirs: Any) -> None:
    """The stride is the window's size; rows and columns that do not fill one are left out."""
    agrees_with_torch(ours((2, 3)), theirs((2, 3)), arrays((2, 3, 5, 7)))
    assert ours(2).parameters() == []


def test_a_cnn_has_torchs_gradients_from_the_first_layer_to_the_last() -> None:
    """The graph passes through convolution, pooling and flattening."""
    network = Sequential(
        *(Conv2d(1, 2, 3), ReLU(), MaxPool2d(2)),
        *(Conv2d(2, 3, 2, padding=1), ReLU(), AvgPool2d(2)),
        *(Flatten(), Linear(12, 4)),
    )
    shapes = [parameter.shape for parameter in network.parameters()]

    def ours(x: Tensor, *parameters: Tensor) -> Tensor:
        first, second, last = (network.layers[i] for i in (0, 3, 7))
        for layer, (weight, bias) in zip((first, second, last), zip(*[iter(parameters)] * 2, strict=True), strict=True):
            with_parameters(layer, weight=weight, bias=bias)
        return network(x)

    def theirs(x: torch.Tensor, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> torch.Tensor:
        x = functional.max_pool2d(functional.conv2d(x, w1, b1).relu(), 2)
        x = functional.avg_pool2d(functional.conv2d(x, w2, b2, padding=1).relu(), 2)
        return x.flatten(1) @ w3 + b3

    agrees_with_torch(ours, theirs, arrays((3, 1, 8, 8), *shapes))


LAYERS = [Conv2d(1, 2, 3), MaxPool2d(3), AvgPool2d(3)]


@pytest.mark.parametrize("layer", LAYERS)
def test_images_without_channels_are_refused_with_advice(layer: Any) -> None:
    """The commonest mistake with grey images."""
    with pytest.raises(ValueError, match=re.escape("got (32, 8, 8). Images without an axis of channels")) as error:
        layer(Tensor(np.zeros((32, 8, 8))))
    assert "x.reshape(32, 1, 8, 8)" in str(error.value)


@pytest.mark.parametrize("layer", LAYERS)
def test_images_smaller_than_a_window_are_refused(layer: Any) -> None:
    """The message names both sizes."""
    with pytest.raises(ValueError, match=re.escape("(3, 3) does not fit into images of (2, 8) with padding (0, 0)")):
        layer(Tensor(np.zeros((1, 1, 2, 8))))


def test_images_of_other_channels_are_refused() -> None:
    """The message names what came and what was expected."""
    with pytest.raises(ValueError, match=r"images \(batch, 3, height, width\), got \(2, 1, 8, 8\)"):
        Conv2d(3, 8, 3)(Tensor(np.zeros((2, 1, 8, 8))))


@pytest.mark.parametrize("layer", [MaxPool2d, AvgPool2d])
def test_pooling_refuses_padding_that_makes_windows_without_pixels(layer: Any) -> None:
    """As PyTorch does."""
    with pytest.raises(ValueError, match="at most half"):
        layer(2, padding=2)


@pytest.mark.parametrize("arguments", [{"kernel_size": 0}, {"stride": 0}, {"padding": -1}, {"stride": (1, 0)}])
def test_windows_that_cannot_be_are_refused(arguments: dict[str, Any]) -> None:
    """When the layer is made, not when it is used."""
    with pytest.raises(ValueError, match="at least 1"):
        Conv2d(1, 1, **{"kernel_size": 3, **arguments})
