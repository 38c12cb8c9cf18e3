"""Specification of reference.layers: what networks are strung together from."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from judging import agrees_with_torch, arrays, with_parameters

from tinytorch_hf import reference
from tinytorch_hf.reference import Conv2d, Dropout, Embedding, Flatten, Linear, ReLU, Sequential, Tensor


@pytest.mark.parametrize("leading", [(), (1,), (5,), (2, 5), (2, 3, 5)])
def test_linear_is_torchs_with_the_weight_transposed(leading: tuple[int, ...]) -> None:
    """Forward and the gradients of input, weight and bias, for a row, rows, and sequences of rows."""
    agrees_with_torch(
        lambda x, w, b: with_parameters(Linear(3, 4), weight=w, bias=b)(x),
        lambda x, w, b: torch.nn.functional.linear(x, w.T, b),
        arrays((*leading, 3), (3, 4), (4,)),
    )


def test_linear_has_the_conventions_of_tinytorch() -> None:
    """Weight (in, out) of variance 1/in, bias zero or absent, parameters in a list."""
    layer = Linear(400, 300)

    assert layer.weight.shape == (400, 300)
    assert layer.weight.data.std() == pytest.approx(np.sqrt(1 / 400), rel=0.02)
    assert layer.bias is not None and not layer.bias.data.any()
    assert layer.parameters() == [layer.weight, layer.bias]
    assert Linear(2, 3, bias=False).parameters()[0].requires_grad
    assert len(Linear(2, 3, bias=False).parameters()) == 1


def test_linear_says_what_it_takes() -> None:
    """The usual mistake: images that were not flattened."""
    with pytest.raises(ValueError, match=r"Linear\(64, 10\) takes \(\.\.\., 64\), got \(32, 8, 8\)"):
        Linear(64, 10)(Tensor(np.zeros((32, 8, 8))))


def test_dropout_keeps_the_mean_and_passes_gradients_where_it_keeps_values() -> None:
    """Kept values grow by 1/(1 - p); the gradient goes the same way."""
    x = Tensor(np.ones((200, 500)), requires_grad=True)

    y = Dropout(0.25)(x)
    y.backward(np.ones(y.shape))

    assert set(np.unique(y.data).tolist()) == {0.0, np.float32(1 / 0.75)}
    assert (y.data == 0).mean() == pytest.approx(0.25, abs=0.01)
    assert x.grad is not None and np.array_equal(x.grad, y.data)
    assert y.data.dtype == np.float32


def test_dropout_changes_nothing_outside_training() -> None:
    """Nor with p = 0; with p = 1 nothing is left."""
    x = Tensor([[1.0, -2.0]])

    assert np.array_equal(Dropout(0.5)(x, training=False).data, x.data)
    assert np.array_equal(Dropout(0)(x).data, x.data)
    assert not Dropout(1)(x).data.any()
    with pytest.raises(ValueError, match=r"1\.5"):
        Dropout(1.5)


def test_a_seed_repeats_weights_and_dropped_values() -> None:
    """Another seed, or going on, gives others."""

    def draws() -> list[np.ndarray]:
        return [Linear(3, 4).weight.data, Embedding(3, 4).weight.data, Dropout()(Tensor(np.ones(100))).data]

    def after(number: int) -> list[np.ndarray]:
        reference.seed(number)
        return draws()

    first, again, other = after(1), after(1), after(2)
    further = draws()

    for values, same, different, later in zip(first, again, other, further, strict=True):
        assert np.array_equal(values, same)
        assert not np.array_equal(values, different)
        assert not np.array_equal(different, later)


def test_layers_touch_no_random_state(same_random_state: None) -> None:
    """The reference draws from a generator of its own."""
    reference.seed(3)
    Linear(3, 4)
    Conv2d(1, 2, 3)
    Dropout()(Tensor([1.0, 2.0]))


def test_flatten_keeps_the_batch() -> None:
    """And the graph."""
    agrees_with_torch(Flatten(), torch.nn.Flatten(), arrays((2, 3, 4, 5)))
    assert Flatten()(Tensor(np.zeros((4, 5)))).shape == (4, 5)
    assert Flatten().parameters() == []


def test_sequential_applies_its_layers_in_order() -> None:
    """With the parameters of all."""
    first, second = Linear(3, 4), Linear(4, 2, bias=False)
    model = Sequential(first, ReLU(), second)
    x = Tensor(arrays((5, 3))[0])

    assert np.array_equal(model(x).data, second(ReLU()(first(x))).data)
    assert model.parameters() == [first.weight, first.bias, second.weight]
    assert model.layers[2] is second
