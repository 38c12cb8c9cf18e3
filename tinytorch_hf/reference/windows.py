"""Windows that slide over images: what convolution and pooling share.

Seen as an array of windows, an image needs no loop over positions in Python: forward reads the windows (im2col),
backward adds their gradients up where they overlap (col2im).

References
----------
K. Chellapilla, S. Puri and P. Simard (2006), High Performance Convolutional Neural Networks for Document
Processing, section 3. https://inria.hal.science/inria-00112631
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tinytorch_hf.reference.autograd import Array


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """The same number for height and width, or a tuple as it is."""
    return (value, value) if isinstance(value, int) else value


@dataclass(frozen=True)
class Windows:
    """How windows lie on images; everything is (height, width) in pixels.

    Attributes
    ----------
    kernel
        Size of a window.
    stride
        From one window to the next.
    padding
        Pixels that are added on each side.

    Raises
    ------
    ValueError
        A size or stride is below 1, or a padding below 0.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]

    def __post_init__(self) -> None:
        if min(*self.kernel, *self.stride) < 1 or min(self.padding) < 0:
            raise ValueError(
                f"kernel_size and stride must be at least 1 and padding at least 0, "
                f"got {self.kernel}, {self.stride} and {self.padding}."
            )

    def view(self, images: Array, fill: float = 0.0) -> Array:
        """All windows of (batch, channels, height, width), padded with ``fill``, not copied.

        Returns
        -------
        Array
            (batch, channels, kernel height, kernel width, output height, output width). Element [n, c, i, j] is an
            image of its own: the pixel (i, j) of every window.

        Raises
        ------
        ValueError
            The padded images are smaller than a window.
        """
        padded = self._pad(images, fill)
        if padded.shape[2] < self.kernel[0] or padded.shape[3] < self.kernel[1]:
            raise ValueError(
                f"A window of {self.kernel} does not fit into images of {images.shape[2:]} with padding {self.padding}."
            )
        down, right = self.stride
        # The stubs of some NumPy releases know no windows over several axes.
        axes: Any = (2, 3)
        windows = sliding_window_view(padded, self.kernel, axis=axes)[:, :, ::down, ::right]
        pixels_first: Array = windows.transpose(0, 1, 4, 5, 2, 3)
        return pixels_first

    def scatter(self, gradients: Array, shape: tuple[int, ...]) -> Array:
        """Add what belongs to every window to the images of ``shape`` they came from: the gradient of `view`."""
        n, channels, height, width = shape
        top, left = self.padding
        down, right = self.stride
        output_height, output_width = gradients.shape[4:]
        padded = np.zeros((n, channels, height + 2 * top, width + 2 * left), np.float32)
        for i, j in self.places():
            places = padded[:, :, i : i + down * output_height : down, j : j + right * output_width : right]
            places += gradients[:, :, i, j]
        return padded[:, :, top : top + height, left : left + width]

    def places(self) -> list[tuple[int, int]]:
        """Row and column of each pixel of a window, row by row."""
        return list(product(range(self.kernel[0]), range(self.kernel[1])))

    def _pad(self, images: Array, fill: float) -> Array:
        top, left = self.padding
        if not top and not left:
            return images
        n, channels, height, width = images.shape
        padded = np.full((n, channels, height + 2 * top, width + 2 * left), fill, np.float32)
        padded[:, :, top : top + height, left : left + width] = images
        return padded
