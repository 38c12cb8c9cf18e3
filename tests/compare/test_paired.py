"""Specification of tinytorch_hf.compare.paired: an exact test, and what it could have found."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch_hf.compare import paired
from tinytorch_hf.compare.paired import LEVEL, N_NEEDED, POWER, compared, detectable, sign_flip_p
from tinytorch_hf.errors import InvalidArgumentError

DIFFERENCES = st.lists(st.integers(-20, 20), min_size=2, max_size=8)


def counted(differences: list[int]) -> float:
    """The p that comes of writing down every choice of signs."""
    sums = [
        abs(sum(sign * one for sign, one in zip(signs, differences, strict=True)))
        for signs in itertools.product((-1, 1), repeat=len(differences))
    ]
    return sum(one >= abs(sum(differences)) for one in sums) / len(sums)


@given(DIFFERENCES)
def test_p_is_the_share_of_signs_that_lead_as_far(differences: list[int]) -> None:
    """Counted by sums, it is what counting all of them gives."""
    assert sign_flip_p(np.array(differences)) == pytest.approx(counted(differences), abs=1e-12)


def test_p_stays_exact_with_many_seeds() -> None:
    """Nobody goes through 2^100 choices; the smallest p is still theirs."""
    assert sign_flip_p(np.full(100, 3)) == pytest.approx(2.0**-99, rel=1e-9)


def test_equal_sides_give_no_evidence() -> None:
    """p is 1; what is said beside it is how often sides that differ could have looked like this."""
    found = compared([190] * 10, [190] * 10, 200)

    assert (found.p, found.is_distinguishable, found.n_different, found.sd_difference) == (1.0, False, 0, 0.0)
    # One sample on every seed is the least that can differ, and would be found.
    assert found.detectable == pytest.approx(1 / 200)
    assert found.most_different is not None
    assert (1 - found.most_different) ** 10 == pytest.approx(LEVEL)


def test_a_small_difference_on_every_seed_is_found_because_it_is_paired() -> None:
    """Seeds scatter by far more than the sides differ."""
    theirs = [150, 190, 170, 160, 180, 175, 165, 185]
    found = compared([right - 2 for right in theirs], theirs, 200)

    assert found.is_distinguishable
    assert found.p == found.smallest_p == 2 * 0.5**8
    assert found.mean_difference == pytest.approx(-0.01)
    assert found.sd_pytorch == pytest.approx(np.std(theirs, ddof=1) / 200)
    assert found.mean_tinytorch == pytest.approx(np.mean(theirs) / 200 - 0.01)
    assert found.most_different is None


def test_few_seeds_can_find_nothing_and_it_is_said() -> None:
    """The smallest p of five seeds is above the level, however far the sides are apart."""
    found = compared([0] * 5, [200] * 5, 200)

    assert found.p == found.smallest_p == 0.0625 > LEVEL
    assert not found.is_distinguishable
    assert found.detectable is None
    assert detectable(N_NEEDED, 1.0) is not None


@pytest.mark.parametrize(("n_seeds", "spread"), [(6, 4.0), (10, 0.4), (13, 3.0)])
def test_the_detectable_difference_is_found_as_often_as_is_said(n_seeds: int, spread: float) -> None:
    """With other random numbers than those it was computed with, and with the exact test."""
    wanted = detectable(n_seeds, spread)
    assert wanted is not None
    rng = np.random.default_rng(1)
    # What is rounded to whole samples has this mean for a shift a little elsewhere.
    shift = min(np.linspace(0, 3 * wanted, 301), key=lambda one: abs(_mean_rounded(one, spread) - wanted))
    drawn = np.rint(rng.normal(shift, spread, (200, n_seeds))).astype(int)

    found = np.mean([sign_flip_p(differences) <= LEVEL for differences in drawn])

    assert found == pytest.approx(POWER, abs=0.1)


def _mean_rounded(shift: float, spread: float) -> float:
    return float(np.rint(shift + spread * np.random.default_rng(2).standard_normal(2000)).mean())


def test_sides_that_do_not_differ_are_hardly_ever_told_apart() -> None:
    """At most as often as the level says, and always with the same random numbers."""
    rng = np.random.default_rng(0)
    drawn = np.rint(rng.normal(0, 3, (200, 8))).astype(int)

    assert np.mean([sign_flip_p(differences) <= LEVEL for differences in drawn]) <= LEVEL + 0.02
    assert paired.detectable(8, 3.0) == paired.detectable(8, 3.0)


@pytest.mark.parametrize(("mine", "theirs"), [([1], [1]), ([1, 2], [1, 2, 3])])
def test_what_is_no_pair_is_refused(mine: list[int], theirs: list[int]) -> None:
    """One seed has no spread."""
    with pytest.raises(InvalidArgumentError, match="Two seeds or more"):
        compared(mine, theirs, 200)
