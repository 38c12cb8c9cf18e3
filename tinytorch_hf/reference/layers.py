"""Layers: modules with parameters, and what strings them together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from tinytorch_hf.reference.checks import check_last_axis
from tinytorch_hf.reference.tensor import Tensor

# TinyTorch's own generator and seed; it is private, so the caller's random state stays as it is.
generator = np.random.default_rng(7)


def seed(number: int) -> None:
    """Start the generator of initial weights and of Dropout again: the same number gives the same draws."""
    generator.bit_generator.state = np.random.default_rng(number).bit_generator.state


class Layer(ABC):
    """Base of layers: calling one runs its `forward`."""

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Compute the output."""

    def __call__(self, x: Tensor, *arguments: Any, **named: Any) -> Tensor:
        """Run `forward`."""
        return self.forward(x, *arguments, **named)

    def parameters(self) -> list[Tensor]:
        """Tensors that training changes."""
        return []


def parameters_of(*layers: Layer) -> list[Tensor]:
    """The parameters of several layers, in their order."""
    return [parameter for layer in layers for parameter in layer.parameters()]


class Linear(Layer):
    """Affine map y = x @ weight + bias.

    Parameters
    ----------
    in_features, out_features
        Lengths of the last axis of input and output.
    bias
        Whether there is a bias.

    Attributes
    ----------
    weight
        (in_features, out_features), drawn from N(0, 1/in_features). This is PyTorch's transposed.
    bias
        (out_features,), zero at first, or None.

    References
    ----------
    Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller (1998), Efficient BackProp, section 4.6.
    https://doi.org/10.1007/3-540-49430-8_2
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        self.in_features = in_features
        self.out_features = out_features
        scale = np.sqrt(1.0 / in_features)
        self.weight = Tensor(generator.standard_normal((in_features, out_features)) * scale, requires_grad=True)
        self.bias = Tensor(np.zeros(out_features), requires_grad=True) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., in_features) to (..., out_features)."""
        check_last_axis(f"Linear({self.in_features}, {self.out_features})", x, self.in_features)
        # One large product is several times faster than a stack of small ones.
        rows = x if x.data.ndim == 2 else x.reshape(-1, self.in_features)
        y = rows.matmul(self.weight)
        if self.bias is not None:
            y = y + self.bias
        return y if rows is x else y.reshape(*x.shape[:-1], self.out_features)

    def parameters(self) -> list[Tensor]:
        """Weight, then bias if there is one."""
        return [self.weight] if self.bias is None else [self.weight, self.bias]


class Dropout(Layer):
    """In training each value is 0 with probability p, else 1/(1-p) times itself, so that the mean stays.

    Parameters
    ----------
    p
        Probability from 0 to 1.

    Raises
    ------
    ValueError
        ``p`` is not a probability.

    References
    ----------
    N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov (2014), Dropout: A Simple Way to
    Prevent Neural Networks from Overfitting, Journal of Machine Learning Research 15.
    https://jmlr.org/papers/v15/srivastava14a.html
    """

    def __init__(self, p: float = 0.5) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"Dropout takes a probability from 0 to 1, got {p}.")
        self.p = p

    def forward(self, x: Tensor, training: bool = True) -> Tensor:
        """Apply to every value; outside training nothing changes."""
        if not training or self.p == 0:
            return x
        kept = generator.random(x.shape, dtype=np.float32) >= self.p
        # With p = 1 nothing is kept, and there is nothing to scale.
        factor = kept * np.float32(1 / (1 - self.p) if self.p < 1 else 0)
        return Tensor.from_operation(x.data * factor, (x,), lambda g: (g * factor,))


class Flatten(Layer):
    """Every sample as one row: (batch, ...) becomes (batch, values)."""

    def forward(self, x: Tensor) -> Tensor:
        """Keep the first axis and join all others."""
        return x.reshape(x.shape[0], -1)


class Sequential(Layer):
    """Layers one after the other, each called with the output of the one before and nothing else.

    A Dropout among them drops in every call; for predictions, call the layers one by one with training=False there.

    Parameters
    ----------
    *layers
        In order of use.

    Attributes
    ----------
    layers
        The same as a list.
    """

    def __init__(self, *layers: Layer) -> None:
        self.layers = list(layers)

    def forward(self, x: Tensor) -> Tensor:
        """Apply all layers."""
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self) -> list[Tensor]:
        """Those of all layers, in order."""
        return parameters_of(*self.layers)
