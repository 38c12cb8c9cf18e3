"""Specification of tinytorch_hf.compare.gates."""

from __future__ import annotations

import numpy as np

from tinytorch_hf.compare.gates import differ
from tinytorch_hf.compare.layers import Layer


def test_relu_decides_by_the_sign() -> None:
    """The same number a little above 0 on one side and a little below on the other."""
    layer = Layer("relu", "ReLU")
    up, down = np.array([[1e-9, 1.0]]), np.array([[0.0, 1.0]])

    assert differ(layer, (up, up), (down, down))
    assert not differ(layer, (up, up), (up * 1.5, up * 1.5))


def test_max_pooling_decides_by_the_largest() -> None:
    """Two values that are equal but for rounding."""
    layer = Layer("pool", "MaxPool2d", (2,))
    one, other = np.zeros((1, 1, 2, 2), np.float32), np.zeros((1, 1, 2, 2), np.float32)
    one[0, 0, 0, 1], one[0, 0, 1, 0] = 1.0, 1.0 - 1e-7
    other[0, 0, 0, 1], other[0, 0, 1, 0] = 1.0 - 1e-7, 1.0
    largest = np.ones((1, 1, 1, 1), np.float32)

    assert differ(layer, (one, largest), (other, largest))
    assert not differ(layer, (one, largest), (one * 1.001, largest))


def test_other_layers_have_no_gates() -> None:
    """Whatever they are given."""
    assert not differ(Layer("linear", "Linear", (2, 2)), (np.ones(2), np.ones(2)), (np.ones(2), -np.ones(2)))
