"""Exact distances between whole numbers, a block of rows at a time, and how alike that makes two samples."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tinytorch_hf.formats.arrays import Array

ONE = 1 << 16
"""The similarity of equal samples."""

_BLOCK_BYTES = 1 << 24
_STEPS = 64
_SHARPNESS = 4
_LARGEST = 8
# exp(-4 d^2 / unit) in steps of 1/64 of the unit: rounded to whole numbers it is the same with every library.
_TABLE = np.array(
    [round(ONE * math.exp(-_SHARPNESS * step / _STEPS)) for step in range(_LARGEST * _STEPS // 2)] + [0], np.int64
)


def blocks(features: Array, others: Array | None = None) -> Iterator[tuple[slice, Array]]:
    """Squared distances of some rows to all others, block by block: exact, int64.

    Parameters
    ----------
    features, others
        (N, F) and (M, F) float64 that are whole numbers; a product of two rows stays below 2^53, so that sums of floats
        are exact in any order. Without ``others`` it is the features themselves.
    """
    others = features if others is None else others
    squares = (others * others).sum(axis=1)
    n_rows = max(1, _BLOCK_BYTES // (8 * max(len(others), 1)))
    for start in range(0, len(features), n_rows):
        rows = slice(start, min(start + n_rows, len(features)))
        some = features[rows]
        squared = (some * some).sum(axis=1)[:, None] + squares - 2.0 * (some @ others.T)
        yield rows, squared.astype(np.int64)


def unit_of(features: Array, most: int = 1200) -> int:
    """The median squared distance of two different samples, at least 1; of the first ``most`` where there are more.

    References
    ----------
    The median as the unit of distance: A. Gretton et al. (2012), A Kernel Two-Sample Test, Journal of Machine Learning
    Research 13, section 8.
    """
    some = features[:most]
    if len(some) < 2:
        return 1
    squared = np.concatenate([block for _, block in blocks(some)])
    pairs = squared[np.triu_indices(len(some), 1)]
    return max(1, int(np.partition(pairs, len(pairs) // 2)[len(pairs) // 2]))


def similarity(squared: Array, unit: int) -> Array:
    """How alike samples at these distances are: 65536 exp(-4 d^2 / unit), as whole numbers, int64.

    Parameters
    ----------
    squared
        Squared distances, int64.
    unit
        The unit of squared distance, as `unit_of` gives.
    """
    # A quotient of whole numbers below 2^53 is rounded to the nearest float, which is never across a whole number.
    steps = np.minimum(squared * _STEPS / unit, len(_TABLE) - 1).astype(np.intp)
    found: Array = _TABLE.take(steps)
    return found
