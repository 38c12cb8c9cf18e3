"""Normalization: mean 0 and variance 1 over some axes, then a scale and a shift that are learned."""

from __future__ import annotations

import numpy as np

from tinytorch_hf.reference.autograd import Array
from tinytorch_hf.reference.checks import check_images, check_last_axis
from tinytorch_hf.reference.layers import Layer
from tinytorch_hf.reference.tensor import Tensor


def normalize(x: Tensor, axes: tuple[int, ...], eps: float) -> Tensor:
    """(x - mean) / sqrt(variance + eps) over the given axes, with the variance that divides by n.

    Mean and variance depend on x, so they have a share in the gradient: of the incoming one, what would shift or
    scale all values of a group together is taken away.

    References
    ----------
    S. Ioffe and C. Szegedy (2015), Batch Normalization, section 3 (the gradient).
    https://doi.org/10.48550/arXiv.1502.03167
    """
    centred = x.data - x.data.mean(axis=axes, keepdims=True)
    deviation = np.sqrt((centred * centred).mean(axis=axes, keepdims=True) + np.float32(eps))
    y: Array = centred / deviation

    def backward(g: Array) -> tuple[Array]:
        together = g.mean(axis=axes, keepdims=True) + y * (g * y).mean(axis=axes, keepdims=True)
        return ((g - together) / deviation,)

    return Tensor.from_operation(y, (x,), backward)


class LayerNorm(Layer):
    """Normalize every position by itself, over its features.

    Parameters
    ----------
    normalized_shape
        Number of features, the length of the last axis.
    eps
        Added to the variance.

    Attributes
    ----------
    gamma, beta
        (normalized_shape,) scale and shift, one and zero at first. PyTorch calls them weight and bias.

    References
    ----------
    J. L. Ba, J. R. Kiros and G. E. Hinton (2016), Layer Normalization. https://doi.org/10.48550/arXiv.1607.06450
    """

    def __init__(self, normalized_shape: int, eps: float = 1e-5) -> None:
        self.normalized_shape = normalized_shape
        self.eps = eps
        self.gamma = Tensor(np.ones(normalized_shape), requires_grad=True)
        self.beta = Tensor(np.zeros(normalized_shape), requires_grad=True)

    def forward(self, x: Tensor) -> Tensor:
        """Apply to (..., normalized_shape); the shape stays."""
        check_last_axis(f"LayerNorm({self.normalized_shape})", x, self.normalized_shape)
        return normalize(x, (-1,), self.eps) * self.gamma + self.beta

    def parameters(self) -> list[Tensor]:
        """Scale and shift."""
        return [self.gamma, self.beta]


class BatchNorm2d(Layer):
    """Normalize every channel over batch, height and width.

    In training with the statistics of the batch, which also enter running ones; in evaluation with the running ones.

    Parameters
    ----------
    num_features
        Number of channels.
    eps
        Added to the variance.
    momentum
        Share of a batch in the new running statistics.

    Attributes
    ----------
    gamma, beta
        (num_features,) scale and shift, one and zero at first. PyTorch calls them weight and bias.
    running_mean, running_var
        (num_features,) bare arrays, zero and one at first. The variance that enters divides by n - 1, as in PyTorch.
    training
        Whether it is in training, as it is at first.

    Raises
    ------
    ValueError
        The images do not fit, or in training have a single value per channel, which has no variance.

    References
    ----------
    S. Ioffe and C. Szegedy (2015), Batch Normalization, algorithms 1 and 2.
    https://doi.org/10.48550/arXiv.1502.03167
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.gamma = Tensor(np.ones(num_features), requires_grad=True)
        self.beta = Tensor(np.zeros(num_features), requires_grad=True)
        self.running_mean: Array = np.zeros(num_features, np.float32)
        self.running_var: Array = np.ones(num_features, np.float32)
        self.training = True

    def train(self) -> None:
        """Use the statistics of each batch from now on, and keep running ones."""
        self.training = True

    def eval(self) -> None:
        """Use the running statistics from now on."""
        self.training = False

    def forward(self, x: Tensor) -> Tensor:
        """Apply to (batch, num_features, height, width); the shape stays."""
        check_images(f"BatchNorm2d({self.num_features})", x, self.num_features)
        if self.training:
            self._remember(x.data)
            normalized = normalize(x, (0, 2, 3), self.eps)
        else:
            deviation = np.sqrt(self.running_var + np.float32(self.eps))
            normalized = (x - self.running_mean.reshape(-1, 1, 1)) / deviation.reshape(-1, 1, 1)
        return normalized * self.gamma.reshape(-1, 1, 1) + self.beta.reshape(-1, 1, 1)

    def _remember(self, x: Array) -> None:
        n = x.size // self.num_features
        if n < 2:
            raise ValueError(f"In training BatchNorm2d takes more than one value per channel, got {x.shape}.")
        kept, new = np.float32(1 - self.momentum), np.float32(self.momentum)
        self.running_mean = kept * self.running_mean + new * x.mean(axis=(0, 2, 3))
        self.running_var = kept * self.running_var + new * x.var(axis=(0, 2, 3), ddof=1)

    def parameters(self) -> list[Tensor]:
        """Scale and shift."""
        return [self.gamma, self.beta]
