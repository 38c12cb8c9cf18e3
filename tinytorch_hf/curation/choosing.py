"""The choice: which candidates become the train and the test split. A pure function of candidates and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from tinytorch_hf.curation.difficulty import N_FOLDS, Difficulty, bounds_of, difficulty, levels_of, quotas_of
from tinytorch_hf.curation.herding import kernel_herding
from tinytorch_hf.curation.lots import by_lot
from tinytorch_hf.curation.near import USUAL, Pair, first_of_each, look_alikes_of_images, look_alikes_of_texts
from tinytorch_hf.curation.options import option
from tinytorch_hf.curation.pool import Pool
from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.formats.arrays import Array


@dataclass(frozen=True)
class Parameters:
    """What, with the source's content, determines the choice.

    Attributes
    ----------
    n_train, n_test
        Samples of each class in each split.
    min_cosine
        From which cosine on two samples are look-alikes; None for what is `near.USUAL` for samples of their kind.
    seed
        Of the lots.
    """

    n_train: int
    n_test: int
    min_cosine: float | None
    seed: int


@dataclass(frozen=True)
class Choice:
    """What was chosen, and what was left out.

    Attributes
    ----------
    train, test
        Positions in the pool, in the order of the files.
    score, level
        Of every candidate, (N,); the score in ten thousandths.
    bounds
        The scores up to which a sample is easy, and medium.
    quotas
        For each class, how many of each level are in train.
    min_cosine
        From which cosine on two samples were look-alikes.
    pairs
        Look-alikes; of those of one class the one that stands first may be chosen, those of two classes may not.
    suspects
        Candidates whose label may be wrong, each with the class that the classifiers are sure of; not chosen.
    """

    train: Array
    test: Array
    score: Array
    level: Array
    bounds: tuple[int, int]
    quotas: Mapping[str, tuple[int, ...]]
    min_cosine: float
    pairs: tuple[Pair, ...]
    suspects: Mapping[int, int]


def chosen(pool: Pool, parameters: Parameters, n_exam: int = 0) -> Choice:
    """Choose from candidates.

    The test split is drawn by lot, because an exam that was chosen flatters. The train split is chosen from what is
    left of each class by kernel herding, with as many samples of each difficulty as its candidates have.

    Parameters
    ----------
    pool
        The candidates.
    parameters
        What else determines the choice.
    n_exam
        Where a source has a test split of its own: so many candidates, which stand first, are of that, and the test
        split is drawn from them alone, train chosen from the others alone. 0 for candidates that are all alike.

    Raises
    ------
    InvalidArgumentError
        There are less than two classes, or a class has too few candidates that are unlike each other.
    """
    if len(pool.classes) < 2:
        names = ", ".join(pool.classes) or "none"
        raise InvalidArgumentError(f"A set needs at least two classes; these are: {names}.")
    features = pool.features()
    min_cosine = USUAL[pool.kind] if parameters.min_cosine is None else parameters.min_cosine
    pairs = _pairs(pool, features, min_cosine)
    may_stay = first_of_each(len(pool), pairs)
    for pair in pairs:
        if pool.label[pair.first] != pool.label[pair.second]:
            may_stay[[pair.first, pair.second]] = False
    found = difficulty(features, pool.label, _folds(pool), len(pool.classes))
    bounds = bounds_of(found.score)
    level = levels_of(found.score, bounds)
    eligible = may_stay & ~found.is_suspect
    train, test, quotas = [], [], {}
    for code, name in enumerate(pool.classes):
        members = np.flatnonzero(eligible & (pool.label == code))
        n_of_exam = int((members < n_exam).sum())
        n_before = int((pool.label == code).sum())
        if n_exam:
            # Each split has to find enough among its own.
            _check_number(name, n_of_exam, n_before, replace(parameters, n_train=0), min_cosine)
            _check_number(name, len(members) - n_of_exam, n_before, replace(parameters, n_test=0), min_cosine)
        else:
            _check_number(name, len(members), n_before, parameters, min_cosine)
        test.append(members[: parameters.n_test])
        rest = members[n_of_exam or parameters.n_test :]
        quotas[name] = tuple(quotas_of(level[rest], parameters.n_train))
        train.append(rest[kernel_herding(features[rest], level[rest], quotas[name])])
    return Choice(
        _shuffled(pool, np.concatenate(train), parameters.seed),
        _shuffled(pool, np.concatenate(test), parameters.seed),
        found.score,
        level,
        bounds,
        quotas,
        min_cosine,
        tuple(pairs),
        _suspects(found),
    )


def _pairs(pool: Pool, features: Array, min_cosine: float) -> list[Pair]:
    if pool.images is None:
        return look_alikes_of_texts(pool.texts, features, min_cosine)
    return look_alikes_of_images(pool.images, features, pool.mirrored_features(), min_cosine)


def _folds(pool: Pool) -> Array:
    """The fold of each candidate, by its content."""
    folds: Array = (pool.digest[:, 1] % np.uint64(N_FOLDS)).astype(np.int64)
    return folds


def _check_number(name: str, n: int, n_before: int, parameters: Parameters, min_cosine: float) -> None:
    wanted = parameters.n_train + parameters.n_test
    if n < wanted:
        unlike = "" if n == n_before else f", of which {n} are unlike each other and rightly labelled"
        raise InvalidArgumentError(
            f"The class {name} has {n_before} different samples{unlike}; {wanted} are asked for, {parameters.n_train} "
            f"to train and {parameters.n_test} to test. Ask for less with "
            f"{option('per-class')}{_nearer(n_before - n, min_cosine)}, or leave out the class."
        )


def _nearer(n_left_out: int, min_cosine: float) -> str:
    """Advice where some were left out, and may have been for being look-alikes."""
    return f", take fewer for look-alikes with {option('near')} above {min_cosine:g}" if n_left_out else ""


def _shuffled(pool: Pool, positions: Array, seed: int) -> Array:
    """In the order of other lots, so that classes mix."""
    return positions[by_lot(pool.digest[positions], seed + 1)]


def _suspects(found: Difficulty) -> dict[int, int]:
    return {int(position): int(found.instead[position]) for position in np.flatnonzero(found.is_suspect)}
