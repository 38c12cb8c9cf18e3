"""How hard a sample is: what classifiers that never saw it think of its label; a score, three levels, and quotas.

The classifiers count and compare whole numbers alone, so that the score is the same on every machine. None of them is
among the judges of `tinytorch_hf.curation.proof`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinytorch_hf.curation.distances import blocks, similarity, unit_of
from tinytorch_hf.formats.arrays import Array

N_FOLDS = 5
BOUNDS = (2500, 5000)
"""Scores, in ten thousandths, up to which a sample is easy, and up to which it is medium."""

_WHOLE = 10_000
_EPOCHS = 3
_SURE = 9000
_LEVELS = 127
# Classifiers learn from so many samples at most: those that stand first.
_MOST_KNOWN = 10_000


@dataclass(frozen=True)
class Difficulty:
    """How hard N samples are.

    Attributes
    ----------
    score
        (N,) int64, in ten thousandths: 1 minus the mean share that the classifiers give to the true class.
    is_suspect
        (N,) bool: all classifiers take it for one other class, and on average are sure of it; its label may be wrong.
    instead
        (N,) int64, that class; -1 where the label is not suspected.
    """

    score: Array
    is_suspect: Array
    instead: Array


def difficulty(features: Array, labels: Array, folds: Array, n_classes: int) -> Difficulty:
    """The difficulty of samples, each judged by classifiers that have learned from the other folds.

    Parameters
    ----------
    features
        (N, F) whole numbers.
    labels
        (N,) from 0 to ``n_classes`` - 1.
    folds
        (N,) from 0 to 4.
    The samples are in the order of their lots: where there are very many, the classifiers learn from the first.

    References
    ----------
    M. R. Smith, T. Martinez, C. Giraud-Carrier (2014), An Instance Level Analysis of Data Complexity, Machine Learning
    95. Out of fold: M. Stone (1974), Cross-Validatory Choice and Assessment of Statistical Predictions, Journal of the
    Royal Statistical Society B 36(2).
    """
    shares = np.zeros((3, len(labels), n_classes), dtype=np.int64)
    for fold in range(N_FOLDS):
        new, known = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)[:_MOST_KNOWN]
        if len(new) and len(known):
            for number, classifier in enumerate((_kernel_votes, _centres, _lines)):
                shares[number, new] = classifier(features[known], labels[known], features[new], n_classes)
    own = shares[:, np.arange(len(labels)), labels]
    best = shares.argmax(axis=2)
    sure = shares.max(axis=2).sum(axis=0) >= _SURE * len(shares)
    is_suspect = sure & (best == best[0]).all(axis=0) & (best[0] != labels)
    return Difficulty(_WHOLE - own.sum(axis=0) // len(shares), is_suspect, np.where(is_suspect, best[0], -1))


def levels_of(score: Array, bounds: tuple[int, int] = BOUNDS) -> Array:
    """0 easy, 1 medium, 2 hard: a score up to the first bound, up to the second, or above."""
    level: Array = np.digitize(score, bounds, right=True).astype(np.int64)
    return level


def bounds_of(score: Array) -> tuple[int, int]:
    """`BOUNDS`; where by them more than half would be hard, the thirds of all scores."""
    if 2 * int((score > BOUNDS[1]).sum()) <= len(score):
        return BOUNDS
    ordered = np.sort(score)
    return int(ordered[len(ordered) // 3]), int(ordered[2 * len(ordered) // 3])


def quotas_of(levels: Array, n: int) -> list[int]:
    """How many of ``n`` are of each level: as in these samples, rounded by the largest remainder, the easier first."""
    available = np.bincount(levels, minlength=3)
    whole = n * available // max(len(levels), 1)
    rest = n * available - whole * max(len(levels), 1)
    for level in np.lexsort((np.arange(3), -rest))[: n - int(whole.sum())]:
        whole[level] += 1
    return [int(number) for number in whole]


def _kernel_votes(known: Array, labels: Array, new: Array, n_classes: int) -> Array:
    """Each known sample votes for its class, the more the nearer it is."""
    unit = max(1, unit_of(known) // 8)
    one_hot = np.eye(n_classes)[labels]
    votes = np.zeros((len(new), n_classes))
    for rows, squared in blocks(new, known):
        votes[rows] = similarity(squared, unit).astype(np.float64) @ one_hot
    return _shares(votes.astype(np.int64))


def _centres(known: Array, labels: Array, new: Array, n_classes: int) -> Array:
    """The centre of each class votes, the more the nearer it is."""
    counts = np.bincount(labels, minlength=n_classes)
    sums = np.zeros((n_classes, known.shape[1]), dtype=np.int64)
    np.add.at(sums, labels, known.astype(np.int64))
    centres = (sums // np.maximum(counts, 1)[:, None]).astype(np.float64)
    spread = max(1, unit_of(known) // 16)
    votes = np.zeros((len(new), n_classes), dtype=np.int64)
    for rows, squared in blocks(new, centres):
        nearest = squared.min(axis=1, keepdims=True)
        votes[rows] = np.where(counts > 0, similarity(squared - nearest, spread), 0)
    return _shares(votes)


def _lines(known: Array, labels: Array, new: Array, n_classes: int) -> Array:
    """A line for each class, moved whenever it errs; the mean of all its positions votes.

    References
    ----------
    Y. Freund, R. Schapire (1999), Large Margin Classification Using the Perceptron Algorithm, Machine Learning 37.
    """
    middle = known.astype(np.int64).sum(axis=0) // len(known)
    largest = int(np.abs(known - middle).max()) // _LEVELS + 1

    def inputs(features: Array) -> Array:
        """Eight bits a number and a constant, so that all sums stay far below 2^53."""
        small = (features.astype(np.int64) - middle) // largest
        return np.hstack([small, np.full((len(small), 1), _LEVELS)]).astype(np.float64)

    xs = inputs(known)
    lines = np.zeros((n_classes, xs.shape[1]))
    steps = _EPOCHS * len(xs)
    # How often each sample has been added to each line, weighed by the steps in which that counts: all later ones.
    weights = np.zeros((n_classes, len(xs)))
    # Each step is a few calls of NumPy, of which the shortest forms are the fastest.
    samples = list(zip(range(len(xs)), list(xs), labels.tolist(), strict=True))
    left = steps
    for _ in range(_EPOCHS):
        for place, x, label in samples:
            guess = lines.dot(x).argmax()
            if guess != label:
                lines[label] += x
                lines[guess] -= x
                weights[label, place] += left
                weights[guess, place] -= left
            left -= 1
    mean = weights @ xs
    whole = mean.astype(np.int64) // steps
    ours = np.sort(xs @ whole.T.astype(np.float64), axis=1)
    # A margin as large as the median one is a safe win.
    margins = (ours[:, -1] - ours[:, -2]).astype(np.int64) if n_classes > 1 else np.ones(1, np.int64)
    width = max(1, int(np.partition(margins, len(margins) // 2)[len(margins) // 2]))
    outputs = inputs(new) @ whole.T.astype(np.float64)
    behind = (outputs.max(axis=1, keepdims=True) - outputs).astype(np.int64)
    return _shares(similarity(behind, width))


def _shares(votes: Array) -> Array:
    """Votes of each sample in ten thousandths of all that it got."""
    total = votes.sum(axis=1, keepdims=True)
    share: Array = np.where(total > 0, _WHOLE * votes // np.maximum(total, 1), _WHOLE // votes.shape[1])
    return share
