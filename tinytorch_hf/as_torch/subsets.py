"""Parts of a dataset: stratified splits, balanced subsets, samples by difficulty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from torch.utils.data import ConcatDataset, Subset, TensorDataset

from tinytorch_hf.as_torch.indices import rows_of
from tinytorch_hf.catalog import DIFFICULTIES
from tinytorch_hf.errors import InvalidArgumentError, UnknownNameError, whole_number
from tinytorch_hf.formats.arrays import Array


def stratified_split(dataset: Any, fractions: Sequence[float], seed: int) -> list[Subset]:
    """Split a dataset into parts that all have the classes in the same proportions.

    Parameters
    ----------
    dataset
        One of this package's or torchvision's classes with ``targets``, a TensorDataset of which the second
        tensor is the labels, or a Subset or ConcatDataset of these.
    fractions
        The share of each part, such as ``[0.8, 0.2]``; they add up to 1.
    seed
        Which samples go where follows from it; no global random state is used.

    Returns
    -------
    list of torch.utils.data.Subset
        Together they hold every sample once, each in the dataset's order. A part's size differs from its share by
        less than one sample, and from its share of a class by less than two.

    Raises
    ------
    InvalidArgumentError
        The fractions are not positive or do not add up to 1, the dataset has no labels, its indices are not whole
        numbers, or the seed is negative.
    """
    try:
        shares = np.asarray(fractions, dtype=np.float64)
    except (TypeError, ValueError):
        shares = np.empty(0)
    if shares.ndim != 1 or not np.all(shares > 0) or not math.isclose(shares.sum(), 1, abs_tol=1e-6):
        raise InvalidArgumentError(f"fractions are positive and add up to 1, such as [0.8, 0.2]; got {fractions}.")
    labels = _column(dataset, "targets")
    # Samples of a class follow each other, in random order, and are dealt out.
    by_class = np.lexsort((_shuffled(len(labels), seed), labels))
    part_of = np.empty(len(labels), dtype=np.int64)
    part_of[by_class] = _dealt(len(labels), shares)
    return [Subset(dataset, np.flatnonzero(part_of == part).tolist()) for part in range(len(shares))]


def _dealt(n_samples: int, shares: Array) -> list[int]:
    """Which part each of a row of samples goes to, so that no part is ever a whole sample off its share.

    References
    ----------
    R. Tijdeman (1980), The chairman assignment problem, Discrete Mathematics 32(3),
    https://doi.org/10.1016/0012-365X(80)90269-1
    """
    least = 1 / max(2 * len(shares) - 2, 1)
    lacking = np.zeros(len(shares))
    parts = []
    for _ in range(n_samples):
        lacking += shares
        # Of the parts that may have one, the part that can wait least; rounding must not decide between equals.
        patience = np.round((1 - least - lacking) / shares, 9)
        part = int(np.argmin(np.where(lacking >= least - 1e-9, patience, np.inf)))
        lacking[part] -= 1
        parts.append(part)
    return parts


def subset(dataset: Any, n_per_class: int, seed: int) -> Subset:
    """Choose the same number of samples of every class at random.

    Parameters
    ----------
    dataset
        As for `stratified_split`.
    n_per_class
        Samples of each class.
    seed
        Which samples are chosen follows from it; no global random state is used. A larger ``n_per_class`` with
        the same seed only adds samples.

    Returns
    -------
    torch.utils.data.Subset
        In the dataset's order.

    Raises
    ------
    InvalidArgumentError
        Some class has fewer samples, the dataset has no labels, its indices are not whole numbers, or a number is none
        of its kind.
    """
    labels = _column(dataset, "targets")
    order = _shuffled(len(labels), seed)
    chosen = [np.empty(0, dtype=np.int64)]
    for label in np.unique(labels):
        of_class = order[labels[order] == label]
        if not isinstance(n_per_class, Integral) or not 1 <= n_per_class <= len(of_class):
            raise InvalidArgumentError(
                f"n_per_class must be a whole number from 1 to {len(of_class)}, the samples of class {label}; "
                f"got {n_per_class!r}."
            )
        chosen.append(of_class[:n_per_class])
    return Subset(dataset, np.sort(np.concatenate(chosen)).tolist())


def _shuffled(n_samples: int, seed: int) -> Array:
    return np.random.default_rng(whole_number("seed", seed, 0)).permutation(n_samples)


def by_difficulty(dataset: Any, *levels: str) -> Subset:
    """Choose the samples of some levels of difficulty.

    Parameters
    ----------
    dataset
        One with ``difficulty``, such as TinyMNIST, or a Subset or ConcatDataset of it.
    levels
        One or more of "easy", "medium" and "hard".

    Returns
    -------
    torch.utils.data.Subset
        In the dataset's order.

    Raises
    ------
    UnknownNameError
        There is no such level.
    InvalidArgumentError
        No level was given, the dataset has no difficulty, or its indices are not whole numbers.
    """
    if not levels:
        raise InvalidArgumentError(f"Which difficulty? Give one or more of {', '.join(map(repr, DIFFICULTIES))}.")
    for level in levels:
        if level not in DIFFICULTIES:
            raise UnknownNameError("level of difficulty named", level, DIFFICULTIES)
    wanted = [DIFFICULTIES.index(level) for level in levels]
    return Subset(dataset, np.flatnonzero(np.isin(_column(dataset, "difficulty"), wanted)).tolist())


def _column(dataset: Any, name: str) -> Array:
    """One number for each sample of a dataset, through subsets and concatenations."""
    if isinstance(dataset, Subset):
        column: Array = _column(dataset.dataset, name)[rows_of(dataset).numpy()]
        return column
    if isinstance(dataset, ConcatDataset):
        return np.concatenate([_column(part, name) for part in dataset.datasets])
    if isinstance(dataset, TensorDataset) and name == "targets" and len(dataset.tensors) > 1:
        if dataset.tensors[1].ndim != 1:
            shape = tuple(dataset.tensors[1].shape)
            raise InvalidArgumentError(
                f"This needs one label for every sample, of shape (N,); the labels have {shape}."
            )
        return np.asarray(dataset.tensors[1])
    if not hasattr(dataset, name):
        raise InvalidArgumentError(f"{type(dataset).__name__} has no {name}, which this needs for every sample.")
    return np.asarray(getattr(dataset, name))
