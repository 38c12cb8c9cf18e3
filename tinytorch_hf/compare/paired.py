"""Whether two sides have different accuracies, by a test that is paired over seeds; with what it could have found.

With one seed both sides start from the same weights and see the same samples in the same order, so their accuracies
are compared seed by seed: what one seed makes easier for both sides does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.formats.arrays import Array

LEVEL = 0.05
"""Below or at this p two sides are called distinguishable."""
POWER = 0.8
"""In this share of cases the detectable difference is found."""

N_NEEDED = 6
"""As many seeds as it takes for any p at or below `LEVEL`."""

TEST = "exact sign-flip permutation test on the difference of each seed, two-sided"
ASSUMES = "seeds are independent; if the sides do not differ, each difference is as likely to favour one as the other"

_SIMULATIONS = 2000
# Up to this many seeds all signs are gone through in the simulation, beyond it as many are drawn.
_ALL_SIGNS = 11
_SEED = 20240818
# Halvings of the interval in which the detectable difference is looked for.
_HALVINGS = 12


@dataclass(frozen=True)
class Paired:
    """Accuracies of two sides over the same seeds, and what a paired test says of them.

    Attributes
    ----------
    n_seeds
        How many seeds there are.
    mean_tinytorch, mean_pytorch
        Mean accuracy, in [0, 1].
    sd_tinytorch, sd_pytorch
        Standard deviation of the accuracy over the seeds, with n - 1.
    mean_difference, sd_difference
        Of TinyTorch's accuracy minus PyTorch's, seed by seed.
    n_different
        Seeds whose accuracies are not equal.
    p
        The probability of a mean difference as large as this one or larger, either way, if the sides do not differ.
    smallest_p
        The smallest that the test can give with so many seeds, which takes differences that all have one sign.
    is_distinguishable
        Whether p is at most ``level``.
    detectable
        The mean difference that the test would find in ``power`` of all cases, with so many seeds and differences that
        scatter as these do; None where it cannot find any.
    most_different
        Where no seed differs: the share of all seeds that differ is below this one, at the confidence 1 - ``level``.
        Else None.
    level, power
        What "distinguishable" and "would find" stand for.
    test, assumes
        The test's name, and what has to hold for its p.
    """

    n_seeds: int
    mean_tinytorch: float
    mean_pytorch: float
    sd_tinytorch: float
    sd_pytorch: float
    mean_difference: float
    sd_difference: float
    n_different: int
    p: float
    smallest_p: float
    is_distinguishable: bool
    detectable: float | None
    most_different: float | None
    level: float = LEVEL
    power: float = POWER
    test: str = TEST
    assumes: str = ASSUMES


def compared(right_tinytorch: Sequence[int], right_pytorch: Sequence[int], n_samples: int) -> Paired:
    """Compare how many predictions were right on either side, one number for each seed, in the same order.

    Parameters
    ----------
    right_tinytorch, right_pytorch
        Numbers of right predictions.
    n_samples
        Of how many.

    Raises
    ------
    InvalidArgumentError
        There are fewer than two seeds, or not as many on either side.
    """
    mine, theirs = np.asarray(right_tinytorch, np.int64), np.asarray(right_pytorch, np.int64)
    n = len(mine)
    if n < 2 or len(theirs) != n:
        raise InvalidArgumentError(f"Two seeds or more have to be compared, got {n} and {len(theirs)} results.")
    differences = mine - theirs
    p = sign_flip_p(differences)
    spread = float(differences.std(ddof=1))
    found = detectable(n, spread)
    return Paired(
        n_seeds=n,
        mean_tinytorch=float(mine.mean() / n_samples),
        mean_pytorch=float(theirs.mean() / n_samples),
        sd_tinytorch=float(mine.std(ddof=1) / n_samples),
        sd_pytorch=float(theirs.std(ddof=1) / n_samples),
        mean_difference=float(differences.mean() / n_samples),
        sd_difference=spread / n_samples,
        n_different=int(np.count_nonzero(differences)),
        p=p,
        smallest_p=0.5 ** (n - 1),
        is_distinguishable=p <= LEVEL,
        detectable=None if found is None else found / n_samples,
        most_different=None if differences.any() else 1 - LEVEL ** (1 / n),
    )


def sign_flip_p(differences: Array) -> float:
    """The two-sided p of an exact sign-flip permutation test on whole numbers.

    If the sides do not differ, each difference might as well have the other sign. All 2^N ways to choose the signs are
    counted, by the sum that they lead to.

    References
    ----------
    R. A. Fisher (1935), The Design of Experiments, section 21.
    """
    sizes = [abs(int(difference)) for difference in differences]
    total = sum(sizes)
    # The share of all choices that leads to each sum, from -total to total.
    shares = np.zeros(2 * total + 1)
    shares[total] = 1.0
    for size in sizes:
        shares = (np.roll(shares, size) + np.roll(shares, -size)) / 2
    observed = abs(int(np.sum(differences)))
    sums = np.abs(np.arange(-total, total + 1))
    return min(1.0, float(shares[sums >= observed].sum()))


def detectable(n_seeds: int, spread: float) -> float | None:
    """The mean difference that the test finds in `POWER` of all cases, in samples; None where it can find none.

    The test is simulated on differences that are normally distributed around their mean and rounded to whole samples,
    as differences of accuracies are; always with the same random numbers.

    Parameters
    ----------
    n_seeds
        How many seeds there are.
    spread
        Standard deviation of the differences, in samples.
    """
    if n_seeds < N_NEEDED:
        return None
    rng = np.random.default_rng(_SEED)
    noise = rng.standard_normal((_SIMULATIONS, n_seeds)) * spread
    signs = _signs(n_seeds, rng)

    def simulated(shift: float) -> Array:
        drawn: Array = np.rint(noise + shift)
        return drawn

    low, high = 0.0, 1.0 + 4.0 * spread
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _power(simulated(middle), signs) >= POWER else (middle, high)
    return float(simulated(high).mean())


def _signs(n_seeds: int, rng: np.random.Generator) -> Array:
    """Choices of signs (seeds, choices): of each two that are opposite one; or some that are drawn."""
    if n_seeds <= _ALL_SIGNS:
        numbers = np.arange(2 ** (n_seeds - 1))
        return 1.0 - 2.0 * (numbers >> np.arange(n_seeds)[:, np.newaxis] & 1)
    return rng.choice([-1.0, 1.0], (n_seeds, 2 ** (_ALL_SIGNS - 1)))


def _power(differences: Array, signs: Array) -> float:
    """The share of rows of differences that the test finds."""
    observed = np.abs(differences.sum(axis=1, keepdims=True))
    p = (np.abs(differences @ signs) >= observed).mean(axis=1)
    return float((p <= LEVEL).mean())
