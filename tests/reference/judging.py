"""What these specifications share: PyTorch in float64 as the judge of a float32 operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.reference import Tensor


def arrays(*shapes: tuple[int, ...], seed: int = 0) -> list[Array]:
    """Random float32 arrays, away from 0 so that division and ReLU's corner are not an issue."""
    rng = np.random.default_rng(seed)
    return [(rng.uniform(0.5, 2.0, shape) * rng.choice([-1, 1], shape)).astype(np.float32) for shape in shapes]


def judge(array: Array) -> torch.Tensor:
    """The same numbers in float64, to be differentiated."""
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


def agrees_with_torch(
    ours: Callable[..., Tensor], theirs: Callable[..., torch.Tensor], inputs: Sequence[Array]
) -> None:
    """Compare the value and the gradient by every input with PyTorch in float64, up to float32's rounding."""
    tensors = [Tensor(x, requires_grad=True) for x in inputs]
    judges = [judge(x) for x in inputs]
    result, expected = ours(*tensors), theirs(*judges)
    assert result.shape == tuple(expected.shape)
    np.testing.assert_allclose(result.data, expected.detach().numpy(), rtol=1e-5, atol=1e-5)

    gradient = np.random.default_rng(1).standard_normal(result.shape).astype(np.float32)
    result.backward(gradient)
    expected.backward(torch.tensor(gradient, dtype=torch.float64))
    for tensor, other in zip(tensors, judges, strict=True):
        same_gradient(tensor, other.grad)


def same_gradient(tensor: Tensor, expected: torch.Tensor | None) -> None:
    """The gradient of a tensor is PyTorch's, in float32 and of the tensor's shape."""
    assert tensor.grad is not None and expected is not None
    assert (tensor.grad.dtype, tensor.grad.shape) == (np.float32, tensor.shape)
    np.testing.assert_allclose(tensor.grad, expected.numpy(), rtol=1e-4, atol=1e-4)


def with_parameters(layer: Any, **parameters: Tensor) -> Any:
    """The layer, with these tensors in place of its own."""
    for name, tensor in parameters.items():
        assert getattr(layer, name).shape == tensor.shape
        setattr(layer, name, tensor)
    return layer


@st.composite
def broadcastable_shapes(draw: st.DrawFn, max_axes: int = 3) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two shapes that broadcast: axes of length 1 and missing leading axes on either side."""
    full = draw(st.lists(st.integers(1, 4), max_size=max_axes))

    def one() -> tuple[int, ...]:
        kept = [draw(st.sampled_from([length, 1])) for length in full]
        return tuple(kept[draw(st.integers(0, len(full))) :])

    return one(), one()
