"""Kernel herding within difficulty quotas, in whole numbers: what is chosen hangs on no library's rounding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinytorch_hf.curation.distances import blocks, similarity, unit_of
from tinytorch_hf.formats.arrays import Array


def kernel_herding(features: Array, levels: Array, quotas: Sequence[int]) -> Array:
    """Choose samples that are typical of all and unlike those already chosen, so many of each level.

    Each step takes the sample with the largest mean similarity to all less its mean similarity to the choice so far;
    of equals the one that stands first.

    Parameters
    ----------
    features
        (N, F) whole numbers, of the samples of one class.
    levels
        (N,) difficulty levels from 0 on.
    quotas
        How many of each level; there have to be as many.

    Returns
    -------
    ndarray
        Positions in the order of choosing.

    References
    ----------
    Y. Chen, M. Welling, A. Smola (2010), Super-Samples from Kernel Herding, Uncertainty in Artificial Intelligence.
    """
    left = np.array(quotas, dtype=np.int64)
    if (np.bincount(levels, minlength=len(left))[: len(left)] < left).any():
        raise ValueError(f"the quotas {left.tolist()} ask for more samples than there are")
    n = len(features)
    unit = unit_of(features)
    alike = np.zeros((n, n), dtype=np.int32)
    for rows, squared in blocks(features):
        alike[rows] = similarity(squared, unit)
    typical, crowded = alike.sum(axis=1, dtype=np.int64), np.zeros(n, dtype=np.int64)
    chosen: list[int] = []
    is_free = np.ones(n, dtype=bool)
    while left.sum():
        # Both means over one denominator: typical / n - crowded / (m + 1).
        gain = typical * (len(chosen) + 1) - crowded * n
        gain[~(is_free & (left[levels] > 0))] = np.iinfo(np.int64).min
        best = int(np.argmax(gain))
        chosen.append(best)
        is_free[best] = False
        crowded += alike[:, best]
        left[levels[best]] -= 1
    return np.array(chosen, dtype=np.int64)
