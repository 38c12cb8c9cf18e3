"""What is called by ``judge.F``: activations, losses, normalization and embedding; and windows over images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.by_numpy.functions import log_softmax, logistic
from tinytorch_hf.judging.by_numpy.tensor import Tensor
from tinytorch_hf.judging.by_numpy.windows import avg_pool2d, conv2d, max_pool2d, pad, unfold

__all__ = [
    "avg_pool2d",
    "batch_norm",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "conv2d",
    "cross_entropy",
    "embedding",
    "gelu",
    "layer_norm",
    "log_softmax",
    "max_pool2d",
    "mse_loss",
    "nll_loss",
    "pad",
    "relu",
    "unfold",
]

# The least logarithm of a probability, and the least slope that is divided by, in PyTorch's binary cross entropy.
_LEAST_LOGARITHM = -100.0
_LEAST_SLOPE = 1e-12


def relu(x: Tensor) -> Any:
    """What is negative becomes 0; the slope at 0 is 0."""
    values = np.maximum(x.data, 0)
    return x.result(values, (x, lambda g: np.where(values > 0, g, g.dtype.type(0))))


def gelu(x: Tensor, approximate: str = "none") -> Any:
    """x times the normal distribution up to x, or with ``"tanh"`` its approximation."""
    if approximate == "tanh":
        return _gelu_tanh(x)
    values = x.data
    below = (0.5 * (1 + _erf(values * math.sqrt(0.5)))).astype(values.dtype, copy=False)

    def pull(gradient: Array) -> Array:
        density = np.exp(-0.5 * values * values) * (1 / math.sqrt(2 * math.pi))
        share: Array = gradient * (below + values * density)
        return share

    return x.result(values * below, (x, pull))


def _gelu_tanh(x: Tensor) -> Any:
    values, scale, cubic = x.data, math.sqrt(2 / math.pi), 0.044715
    square = values * values
    bent = np.tanh(scale * values * (1 + cubic * square))

    def pull(gradient: Array) -> Array:
        slope = scale * (1 + 3 * cubic * square)
        share: Array = gradient * 0.5 * (1 + bent + values * ((1 - bent * bent) * slope))
        return share

    return x.result(0.5 * values * (1 + bent), (x, pull))


def _erf(x: Array) -> Array:
    """The error function in float64, as exact as the C library's."""
    values: Array = np.fromiter(map(math.erf, x.ravel().tolist()), np.float64, x.size).reshape(x.shape)
    return values


def mse_loss(predictions: Tensor, targets: Tensor, reduction: str = "mean") -> Any:
    """The mean of the squared differences, or their sum."""
    apart = predictions - targets
    return _reduced(apart * apart, reduction)


def cross_entropy(logits: Tensor, targets: Tensor, reduction: str = "mean") -> Any:
    """Minus the logarithm of the softmax of the right class: (n, classes) and (n,)."""
    return nll_loss(log_softmax(logits, 1), targets, reduction)


def nll_loss(logarithms: Tensor, targets: Tensor, reduction: str = "mean") -> Any:
    """Minus the value of the right class: (n, classes) and (n,)."""
    if logarithms.ndim != 2 or targets.shape != logarithms.shape[:1]:
        raise ValueError(f"labels of the shape {targets.shape} for (samples, classes) of {logarithms.shape}")
    return _reduced(-logarithms[np.arange(len(targets)), targets], reduction)


def binary_cross_entropy(p: Tensor, targets: Tensor, reduction: str = "mean") -> Any:
    """Minus the logarithm of the right one of two probabilities, of which that of 0 is cut."""
    x, y = p.data, _constant(targets)
    yes, no = (np.maximum(each, each.dtype.type(_LEAST_LOGARITHM)) for each in (np.log(x), np.log1p(-x)))
    values = -(y * yes + (1 - y) * no)
    slope = (x - y) / np.maximum((1 - x) * x, x.dtype.type(_LEAST_SLOPE))
    return _reduced(p.result(values, (p, lambda g: g * slope)), reduction)


def binary_cross_entropy_with_logits(logits: Tensor, targets: Tensor, reduction: str = "mean") -> Any:
    """The same of sigmoid(logits), for logits of any size."""
    x, y = logits.data, _constant(targets)
    values = np.maximum(x, 0) - x * y + np.log1p(np.exp(-np.abs(x)))
    return _reduced(logits.result(values, (logits, lambda g: g * (logistic(x) - y))), reduction)


def embedding(ids: Tensor, table: Tensor) -> Any:
    """The rows of these numbers."""
    return table[ids]


def layer_norm(x: Tensor, shape: Sequence[int], scale: Tensor, shift: Tensor, eps: float = 1e-5) -> Any:
    """Mean 0 and variance 1 over the last axes, which have this shape; then scaled and shifted."""
    if x.shape[x.ndim - len(shape) :] != tuple(shape):
        raise ValueError(f"a normalization over {tuple(shape)} of a tensor of the shape {x.shape}")
    return _normalized(x, tuple(range(x.ndim - len(shape), x.ndim)), eps) * scale + shift


def batch_norm(
    x: Tensor, mean: None, variance: None, scale: Tensor, shift: Tensor, *, training: bool, eps: float = 1e-5
) -> Any:
    """Mean 0 and variance 1 for each channel over the batch and the pixels; then scaled and shifted.

    Raises
    ------
    NotImplementedError
        Running statistics are given, or wanted.
    """
    if mean is not None or variance is not None or not training:
        raise NotImplementedError("batch_norm without running statistics, in training, is all that cases use")
    by_channel = (1, -1, *(1,) * (x.ndim - 2))
    axes = (0, *range(2, x.ndim))
    return _normalized(x, axes, eps) * scale.reshape(*by_channel) + shift.reshape(*by_channel)


def _normalized(x: Tensor, axes: tuple[int, ...], eps: float) -> Any:
    values = x.data
    n = math.prod(values.shape[axis] for axis in axes)

    def mean(of: Array) -> Array:
        total: Array = np.add.reduce(of, axis=axes, keepdims=True) / n
        return total

    apart = values - mean(values)
    by_deviation = 1 / np.sqrt(mean(apart * apart) + eps)
    normal = apart * by_deviation
    return x.result(normal, (x, lambda g: (g - mean(g) - normal * mean(g * normal)) * by_deviation))


def _reduced(losses: Any, reduction: str) -> Any:
    if reduction not in ("mean", "sum"):
        raise ValueError(f"a loss is reduced by mean or sum, and not by {reduction!r}")
    return losses.mean() if reduction == "mean" else losses.sum()


def _constant(targets: Tensor) -> Array:
    """Values of targets, which no gradient goes to."""
    if targets.requires_grad:
        raise NotImplementedError("gradients by targets of a binary cross entropy are not computed here")
    return targets.data
