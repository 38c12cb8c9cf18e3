"""What is called by ``judge.torch``: functions of tensors, and ways to make them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.by_numpy import autograd, optim
from tinytorch_hf.judging.by_numpy.shapes import joined
from tinytorch_hf.judging.by_numpy.tensor import Tensor

__all__ = [
    "arange",
    "autograd",
    "cat",
    "log_softmax",
    "logsumexp",
    "ones_like",
    "optim",
    "sigmoid",
    "softmax",
    "stack",
    "tanh",
    "tensor",
    "where",
    "zeros",
    "zeros_like",
]

_DEFAULT = np.float32


def tensor(values: Any) -> Tensor:
    """A tensor of these values, in their own type."""
    return Tensor(np.array(values))


def arange(end: int, dtype: Any = np.int64) -> Tensor:
    """0, 1 and so on, without the end."""
    return Tensor(np.arange(end, dtype=dtype))


def zeros(*shape: int, dtype: Any = _DEFAULT, requires_grad: bool = False) -> Tensor:
    """Zeros."""
    return Tensor(np.zeros(shape, dtype), requires_grad)


def zeros_like(x: Tensor) -> Tensor:
    """Zeros in the shape and the type of a tensor."""
    return Tensor(np.zeros(x.data.shape, x.data.dtype))


def ones_like(x: Tensor) -> Tensor:
    """Ones in the shape and the type of a tensor."""
    return Tensor(np.ones(x.data.shape, x.data.dtype))


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Any:
    """Tensors in a row along an axis."""
    return joined(tensors, dim)


def stack(tensors: Sequence[Tensor]) -> Any:
    """Tensors along a new first axis."""
    return joined([each.reshape(1, *each.shape) for each in tensors], 0)


def where(condition: Tensor, x: Tensor, y: Tensor) -> Any:
    """x where the condition is true, and y elsewhere."""
    chosen = condition.data
    return x.result(
        np.where(chosen, x.data, y.data),
        (x, lambda g: np.where(chosen, g, g.dtype.type(0))),
        (y, lambda g: np.where(chosen, g.dtype.type(0), g)),
    )


def tanh(x: Tensor) -> Any:
    """The hyperbolic tangent."""
    values = np.tanh(x.data)
    return x.result(values, (x, lambda g: g * (1 - values * values)))


def sigmoid(x: Tensor) -> Any:
    """1 / (1 + exp(-x)), which never overflows and keeps small values' digits."""
    values = logistic(x.data)
    return x.result(values, (x, lambda g: g * values * (1 - values)))


def logistic(x: Array) -> Array:
    """The sigmoid of an array."""
    small = np.exp(-np.abs(x))
    values: Array = np.where(x >= 0, x.dtype.type(1), small) / (1 + small)
    return values


def softmax(x: Tensor, dim: int) -> Any:
    """Shares of exp(x) along an axis."""
    exponentials, total, _ = _exponentials(x.data, dim)
    values = exponentials / total
    return x.result(values, (x, lambda g: values * (g - np.add.reduce(g * values, axis=dim, keepdims=True))))


def log_softmax(x: Tensor, dim: int) -> Any:
    """The logarithm of `softmax`, which never meets a logarithm of 0."""
    exponentials, total, largest = _exponentials(x.data, dim)
    values = x.data - largest - np.log(total)
    shares = exponentials / total
    return x.result(values, (x, lambda g: g - shares * np.add.reduce(g, axis=dim, keepdims=True)))


def logsumexp(x: Tensor, dim: int) -> Any:
    """The logarithm of the sum of exp(x) along an axis."""
    exponentials, total, largest = _exponentials(x.data, dim)
    shares = exponentials / total
    values = (np.log(total) + largest).squeeze(dim)
    return x.result(values, (x, lambda g: np.expand_dims(g, dim) * shares))


def _exponentials(x: Array, dim: int) -> tuple[Array, Array, Array]:
    """exp(x - largest), their sum, and the largest value along an axis, which is kept with the length 1."""
    largest = np.maximum.reduce(x, axis=dim, keepdims=True)
    exponentials = np.exp(x - largest)
    return exponentials, np.add.reduce(exponentials, axis=dim, keepdims=True), largest
