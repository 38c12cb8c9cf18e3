"""Specification of reference.losses: torch's, and refusals of what would broadcast to a wrong one."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from judging import agrees_with_torch, arrays, judge, same_gradient
from torch.nn import functional

from tinytorch_hf.reference import BinaryCrossEntropyLoss, CrossEntropyLoss, MSELoss, Tensor

SHAPES = st.lists(st.integers(1, 4), max_size=3).map(tuple)


@given(shape=SHAPES)
def test_mean_squared_error(shape: tuple[int, ...]) -> None:
    """Mean over everything, with the gradients of predictions and of targets."""
    agrees_with_torch(MSELoss(), functional.mse_loss, arrays(shape, shape))


@given(shape=SHAPES, seed=st.integers(0, 9))
def test_binary_cross_entropy(shape: tuple[int, ...], seed: int) -> None:
    """Of probabilities, with targets 0 and 1."""
    rng = np.random.default_rng(seed)
    probabilities = rng.uniform(0.05, 0.95, shape).astype(np.float32)
    targets = rng.integers(0, 2, shape)

    agrees_with_torch(
        lambda p: BinaryCrossEntropyLoss()(p, Tensor(targets)),
        lambda p: functional.binary_cross_entropy(p, torch.tensor(targets, dtype=torch.float64)),
        [probabilities],
    )


def test_sure_and_wrong_probabilities_have_a_finite_loss_and_a_gradient() -> None:
    """A saturated sigmoid must not stop learning with infinities."""
    p = Tensor([0.0, 1.0], requires_grad=True)

    loss = BinaryCrossEntropyLoss()(p, Tensor([1.0, 0.0]))
    loss.backward()

    assert float(loss.data) == pytest.approx(-np.log(1e-7), rel=0.02)
    assert p.grad is not None and np.isfinite(p.grad).all()
    assert p.grad[0] < 0 < p.grad[1]


@given(n=st.integers(1, 5), n_classes=st.integers(2, 6), scale=st.sampled_from([1.0, 50.0]))
def test_cross_entropy(n: int, n_classes: int, scale: float) -> None:
    """Mean over the batch."""
    labels = np.random.default_rng(n).integers(0, n_classes, n)

    agrees_with_torch(
        lambda x: CrossEntropyLoss()(x, Tensor(labels)),
        lambda x: functional.cross_entropy(x, torch.tensor(labels)),
        [scale * arrays((n, n_classes))[0]],
    )


def test_cross_entropy_is_stable() -> None:
    """Where a naive exponential would overflow, or the logarithm of a softmax would be that of 0."""
    agrees_with_torch(
        lambda x: CrossEntropyLoss()(x, Tensor([0, 1])),
        lambda x: functional.cross_entropy(x, torch.tensor([0, 1])),
        [np.array([[1000.0, -1000.0], [1000.0, -1000.0]], np.float32)],
    )


def test_logits_of_sequences_are_trained_as_rows() -> None:
    """A GPT's (batch, seq, vocab) reshaped has the loss and gradient of torch's own form for sequences."""
    logits, labels = arrays((2, 3, 5))[0], np.random.default_rng(0).integers(0, 5, (2, 3))
    ours, theirs = Tensor(logits, requires_grad=True), judge(logits)

    loss = CrossEntropyLoss()(ours.reshape(6, 5), Tensor(labels).reshape(6))
    expected = functional.cross_entropy(theirs.transpose(1, 2), torch.tensor(labels))
    loss.backward()
    expected.backward()

    assert float(loss.data) == pytest.approx(expected.item(), rel=1e-5)
    same_gradient(ours, theirs.grad)


def test_cross_entropy_says_how_sequences_are_reshaped() -> None:
    """With their own numbers."""
    with pytest.raises(ValueError, match=re.escape("logits.reshape(6, 5) and labels.reshape(6)")):
        CrossEntropyLoss()(Tensor(np.zeros((2, 3, 5))), Tensor(np.zeros((2, 3))))


@pytest.mark.parametrize("labels", [(4, 1), (3,), ()])
def test_cross_entropy_refuses_labels_of_another_shape(labels: tuple[int, ...]) -> None:
    """Labels of shape (batch, 1) broadcast to a wrong loss in some TinyTorches."""
    with pytest.raises(ValueError, match=r"labels \(batch,\)"):
        CrossEntropyLoss()(Tensor(np.zeros((4, 3))), Tensor(np.zeros(labels)))


@pytest.mark.parametrize("label", [-1, 3, 0.5, np.nan])
def test_cross_entropy_refuses_labels_that_are_no_class(label: float) -> None:
    """NumPy would take -1 for the last class, and cut 0.5 down to 0."""
    with pytest.raises(ValueError, match=f"from 0 to 2, got {label:g}"):
        CrossEntropyLoss()(Tensor(np.zeros((2, 3))), Tensor([0, label]))


@pytest.mark.parametrize("loss", [MSELoss, BinaryCrossEntropyLoss])
def test_other_losses_refuse_targets_of_another_shape(loss: Any) -> None:
    """(batch, 1) against (batch,) would broadcast to (batch, batch)."""
    with pytest.raises(ValueError, match=r"got \(4, 1\) and \(4,\)"):
        loss()(Tensor(np.full((4, 1), 0.5)), Tensor(np.ones(4)))


@pytest.mark.parametrize("loss", [MSELoss, BinaryCrossEntropyLoss, CrossEntropyLoss])
def test_losses_have_no_parameters(loss: Any) -> None:
    """As in TinyTorch."""
    assert loss().parameters() == []
