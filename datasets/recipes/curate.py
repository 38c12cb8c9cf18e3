"""Which few samples stand for many: selection strategies, quotas, and near-duplicates.

Plain functions over arrays. A strategy takes the samples of one class and returns positions in them, in the
order of choosing; `per_class` applies it to every class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tinytorch_hf.formats.arrays import Array

_ROWS_AT_ONCE = 500


def gaussian_kernel(features: Array, sharpness: float = 4.0) -> Array:
    """Similarity in (0, 1] of every two samples, exp(-sharpness * d^2 / median d^2).

    References
    ----------
    The median as the unit of distance: A. Gretton et al. (2012), A Kernel Two-Sample Test, Journal of Machine
    Learning Research 13, section 8.
    """
    squared = _squared_distances(features)
    unit = float(np.median(squared[np.triu_indices(len(squared), 1)])) if len(squared) > 1 else 1.0
    similarity: Array = np.exp(-sharpness * squared / (unit or 1.0))
    return similarity


def herding(features: Array, n: int) -> Array:
    """Choose samples whose running mean stays as close as it can to the mean of all.

    References
    ----------
    M. Welling (2009), Herding Dynamical Weights to Learn, International Conference on Machine Learning.
    """
    flat = _flat(features)
    mean, total = flat.mean(axis=0), np.zeros(flat.shape[1])
    chosen: list[int] = []
    for step in range(1, _checked(n, len(flat)) + 1):
        off_target = ((total + flat - step * mean) ** 2).sum(axis=1)
        off_target[chosen] = np.inf
        chosen.append(int(np.argmin(off_target)))
        total += flat[chosen[-1]]
    return np.array(chosen, dtype=np.int64)


def kernel_herding(
    similarity: Array, n: int, levels: Array | None = None, quotas: Sequence[int] | None = None
) -> Array:
    """Choose samples that are typical of all and unlike those already chosen.

    Each step takes the sample with the largest mean similarity to the class less its mean similarity to the
    choice so far: the first term asks for canonical examples, the second for variety.

    Parameters
    ----------
    similarity
        (N, N), such as `gaussian_kernel` gives.
    n
        How many to choose.
    levels, quotas
        (N,) difficulty levels, and how many of each level there are to be; they sum to ``n``. Without them
        every sample may be chosen.

    References
    ----------
    Y. Chen, M. Welling, A. Smola (2010), Super-Samples from Kernel Herding, Uncertainty in Artificial
    Intelligence.
    """
    left = np.array([n] if quotas is None else quotas)
    level_of = np.zeros(len(similarity), dtype=np.int64) if levels is None else levels
    if left.sum() != n or (np.bincount(level_of, minlength=len(left))[: len(left)] < left).any():
        raise ValueError(f"quotas {left.tolist()} do not give {_checked(n, len(similarity))} of these samples")
    typical, crowded = similarity.mean(axis=1), np.zeros(len(similarity))
    chosen: list[int] = []
    while len(chosen) < n:
        gain = typical - crowded / (len(chosen) + 1)
        gain[left[level_of] == 0] = -np.inf
        gain[chosen] = -np.inf
        chosen.append(int(np.argmax(gain)))
        crowded += similarity[:, chosen[-1]]
        left[level_of[chosen[-1]]] -= 1
    return np.array(chosen, dtype=np.int64)


def k_center(features: Array, n: int) -> Array:
    """Choose, after the most central sample, again and again the one farthest from all chosen.

    References
    ----------
    T. Gonzalez (1985), Clustering to Minimize the Maximum Intercluster Distance, Theoretical Computer Science
    38. As a core set for learning: O. Sener, S. Savarese (2018), Active Learning for Convolutional Neural
    Networks: A Core-Set Approach, International Conference on Learning Representations.
    """
    squared = _squared_distances(features)
    chosen = [int(np.argmin(np.sqrt(squared).mean(axis=1)))][: _checked(n, len(squared))]
    nearest = squared[:, chosen].min(axis=1, initial=np.inf)
    while len(chosen) < n:
        nearest[chosen] = -1.0
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, squared[:, chosen[-1]])
    return np.array(chosen, dtype=np.int64)


def facility_location(features: Array, n: int, chosen: Sequence[int] = ()) -> Array:
    """Choose samples so that every sample has a chosen one nearby, greedily by what each step gains.

    Parameters
    ----------
    features
        (N, ...) numbers.
    n
        How many to choose.
    chosen
        Positions that are chosen already, so that strategies can be mixed; they come first in the result.

    References
    ----------
    P. Mirchandani, R. Francis (1990), Discrete Location Theory. The greedy algorithm: G. Nemhauser,
    L. Wolsey, M. Fisher (1978), An Analysis of Approximations for Maximizing Submodular Set Functions, Mathematical
    Programming 14.
    """
    distance = np.sqrt(_squared_distances(features))
    picked = [int(position) for position in chosen][: _checked(n, len(distance))]
    # Everybody is served from one place outside until a nearer one opens.
    nearest = distance[:, picked].min(axis=1, initial=float(distance.max(initial=0.0)))
    while len(picked) < n:
        gain = np.maximum(nearest[:, None] - distance, 0.0).sum(axis=0)
        gain[picked] = -1.0
        picked.append(int(np.argmax(gain)))
        nearest = np.minimum(nearest, distance[:, picked[-1]])
    return np.array(picked, dtype=np.int64)


def weighted(weights: Array, n: int, uniform: Array) -> Array:
    """Draw samples without replacement, each next one with probability proportional to its weight.

    Parameters
    ----------
    weights
        (N,) numbers of at least 0.
    n
        How many to draw.
    uniform
        (N,) random numbers in [0, 1), one a sample, so that a sample's luck does not depend on the others.

    References
    ----------
    P. Efraimidis, P. Spirakis (2006), Weighted Random Sampling with a Reservoir, Information Processing
    Letters 97(5).
    """
    arrival = -np.log1p(-uniform) / np.maximum(weights, 1e-12)
    return np.argsort(arrival, kind="stable")[: _checked(n, len(weights))]


def quota_sample(levels: Array, quotas: Sequence[int], uniform: Array) -> Array:
    """Draw at random so many samples of each difficulty level: stratified sampling.

    Parameters
    ----------
    levels
        (N,) difficulty levels.
    quotas
        How many of each level.
    uniform
        (N,) random numbers, one a sample, so that a sample's luck does not depend on the others.

    References
    ----------
    W. G. Cochran (1977), Sampling Techniques, chapter 5.
    """
    by_luck = np.argsort(uniform, kind="stable")
    draws = [by_luck[levels[by_luck] == level] for level in range(len(quotas))]
    return np.concatenate([draw[: _checked(n, len(draw))] for draw, n in zip(draws, quotas, strict=True)])


def feasible_quotas(levels: Array, quotas: Sequence[int]) -> list[int]:
    """Quotas that these samples can fill: what a level lacks is asked of the next easier one."""
    available = np.bincount(levels, minlength=len(quotas))
    feasible = [int(quota) for quota in quotas]
    for level in range(len(feasible) - 1, 0, -1):
        lacking = max(0, feasible[level] - int(available[level]))
        feasible[level] -= lacking
        feasible[level - 1] += lacking
    return feasible


def per_class(labels: Array, strategy: Callable[[Array], Array], eligible: Array | None = None) -> Array:
    """Apply a strategy to the samples of each class and return positions among all.

    Parameters
    ----------
    labels
        (N,) integers.
    strategy
        Takes the positions of one class's eligible samples and returns which of *them* it chooses.
    eligible
        (N,) booleans; all by default.
    """
    allowed = np.ones(len(labels), dtype=bool) if eligible is None else eligible
    classes = [np.flatnonzero((labels == label) & allowed) for label in np.unique(labels)]
    return np.concatenate([members[strategy(members)] for members in classes])


def near_duplicates(features: Array, others: Array, min_cosine: float = 0.95) -> Array:
    """Which samples have a look-alike among ``others``: the cosine of the angle between them is this large.

    Equal samples have cosine 1. Between two images of ink on empty ground the cosine is the share of ink
    that falls on the same pixels.

    References
    ----------
    C. Manning, P. Raghavan, H. Schuetze (2008), Introduction to Information Retrieval, sections 6.3 and 19.6.
    """
    look_alike: Array = np.any(_unit(features) @ _unit(others).T >= min_cosine, axis=1)
    return look_alike


def repeats(features: Array, mirrored: Array, min_cosine: float) -> Array:
    """Which samples look like one that stands before them, as it is or seen in a mirror.

    The cosine is taken between differences from the mean of all, so that what all have in common does not count.

    Parameters
    ----------
    features, mirrored
        (N, F) numbers of the samples, and of the samples in a mirror.
    min_cosine
        From which on two samples are look-alikes.

    References
    ----------
    B. Barz, J. Denzler (2020), Do We Train on Test Data? Purging CIFAR of Near-Duplicates, Journal of Imaging 6(6),
    https://doi.org/10.3390/jimaging6060041
    """
    mean = features.mean(axis=0)
    # In float32, which is enough to tell look-alikes, and half the work.
    straight, reversed_ = (_unit(view - mean).astype(np.float32) for view in (features, mirrored))
    repeated = np.zeros(len(features), dtype=bool)
    for start in range(0, len(features), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        known = straight[: rows.stop]
        cosine = np.maximum(straight[rows] @ known.T, reversed_[rows] @ known.T)
        # Only what stands before a sample: below the diagonal.
        repeated[rows] = np.any(np.tril(cosine, start - 1) >= min_cosine, axis=1)
    return repeated


def _unit(features: Array) -> Array:
    flat = _flat(features)
    lengths = np.sqrt((flat * flat).sum(axis=1, keepdims=True))
    unit: Array = flat / np.where(lengths > 0, lengths, 1.0)
    return unit


def _flat(features: Array) -> Array:
    return features.reshape(len(features), -1).astype(np.float64)


def _squared_distances(features: Array) -> Array:
    flat = _flat(features)
    squared_lengths = (flat * flat).sum(axis=1)
    squared: Array = squared_lengths[:, None] + squared_lengths - 2.0 * (flat @ flat.T)
    np.fill_diagonal(squared, 0.0)
    return np.maximum(squared, 0.0)


def _checked(n: int, n_available: int) -> int:
    if not 0 <= n <= n_available:
        raise ValueError(f"{n} of {n_available} samples cannot be chosen")
    return n
