"""Specification of reference.optimizers: torch's steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from judging import arrays, judge

from tinytorch_hf.reference import SGD, Adam, AdamW, Tensor

OPTIMIZERS = [
    (SGD, torch.optim.SGD, {"lr": 0.1}),
    (SGD, torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
    (SGD, torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
    (SGD, torch.optim.SGD, {"lr": 0.1, "weight_decay": 0.1}),
    (Adam, torch.optim.Adam, {"lr": 0.01}),
    (Adam, torch.optim.Adam, {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.1}),
    (AdamW, torch.optim.AdamW, {}),
    (AdamW, torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0}),
    (AdamW, torch.optim.AdamW, {"lr": 0.1, "betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.5}),
]


@pytest.mark.parametrize(("ours", "theirs", "arguments"), OPTIMIZERS)
def test_optimizers_take_torchs_steps(ours: Any, theirs: Any, arguments: dict[str, Any]) -> None:
    """Ten steps with the same gradients lead to the same parameters, the second of which joins in at the fourth."""
    starts = arrays((3, 2), (2,))
    tensors = [Tensor(x) for x in starts]
    judges = [judge(x) for x in starts]
    optimizer, expected = ours(tensors, **arguments), theirs(judges, **arguments)

    for step in range(10):
        gradients = arrays((3, 2), (2,), seed=step)[: 1 if step < 3 else 2]
        for tensor, other, gradient in zip(tensors, judges, gradients, strict=False):
            tensor.grad = gradient
            other.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        expected.step()

    for tensor, other in zip(tensors, judges, strict=True):
        assert tensor.data.dtype == np.float32
        np.testing.assert_allclose(tensor.data, other.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_the_default_settings_are_torchs() -> None:
    """Those that students leave out."""
    for ours, theirs in ((Adam, torch.optim.Adam), (AdamW, torch.optim.AdamW)):
        settings = theirs([torch.zeros(1)]).defaults
        optimizer = ours([Tensor([0.0])])
        assert {name: settings[name] for name in ("lr", "betas", "eps", "weight_decay")} == {
            name: getattr(optimizer, name) for name in ("lr", "betas", "eps", "weight_decay")
        }
    assert (SGD([]).lr, SGD([]).momentum, SGD([]).weight_decay) == (0.01, 0, 0)


@pytest.mark.parametrize("optimizer_class", [SGD, Adam, AdamW])
def test_a_parameter_without_axes_stays_an_array(optimizer_class: Any) -> None:
    """A first exercise has one weight."""
    weight = Tensor(3.0, requires_grad=True)
    (weight * weight).backward()

    optimizer_class([weight], lr=0.1).step()

    assert isinstance(weight.data, np.ndarray)
    assert weight.data.dtype == np.float32
    assert weight.data < 3


def test_decoupled_decay_shrinks_weights_that_have_no_slope() -> None:
    """By lr * weight_decay exactly; Adam turns the same decay into a step of lr."""
    decoupled, coupled = Tensor([2.0]), Tensor([2.0])
    decoupled.grad = coupled.grad = np.zeros(1, np.float32)

    AdamW([decoupled], lr=0.1, weight_decay=0.5).step()
    Adam([coupled], lr=0.1, weight_decay=0.5).step()

    assert decoupled.data[0] == pytest.approx(2 * (1 - 0.1 * 0.5))
    assert coupled.data[0] == pytest.approx(2 - 0.1)


@pytest.mark.parametrize("optimizer_class", [SGD, Adam, AdamW])
def test_an_optimizer_leaves_parameters_without_gradient_alone(optimizer_class: Any) -> None:
    """And `zero_grad` takes every gradient away."""
    used, unused = Tensor([1.0]), Tensor([1.0])
    optimizer = optimizer_class([used, unused], lr=0.1)
    (used * 2.0).backward()

    optimizer.step()

    assert used.data[0] != 1.0
    assert unused.data[0] == 1.0
    optimizer.zero_grad()
    assert used.grad is None


@pytest.mark.parametrize("optimizer_class", [SGD, Adam, AdamW])
def test_an_optimizer_keeps_nothing_that_users_overwrite(optimizer_class: Any) -> None:
    """Whoever resets a gradient in place, and not with `zero_grad`, must not reset the momentum."""
    arguments = {"momentum": 0.9} if optimizer_class is SGD else {}
    by_method, in_place = Tensor([1.0, -2.0]), Tensor([1.0, -2.0])
    optimizers = [optimizer_class([tensor], lr=0.1, **arguments) for tensor in (by_method, in_place)]
    in_place.grad = np.zeros(2, np.float32)

    for gradient in arrays((3, 2))[0]:
        by_method.grad = gradient
        in_place.grad += by_method.grad
        for optimizer in optimizers:
            optimizer.step()
        in_place.grad[...] = 0

    np.testing.assert_array_equal(in_place.data, by_method.data)
