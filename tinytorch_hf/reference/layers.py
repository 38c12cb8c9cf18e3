"""Layers: modules with parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from tinytorch_hf.reference.tensor import Tensor

# TinyTorch's own generator and seed; it is private, so the caller's random state stays as it is.
_rng = np.random.default_rng(7)


class Layer(ABC):
    """Base of layers: calling one runs its `forward`."""

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Compute the output."""

    def __call__(self, x: Tensor) -> Tensor:
        """Run `forward`."""
        return self.forward(x)

    def parameters(self) -> list[Tensor]:
        """Tensors that training changes."""
        return []


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
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        self.in_features = in_features
        self.out_features = out_features
        scale = np.sqrt(1.0 / in_features)
        self.weight = Tensor(_rng.standard_normal((in_features, out_features)) * scale, requires_grad=True)
        self.bias = Tensor(np.zeros(out_features), requires_grad=True) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., in_features) to (..., out_features)."""
        y = x.matmul(self.weight)
        return y if self.bias is None else y + self.bias

    def parameters(self) -> list[Tensor]:
        """Weight, then bias if there is one."""
        return [self.weight] if self.bias is None else [self.weight, self.bias]
