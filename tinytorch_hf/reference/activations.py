"""Activation functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch_hf.reference.autograd import Array
from tinytorch_hf.reference.layers import Layer
from tinytorch_hf.reference.tensor import Tensor


class ReLU(Layer):
    """Rectified linear unit: x where x > 0, else 0; the gradient at 0 is 0, as in PyTorch.

    References
    ----------
    V. Nair and G. E. Hinton (2010), Rectified Linear Units Improve Restricted Boltzmann Machines, ICML.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Apply to every value; the shape stays."""
        return Tensor.from_operation(np.maximum(x.data, 0), (x,), lambda g: (g * (x.data > 0),))


class Sigmoid(Layer):
    """Logistic function s(x) = 1 / (1 + exp(-x)), whose slope is s(1 - s).

    References
    ----------
    D. E. Rumelhart, G. E. Hinton and R. J. Williams (1986), Learning representations by back-propagating
    errors, Nature 323. https://doi.org/10.1038/323533a0
    """

    def forward(self, x: Tensor) -> Tensor:
        """Apply to every value; the shape stays."""
        s = sigmoid(x.data)
        return Tensor.from_operation(s, (x,), lambda g: (g * s * (1 - s),))


class Tanh(Layer):
    """Hyperbolic tangent, whose slope is 1 - tanh(x)^2.

    References
    ----------
    Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller (1998), Efficient BackProp, section 4.4.
    https://doi.org/10.1007/3-540-49430-8_2
    """

    def forward(self, x: Tensor) -> Tensor:
        """Apply to every value; the shape stays."""
        t: Any = np.tanh(x.data)
        return Tensor.from_operation(t, (x,), lambda g: (g * (1 - t * t),))


class GELU(Layer):
    """Gaussian error linear unit in its sigmoid approximation, x s(1.702 x), as in TinyTorch; torch's differs.

    References
    ----------
    D. Hendrycks and K. Gimpel (2016), Gaussian Error Linear Units, section 2.
    https://doi.org/10.48550/arXiv.1606.08415
    """

    def forward(self, x: Tensor) -> Tensor:
        """Apply to every value; the shape stays."""
        s = sigmoid(1.702 * x.data)
        y: Any = x.data * s
        # The product rule gives s + x 1.702 s (1 - s).
        return Tensor.from_operation(y, (x,), lambda g: (g * s * (1 + 1.702 * (x.data - y)),))


class Softmax(Layer):
    """Exponentials divided by their sum: positive numbers that add up to 1.

    References
    ----------
    J. S. Bridle (1990), Probabilistic Interpretation of Feedforward Classification Network Outputs.
    https://doi.org/10.1007/978-3-642-76153-9_28
    """

    def forward(self, x: Tensor, dim: int = -1) -> Tensor:
        """Apply along the axis ``dim``; the shape stays."""
        # Softmax does not change when a constant is subtracted, and exponentials of numbers <= 0 do not overflow.
        exponentials: Array = np.exp(x.data - np.max(x.data, axis=dim, keepdims=True))
        y: Array = exponentials / exponentials.sum(axis=dim, keepdims=True)

        def backward(g: Array) -> tuple[Array]:
            # dy_i/dx_j = y_i (1 if i = j else 0) - y_i y_j
            return (y * (g - (g * y).sum(axis=dim, keepdims=True)),)

        return Tensor.from_operation(y, (x,), backward)


def sigmoid(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """1 / (1 + exp(-x)) of a bare array, whatever its shape."""
    # For a very negative x the exponential is infinite, and its inverse 0, as it should be.
    with np.errstate(over="ignore"):
        exponential: Any = np.exp(-x)
    result: np.ndarray[Any, Any] = 1 / (1 + exponential)
    return result
