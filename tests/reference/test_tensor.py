"""Specification of reference.tensor: every operation against PyTorch, forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from judging import agrees_with_torch, arrays, broadcastable_shapes

from tinytorch_hf.reference import Tensor


@given(shapes=broadcastable_shapes(), operator=st.sampled_from(["+", "-", "*", "/"]))
def test_arithmetic_broadcasts_in_both_directions(
    shapes: tuple[tuple[int, ...], tuple[int, ...]], operator: str
) -> None:
    """The gradient of a repeated value is the sum over its repetitions."""
    compute = eval(f"lambda a, b: a {operator} b")  # noqa: S307 -- one of the four above

    agrees_with_torch(compute, compute, arrays(*shapes))


@pytest.mark.parametrize(
    "compute",
    [
        lambda a: 2.0 + a,
        lambda a: a + 2,
        lambda a: 2.0 - a,
        lambda a: 3 * a,
        lambda a: 1.0 / a,
        lambda a: -a,
        lambda a: a * a,
        lambda a: a * a + a / (a - 5.0),
    ],
)
def test_numbers_mix_with_tensors_and_tensors_may_be_used_twice(compute: Callable[[Any], Any]) -> None:
    """A tensor that is used twice receives both gradients."""
    agrees_with_torch(compute, compute, arrays((2, 3)))


@pytest.mark.parametrize("operator", ["+", "-", "*", "/"])
def test_arithmetic_refuses_shapes_that_do_not_fit(operator: str) -> None:
    """The message names both shapes and the rule."""
    compute = eval(f"lambda a, b: a {operator} b")  # noqa: S307 -- one of the four above

    with pytest.raises(ValueError, match=r"got \(2, 3\) and \(2,\).*equal or 1"):
        compute(Tensor(np.ones((2, 3))), Tensor(np.ones(2)))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(lambda x: x.exp(), torch.exp), (lambda x: (x * x).log(), lambda x: (x * x).log())]
    + [(lambda x: (x * x).sqrt(), lambda x: (x * x).sqrt())]
    + [(lambda x, n=n: x**n, lambda x, n=n: x**n) for n in (0, 1, 2, 3, -1, -2)]
    + [(lambda x: (x * x) ** 0.7, lambda x: (x * x) ** 0.7)],
)
def test_functions_of_each_value(ours: Callable[[Any], Any], theirs: Callable[[Any], Any]) -> None:
    """Exponential, logarithm, root and powers, of negative numbers too where they have one."""
    agrees_with_torch(ours, theirs, arrays((2, 3)))


def test_powers_at_zero_have_torchs_slope() -> None:
    """Where a formula of logarithms or negative powers would give no number."""
    for exponent in (0, 1, 2):
        agrees_with_torch(lambda x, n=exponent: x**n, lambda x, n=exponent: x**n, [np.zeros(2, np.float32)])


def test_a_tensor_is_no_exponent() -> None:
    """Its gradient would need a rule of its own."""
    with pytest.raises(TypeError, match="number"):
        Tensor([2.0]) ** Tensor([2.0])  # type: ignore[operator]


@given(
    stacks=broadcastable_shapes(max_axes=2),
    n=st.integers(1, 4),
    k=st.integers(1, 4),
    m=st.integers(1, 4),
)
def test_matmul_takes_matrices_and_stacks_of_them(
    stacks: tuple[tuple[int, ...], tuple[int, ...]], n: int, k: int, m: int
) -> None:
    """Leading axes broadcast, as in PyTorch."""
    agrees_with_torch(lambda x, y: x @ y, lambda x, y: x @ y, arrays((*stacks[0], n, k), (*stacks[1], k, m)))


def test_matmul_refuses_matrices_that_do_not_fit() -> None:
    """The message says which two lengths differ."""
    with pytest.raises(ValueError, match=r"got \(2, 3\) and \(4, 5\): 3 is not 4"):
        Tensor(np.ones((2, 3))).matmul(Tensor(np.ones((4, 5))))


def test_matmul_refuses_vectors() -> None:
    """Their gradients would need rules of their own; the message says what to do."""
    with pytest.raises(ValueError, match="reshape"):
        Tensor([1.0, 2.0]) @ Tensor([[1.0], [2.0]])


@pytest.mark.parametrize(("reduction", "judge"), [("sum", "sum"), ("mean", "mean"), ("max", "amax")])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions(reduction: str, judge: str, axis: Any, keepdims: bool) -> None:
    """Over one axis, several or all, with the axes kept or dropped."""

    def theirs(x: torch.Tensor) -> torch.Tensor:
        axes = tuple(range(x.ndim)) if axis is None else axis
        return getattr(x, judge)(dim=axes, keepdim=keepdims)

    agrees_with_torch(lambda x: getattr(x, reduction)(axis=axis, keepdims=keepdims), theirs, arrays((2, 3, 4)))


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_equal_largest_values_share_the_gradient(axis: int | None) -> None:
    """As in torch.amax."""
    ties = np.array([[1.0, 2.0, 2.0], [2.0, 0.0, 2.0]], np.float32)

    agrees_with_torch(lambda x: x.max(axis), lambda x: x.amax((0, 1) if axis is None else axis), [ties])


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda x: x.reshape(6, 4), lambda x: x.reshape(6, 4)),
        (lambda x: x.reshape((2, -1)), lambda x: x.reshape(2, -1)),
        (lambda x: x.transpose(), lambda x: x.transpose(-2, -1)),
        (lambda x: x.transpose(0, 2), lambda x: x.transpose(0, 2)),
        (lambda x: x[1], lambda x: x[1]),
        (lambda x: x[:, 1:, ::2], lambda x: x[:, 1:, ::2]),
        (lambda x: x[..., -1], lambda x: x[..., -1]),
        (lambda x: x[None, 0], lambda x: x[None, 0]),
        (lambda x: x[np.array([0, 1, 0])], lambda x: x[[0, 1, 0]]),
        (lambda x: x[[0, 0], 1:, [3, 3]], lambda x: x[[0, 0], 1:, [3, 3]]),
        (lambda x: x[x.data > 0], lambda x: x[x > 0]),
    ],
)
def test_shapes_and_indices(ours: Callable[[Any], Any], theirs: Callable[[Any], Any]) -> None:
    """Reshape, transpose and indexing, also when an index names a place twice."""
    agrees_with_torch(ours, theirs, arrays((2, 3, 4)))


@pytest.mark.parametrize("shape", [(5, 5), ((4, -1, 5),)])
def test_reshape_refuses_another_number_of_values(shape: tuple[Any, ...]) -> None:
    """The message says how many there are."""
    with pytest.raises(ValueError, match=r"24 values of shape \(2, 3, 4\)"):
        Tensor(np.ones((2, 3, 4))).reshape(*shape)


def test_tensors_copy_and_are_float32_whatever_comes_in() -> None:
    """Labels too, as in TinyTorch."""
    array = np.array([1, 2, 3])
    tensor = Tensor(array)
    array[0] = 9

    assert (tensor.dtype, tensor.shape, tensor.size, len(tensor)) == (np.float32, (3,), 3, 3)
    assert tensor.data.tolist() == [1, 2, 3]
    assert Tensor(tensor).data is not tensor.data
    assert tensor.numpy() is tensor.data
    assert "requires_grad=False" in repr(tensor)


def test_an_array_on_the_left_gives_a_tensor() -> None:
    """NumPy must not take the operator over."""
    tensor = Tensor([1.0, 2.0], requires_grad=True)

    result = np.array([3.0, 4.0]) * tensor

    assert isinstance(result, Tensor)
    assert result.data.tolist() == [3, 8]
