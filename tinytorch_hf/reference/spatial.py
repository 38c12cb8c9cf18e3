"""Convolution and pooling of images (batch, channels, height, width)."""

from __future__ import annotations

from functools import reduce

import numpy as np

from tinytorch_hf.reference.autograd import Array
from tinytorch_hf.reference.checks import check_images
from tinytorch_hf.reference.layers import Layer, generator
from tinytorch_hf.reference.tensor import Tensor
from tinytorch_hf.reference.windows import Windows, pair

Size = int | tuple[int, int]


class Conv2d(Layer):
    """Convolution (cross-correlation, to be exact): every window, seen as a vector, times the same matrix.

    Parameters
    ----------
    in_channels, out_channels
        Channels of input and output.
    kernel_size, stride, padding
        Size of a window, steps between windows, zeros around the images, each in pixels: one number, or
        (height, width).
    bias
        Whether there is a bias.

    Attributes
    ----------
    weight
        (out_channels, in_channels, kernel height, kernel width), as in PyTorch, drawn from N(0, 2/fan_in).
    bias
        (out_channels,), zero at first, or None.

    Raises
    ------
    ValueError
        The numbers make no windows, or the images do not fit.

    References
    ----------
    Y. LeCun et al. (1989), Backpropagation Applied to Handwritten Zip Code Recognition, Neural Computation 1.
    https://doi.org/10.1162/neco.1989.1.4.541
    K. He, X. Zhang, S. Ren and J. Sun (2015), Delving Deep into Rectifiers, section 2.2 (initial weights).
    https://doi.org/10.1109/ICCV.2015.123
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        bias: bool = True,
    ) -> None:
        self.in_channels = in_channels
        self.out_channels = out_channels
        self._windows = Windows(pair(kernel_size), pair(stride), pair(padding))
        shape = (out_channels, in_channels, *self._windows.kernel)
        scale = np.sqrt(2.0 / np.prod(shape[1:]))
        self.weight = Tensor(generator.standard_normal(shape) * scale, requires_grad=True)
        self.bias = Tensor(np.zeros(out_channels), requires_grad=True) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, in_channels, height, width) to (batch, out_channels, output height, output width)."""
        check_images(f"Conv2d({self.in_channels}, {self.out_channels}, ...)", x, self.in_channels)
        y = self._convolve(x, self.weight)
        return y if self.bias is None else y + self.bias.reshape(-1, 1, 1)

    def _convolve(self, x: Tensor, weight: Tensor) -> Tensor:
        windows = self._windows.view(x.data)
        n, *_, height, width = windows.shape
        # One column for each position: a matrix (values of a window, positions) for each image.
        matrix = weight.data.reshape(self.out_channels, -1)
        # No length is left open: from a batch of no images it could not be computed.
        columns = windows.reshape(n, matrix.shape[1], height * width)

        def backward(g: Array) -> tuple[Array | None, Array | None]:
            g = g.reshape(n, self.out_channels, height * width)
            grad_x = None
            if x.requires_grad:
                grad_x = self._windows.scatter((matrix.T @ g).reshape(windows.shape), x.shape)
            grad_weight = (g @ columns.swapaxes(1, 2)).sum(axis=0).reshape(weight.shape)
            return grad_x, grad_weight

        y = (matrix @ columns).reshape(n, self.out_channels, height, width)
        return Tensor.from_operation(y, (x, weight), backward)

    def parameters(self) -> list[Tensor]:
        """Weight, then bias if there is one."""
        return [self.weight] if self.bias is None else [self.weight, self.bias]


class MaxPool2d(Layer):
    """Largest value of each window; the first of several equal ones receives the gradient, as in PyTorch.

    Parameters
    ----------
    kernel_size, stride, padding
        Size of a window, steps between windows (None for the size: no overlap), minus infinity around the images,
        each in pixels: one number, or (height, width).

    Raises
    ------
    ValueError
        The numbers make no windows, or the images do not fit.

    References
    ----------
    D. Scherer, A. Müller and S. Behnke (2010), Evaluation of Pooling Operations in Convolutional Architectures
    for Object Recognition. https://doi.org/10.1007/978-3-642-15825-4_10
    """

    def __init__(self, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> None:
        self._windows = _pooling_windows(kernel_size, stride, padding)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, channels, height, width) to (batch, channels, output height, output width)."""
        check_images("MaxPool2d", x)
        windows = self._windows.view(x.data, fill=-np.inf)
        places = self._windows.places()
        largest: Array = reduce(np.maximum, [windows[:, :, i, j] for i, j in places])

        def backward(g: Array) -> tuple[Array]:
            gradients = np.empty(windows.shape, np.float32)
            undecided = np.ones(largest.shape, bool)
            for i, j in places:
                chosen = undecided & (windows[:, :, i, j] == largest)
                np.multiply(g, chosen, out=gradients[:, :, i, j])
                undecided &= ~chosen
            return (self._windows.scatter(gradients, x.shape),)

        return Tensor.from_operation(largest, (x,), backward)


class AvgPool2d(Layer):
    """Mean of each window; padding counts as zeros, as in PyTorch.

    Parameters
    ----------
    kernel_size, stride, padding
        Size of a window, steps between windows (None for the size: no overlap), zeros around the images, each in
        pixels: one number, or (height, width).

    Raises
    ------
    ValueError
        The numbers make no windows, or the images do not fit.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998), Gradient-based learning applied to document recognition,
    Proceedings of the IEEE 86, section II.A. https://doi.org/10.1109/5.726791
    """

    def __init__(self, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> None:
        self._windows = _pooling_windows(kernel_size, stride, padding)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, channels, height, width) to (batch, channels, output height, output width)."""
        check_images("AvgPool2d", x)
        windows = self._windows.view(x.data)
        share = np.float32(1 / np.prod(self._windows.kernel))

        def backward(g: Array) -> tuple[Array]:
            # Every pixel of a window receives the same share.
            gradients = np.broadcast_to((g * share)[:, :, np.newaxis, np.newaxis], windows.shape)
            return (self._windows.scatter(gradients, x.shape),)

        return Tensor.from_operation(windows.sum(axis=(2, 3)) * share, (x,), backward)


def _pooling_windows(kernel_size: Size, stride: Size | None, padding: Size) -> Windows:
    kernel = pair(kernel_size)
    windows = Windows(kernel, kernel if stride is None else pair(stride), pair(padding))
    # More padding would make windows that hold no pixel at all.
    if any(2 * pad > size for pad, size in zip(windows.padding, kernel, strict=True)):
        raise ValueError(f"padding must be at most half of kernel_size, got {windows.padding} and {kernel}.")
    return windows
