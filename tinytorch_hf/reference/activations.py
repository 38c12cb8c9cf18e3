"""Activation functions."""

from __future__ import annotations

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
        positive = x.data > 0
        return Tensor.from_operation(x.data * positive, (x,), lambda g: (g * positive,))
