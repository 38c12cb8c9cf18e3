"""Windows over images (batch, channels, height, width): convolution and pooling, without a loop over pixels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.by_numpy.tensor import Tensor

# One length for both axes, or height and width.
Pair = int | tuple[int, int]


def pad(x: Tensor, widths: tuple[int, int, int, int], value: float = 0.0) -> Any:
    """A frame around the last two axes: left, right, above, below."""
    left, right, above, below = widths
    height, width = x.shape[-2:]
    inside = (..., slice(above, above + height), slice(left, left + width))
    framed = np.full((*x.shape[:-2], above + height + below, left + width + right), value, x.data.dtype)
    framed[inside] = x.data
    return x.result(framed, (x, lambda g: g[inside]))


def unfold(x: Tensor, kernel: tuple[int, int], stride: int = 1) -> Any:
    """The pixels of each window in a column: (batch, channels * pixels of a window, windows)."""
    shape, windows = x.shape, _windows(x.data, kernel, stride)
    batch, channels, rows, columns, *_ = windows.shape
    by_pixel = windows.transpose(0, 1, 4, 5, 2, 3).reshape(batch, channels * math.prod(kernel), -1)

    def pull(gradient: Array) -> Array:
        return _added_up(gradient.reshape(batch, channels, *kernel, rows, columns), shape, stride)

    return x.result(by_pixel, (x, pull))


def conv2d(x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0) -> Any:
    """Each filter (out, channels, height, width) held to each window of the images, without turning it."""
    if x.shape[1] != weight.shape[1]:
        raise ValueError(f"filters of the shape {weight.shape} for images of {x.shape}")
    if padding:
        x = pad(x, (padding,) * 4)
    height, width = weight.shape[2:]
    columns = unfold(x, (height, width), stride)
    rows = (x.shape[2] - height) // stride + 1
    maps = (weight.reshape(len(weight), -1) @ columns).reshape(len(x), len(weight), rows, -1)
    return maps if bias is None else maps + bias.reshape(1, -1, 1, 1)


def max_pool2d(
    x: Tensor, kernel_size: Pair, stride: int | None = None, padding: int = 0, return_indices: bool = False
) -> Any:
    """The largest pixel of each window; of equal ones the first, which alone receives the gradient.

    With ``return_indices`` also its place in the image, row by row.
    """
    kernel, step = _pairs(kernel_size, stride)
    batch, channels, height, width = x.shape
    framed = pad(x.detach(), (padding,) * 4, -np.inf).data if padding else x.data
    windows = _windows(framed, kernel, step)
    *_, rows, columns = windows.shape[:4]
    flat = windows.reshape(batch, channels, rows, columns, -1)
    place = flat.argmax(-1)
    values = np.take_along_axis(flat, place[..., None], -1)[..., 0]
    row = place // kernel[1] + np.arange(rows)[:, None] * step[0] - padding
    column = place % kernel[1] + np.arange(columns) * step[1] - padding
    places = row * width + column

    def pull(gradient: Array) -> Array:
        image = np.arange(batch * channels).reshape(batch, channels, 1, 1) * (height * width)
        sums = np.bincount((image + places).ravel(), gradient.ravel(), x_size)
        return sums.reshape(batch, channels, height, width)

    x_size = x.numel()
    pooled = x.result(values, (x, pull))
    return (pooled, Tensor(places)) if return_indices else pooled


def avg_pool2d(
    x: Tensor, kernel_size: Pair, stride: int | None = None, padding: int = 0, count_include_pad: bool = True
) -> Any:
    """The mean of each window; the frame's zeros count as pixels, or do not."""
    kernel, step = _pairs(kernel_size, stride)
    n: Any = x.data.dtype.type(math.prod(kernel))
    if padding:
        if not count_include_pad:
            n = _sums(pad(Tensor(np.ones_like(x.data[:1, :1])), (padding,) * 4).data, kernel, step)
        x = pad(x, (padding,) * 4)
    shape, values = x.shape, _sums(x.data, kernel, step) / n

    def pull(gradient: Array) -> Array:
        share = (gradient / n)[:, :, None, None]
        return _added_up(np.broadcast_to(share, (*shape[:2], *kernel, *values.shape[2:])), shape, step)

    return x.result(values, (x, pull))


def _sums(images: Array, kernel: tuple[int, int], step: tuple[int, int]) -> Array:
    windows = _windows(images, kernel, step)
    total: Array = np.add.reduce(windows.reshape(*windows.shape[:4], -1), axis=-1)
    return total


def _windows(images: Array, kernel: tuple[int, int], stride: int | tuple[int, int]) -> Array:
    """(batch, channels, rows, columns, *kernel), a view."""
    if images.ndim != 4 or images.shape[2] < kernel[0] or images.shape[3] < kernel[1]:
        raise ValueError(f"windows of {kernel} over images of the shape {images.shape}")
    down, right = (stride, stride) if isinstance(stride, int) else stride
    return sliding_window_view(images, kernel, (2, 3))[:, :, ::down, ::right]


def _added_up(by_pixel: Array, shape: tuple[int, ...], stride: int | tuple[int, int]) -> Array:
    """Images of this shape, of gradients (batch, channels, *kernel, rows, columns): windows that overlap add up."""
    down, right = (stride, stride) if isinstance(stride, int) else stride
    height, width, rows, columns = by_pixel.shape[2:]
    images = np.zeros(shape, by_pixel.dtype)
    for i in range(height):
        for j in range(width):
            images[:, :, i : i + down * rows : down, j : j + right * columns : right] += by_pixel[:, :, i, j]
    return images


def _pairs(kernel_size: Pair, stride: int | None) -> tuple[tuple[int, int], tuple[int, int]]:
    """Height and width of a window, and the steps down and to the right, by default as long as the window."""
    kernel = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return kernel, kernel if stride is None else (stride, stride)
