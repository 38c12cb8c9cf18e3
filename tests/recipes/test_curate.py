"""Difficulty scores and selection strategies do on small arrays what their papers promise."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from recipes import curate, difficulty

FEATURES = st.integers(1, 12).flatmap(lambda n: hnp.arrays(np.float64, (n, 3), elements=st.integers(-5, 5).map(float)))
TWO_HEAPS = np.array([[0.0, 0.0], [0.1, 0.0], [0.0, 0.1], [9.0, 9.0], [9.1, 9.0], [9.0, 9.1]])


def strategies(features: np.ndarray, n: int, seed: int) -> dict[str, np.ndarray]:
    """What every strategy chooses."""
    luck = np.random.RandomState(seed).random_sample(len(features))
    return {
        "herding": curate.herding(features, n),
        "kernel herding": curate.kernel_herding(curate.gaussian_kernel(features), n),
        "k-center": curate.k_center(features, n),
        "facility location": curate.facility_location(features, n),
        "weighted": curate.weighted(np.abs(features[:, 0]), n, luck),
        "quota": curate.quota_sample(np.zeros(len(features), dtype=int), [n], luck),
    }


@settings(deadline=None)
@given(FEATURES, st.data())
def test_strategies_choose_so_many_different_samples(features: np.ndarray, data: st.DataObject) -> None:
    """Every strategy returns the number that was asked for, without repetition, of any samples at all."""
    n = data.draw(st.integers(0, len(features)))
    for chosen in strategies(features, n, seed=0).values():
        assert len(chosen) == len(set(chosen.tolist())) == n
        assert ((chosen >= 0) & (chosen < len(features))).all()


def test_strategies_leave_numpys_generator_alone() -> None:
    """Choosing neither reads nor moves the state of numpy.random."""
    before = np.random.get_state()[1].copy()
    strategies(TWO_HEAPS, 3, seed=1)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize("n", [-1, 7])
def test_more_than_all_cannot_be_chosen(n: int) -> None:
    """Asking for more samples than there are, or for fewer than none, is an error that says so."""
    with pytest.raises(ValueError, match="of 6 samples cannot be chosen"):
        curate.k_center(TWO_HEAPS, n)
    with pytest.raises(ValueError, match="of 6 samples cannot be chosen"):
        curate.herding(TWO_HEAPS, n)
    with pytest.raises(ValueError, match="of 6 samples cannot be chosen"):
        curate.facility_location(TWO_HEAPS, n)


def test_herding_keeps_the_mean() -> None:
    """Two herded samples of a line are the two whose mean is the mean of all."""
    line = np.array([[0.0], [1.0], [5.0], [9.0], [10.0]])
    assert curate.herding(line, 1).tolist() == [2]
    assert abs(line[curate.herding(line, 3)].mean() - line.mean()) < 1e-9


def test_kernel_herding_visits_every_heap() -> None:
    """The second sample comes from the other heap: what is like the first is crowded already."""
    chosen = curate.kernel_herding(curate.gaussian_kernel(TWO_HEAPS), 2)
    assert sorted(position // 3 for position in chosen.tolist()) == [0, 1]


def test_kernel_herding_starts_with_the_most_typical() -> None:
    """The first sample has the largest mean similarity to all."""
    features = np.array([[0.0], [1.0], [1.1], [1.2], [7.0]])
    similarity = curate.gaussian_kernel(features)
    assert curate.kernel_herding(similarity, 1)[0] == similarity.mean(axis=0).argmax() == 2


def test_kernel_herding_keeps_its_quotas() -> None:
    """With quotas, so many samples of each difficulty level are chosen."""
    levels = np.array([0, 0, 1, 0, 2, 1])
    chosen = curate.kernel_herding(curate.gaussian_kernel(TWO_HEAPS), 4, levels, (2, 1, 1))
    assert np.bincount(levels[chosen]).tolist() == [2, 1, 1]


@pytest.mark.parametrize("quotas", [(1, 1, 1), (0, 1, 3), (2, 2, 1)])
def test_quotas_that_cannot_be_kept_are_refused(quotas: tuple[int, int, int]) -> None:
    """Quotas that do not sum to n, or ask for more than a level has, are an error."""
    levels = np.array([0, 0, 1, 0, 2, 1])
    with pytest.raises(ValueError, match="quotas"):
        curate.kernel_herding(curate.gaussian_kernel(TWO_HEAPS), 4, levels, quotas)


def test_lacking_hard_samples_are_replaced_by_easier_ones() -> None:
    """What a level lacks is asked of the next easier level, and the total stays."""
    levels = np.array([0] * 10 + [1] * 2 + [2])
    assert curate.feasible_quotas(levels, (2, 2, 3)) == [4, 2, 1]
    assert curate.feasible_quotas(levels, (2, 2, 1)) == [2, 2, 1]


def test_k_center_goes_to_the_farthest() -> None:
    """On a line it takes the most central point, then one end, then the other."""
    line = np.array([[0.0], [4.0], [5.0], [6.0], [11.0]])
    assert curate.k_center(line, 3).tolist() == [2, 4, 0]


def test_facility_location_serves_every_heap() -> None:
    """Two places for two heaps: one in the middle of each."""
    assert sorted(curate.facility_location(TWO_HEAPS, 2).tolist()) == [0, 3]


def test_facility_location_goes_on_from_what_is_chosen() -> None:
    """A sample that is chosen already stays first, and its heap needs no second one."""
    chosen = curate.facility_location(TWO_HEAPS, 2, chosen=[1]).tolist()
    assert chosen[0] == 1
    assert chosen[1] == 3


@settings(deadline=None)
@given(hnp.arrays(np.float64, (7, 2), elements=st.integers(-9, 9).map(float)), st.integers(1, 4))
def test_facility_location_is_as_good_as_proven(features: np.ndarray, n: int) -> None:
    """The greedy choice saves at least 1 - 1/e of the walking that the best choice saves."""
    distance = np.sqrt(((features[:, None] - features) ** 2).sum(axis=2))
    without = distance.max() * len(features)

    def saved(chosen: list[int]) -> float:
        return float(without - distance[:, chosen].min(axis=1).sum())

    best = max(saved(list(choice)) for choice in combinations(range(7), n))
    assert saved(curate.facility_location(features, n).tolist()) >= (1 - 1 / np.e) * best - 1e-9


def test_weights_decide_who_is_drawn() -> None:
    """A sample of three times the weight is drawn three times as often; one without weight comes last."""
    weights = np.array([3.0, 1.0, 0.0])
    rng = np.random.RandomState(0)
    draws = [curate.weighted(weights, 3, rng.random_sample(3)) for _ in range(4000)]
    assert np.mean([draw[0] == 0 for draw in draws]) == pytest.approx(0.75, abs=0.03)
    assert all(draw[2] == 2 for draw in draws)


def test_a_samples_luck_is_its_own() -> None:
    """When another sample changes its level, a drawn sample stays drawn unless its place is needed."""
    luck = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    assert curate.quota_sample(np.array([0, 0, 1, 1, 0]), (2, 1), luck).tolist() == [0, 1, 2]
    assert curate.quota_sample(np.array([0, 0, 1, 1, 1]), (2, 1), luck).tolist() == [0, 1, 2]


def test_a_quota_that_a_level_cannot_fill_is_refused() -> None:
    """Stratified sampling never returns fewer than it was asked for."""
    with pytest.raises(ValueError, match="2 of 1 samples"):
        curate.quota_sample(np.array([0, 0, 1]), (1, 2), np.zeros(3))


def test_per_class_returns_positions_among_all() -> None:
    """A strategy sees the eligible samples of one class and answers in their numbering."""
    labels = np.array([1, 0, 1, 0, 1])
    eligible = np.array([False, True, True, True, True])
    chosen = curate.per_class(labels, lambda members: np.array([len(members) - 1]), eligible)
    assert chosen.tolist() == [3, 4]
    assert curate.per_class(labels, lambda members: np.array([0])).tolist() == [1, 0]


def test_look_alikes_are_found() -> None:
    """Equal and brighter copies are near-duplicates; images of other pixels and empty ones are not."""
    features = np.array([[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]])
    assert curate.near_duplicates(features, features[:1]).tolist() == [True, True, False, False]


def test_a_repeat_is_the_later_of_two_look_alikes() -> None:
    """As it is or in a mirror; whatever all samples have in common is no likeness."""
    rng = np.random.RandomState(0)
    features = 100 + rng.normal(size=(1200, 30))
    mirrored = 100 + rng.normal(size=(1200, 30))
    features[700] = features[3] + 0.01
    features[1100] = mirrored[650] = features[1101] = 100 + rng.normal(size=30)

    assert np.flatnonzero(curate.repeats(features, mirrored, 0.95)).tolist() == [700, 1101]
    mirrored[1150] = features[20]
    assert np.flatnonzero(curate.repeats(features, mirrored, 0.95)).tolist() == [700, 1101, 1150]


def test_bytes_do_not_overflow() -> None:
    """Images of bytes are compared as numbers, not modulo 256."""
    images = np.array([[[255, 255]], [[255, 254]], [[0, 255]]], dtype=np.uint8)
    assert curate.near_duplicates(images, images[:1]).tolist() == [True, True, False]
    assert curate.k_center(images, 3).tolist() == curate.k_center(images.astype(float), 3).tolist()


def test_the_score_is_the_denied_probability() -> None:
    """The score is one less the mean probability that the classifiers give the true class."""
    probabilities = np.array([[1.0, 0.5, 0.0], [0.5, 0.5, 0.25]])
    assert difficulty.instance_hardness(probabilities).tolist() == [0.25, 0.5, 0.875]


def test_levels_begin_above_a_quarter_and_above_a_half() -> None:
    """A score of exactly 1/4 is easy, of exactly 1/2 medium."""
    assert difficulty.levels(np.array([0.0, 0.25, 0.2501, 0.5, 0.5001, 1.0])).tolist() == [0, 0, 1, 1, 2, 2]
    assert difficulty.levels(np.array([0.5, 0.6, 0.9, 0.91]), (0.5, 0.9)).tolist() == [0, 1, 1, 2]


def test_a_wrong_label_scores_hardest() -> None:
    """Among clean samples, the one with another class's label is what the classifiers deny most."""
    pytest.importorskip("sklearn")
    rng = np.random.RandomState(0)
    labels = np.arange(90) % 3
    images = rng.normal(0.0, 0.1, (90, 2, 3)) + np.eye(3)[labels][:, None, :]
    wrong = labels.copy()
    wrong[7] = (wrong[7] + 1) % 3
    probabilities = difficulty.out_of_fold_probabilities(images, wrong)
    assert probabilities.shape == (5, 90)
    score = difficulty.instance_hardness(probabilities)
    assert score.argmax() == 7
    assert ((score >= 0) & (score <= 1)).all()
