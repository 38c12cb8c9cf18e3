"""Specification of reference.activations: torch's values and slopes, also far from 0."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import agrees_with_torch, arrays

from tinytorch_hf.reference import GELU, ReLU, Sigmoid, Softmax, Tanh, Tensor

ACTIVATIONS = {
    ReLU: torch.relu,
    Sigmoid: torch.sigmoid,
    Tanh: torch.tanh,
    GELU: lambda x: x * torch.sigmoid(1.702 * x),
}


@pytest.mark.parametrize("activation", ACTIVATIONS)
@settings(max_examples=25)
@given(shape=st.lists(st.integers(1, 4), max_size=4).map(tuple))
def test_activations_of_any_shape(activation: Any, shape: tuple[int, ...]) -> None:
    """Applied value by value."""
    agrees_with_torch(activation(), ACTIVATIONS[activation], arrays(shape))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_at_zero_and_far_from_it(activation: Any) -> None:
    """At exactly 0 ReLU's slope is 0, as in PyTorch; nothing overflows where exponentials would."""
    x = np.array([[-1.5, 0.0, -0.0, 2.0], [-20.0, 20.0, -500.0, 500.0]], np.float32)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        agrees_with_torch(activation(), ACTIVATIONS[activation], [x])
    assert activation().parameters() == []


def test_small_probabilities_keep_their_digits() -> None:
    """Where one computed by way of tanh would give 0."""
    np.testing.assert_allclose(Sigmoid()(Tensor([-20.0])).data, np.exp(-20.0), rtol=1e-5)


@pytest.mark.parametrize("activation", [*ACTIVATIONS, Softmax])
def test_what_is_no_number_stays_none(activation: Any) -> None:
    """An activation that hides it would hide the bug that made it."""
    assert np.isnan(activation()(Tensor([np.nan, 1.0])).data[0])


@settings(max_examples=40)
@given(shape=st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple), data=st.data())
def test_softmax_along_any_axis(shape: tuple[int, ...], data: st.DataObject) -> None:
    """By default along the last."""
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))

    agrees_with_torch(lambda x: Softmax().forward(x, dim), lambda x: torch.softmax(x, dim), arrays(shape))
    agrees_with_torch(Softmax(), lambda x: torch.softmax(x, -1), arrays(shape))


def test_softmax_does_not_overflow() -> None:
    """Only differences count."""
    agrees_with_torch(Softmax(), lambda x: torch.softmax(x, -1), [np.array([[1000.0, 999.0, -1000.0]], np.float32)])
