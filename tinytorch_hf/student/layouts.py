"""Parameters that hold the same numbers as TinyTorch's in another shape: with axes of length 1, or flattened."""

from __future__ import annotations

import math

import numpy as np

from tinytorch_hf.formats.arrays import Array


def holds_the_same(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether values of one shape stand in another one in the same order, and no two lengths could be meant.

    A bias may be ``(1, n)`` instead of ``(n,)``, and the kernels of a convolution one row each.
    """
    if shape == other:
        return True
    if _longer_than_one(shape) == _longer_than_one(other):
        return True
    flat, full = sorted((shape, other), key=len)
    return len(flat) == 2 and len(full) > 2 and flat[0] == full[0] and flat[1] == math.prod(full[1:])


def laid_out(values: Array, shape: tuple[int, ...]) -> Array:
    """Values in another shape that holds the same; as they are where it does not."""
    return values.reshape(shape) if holds_the_same(values.shape, shape) else np.asarray(values)


def _longer_than_one(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(length for length in shape if length != 1)
