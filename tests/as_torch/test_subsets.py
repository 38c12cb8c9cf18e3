"""Specification of tinytorch_hf.as_torch.subsets."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import ConcatDataset, Subset, TensorDataset, random_split

from tinytorch_hf import TinyDigits, TinyMNIST, TinyTalks, as_torch, by_difficulty, stratified_split, subset
from tinytorch_hf.errors import InvalidArgumentError, UnknownNameError


def labelled(labels: Any) -> TensorDataset:
    """A dataset of nothing but its labels."""
    return TensorDataset(torch.zeros(len(labels)), torch.tensor(labels))


def test_parts_have_the_classes_in_the_datasets_proportions() -> None:
    """Exactly, where the numbers allow it."""
    dataset = TinyMNIST()

    train, val = stratified_split(dataset, [0.8, 0.2], seed=0)

    for part, n_per_class in ((train, 80), (val, 20)):
        assert isinstance(part, Subset)
        assert Counter(label for _, label in part) == dict.fromkeys(range(10), n_per_class)
        assert part.indices == sorted(part.indices)


fraction_lists = st.lists(st.integers(1, 20), min_size=1, max_size=5).map(lambda parts: [n / sum(parts) for n in parts])


@given(labels=st.lists(st.integers(0, 4), min_size=1, max_size=120), fractions=fraction_lists, seed=st.integers(0, 99))
def test_every_sample_goes_to_one_part_and_no_part_gets_more_than_its_share(
    labels: list[int], fractions: list[float], seed: int
) -> None:
    """Samples cannot be divided: a part is less than one off its share, and less than two off its share of a class."""
    parts = stratified_split(labelled(labels), fractions, seed)

    assert sorted(index for part in parts for index in part.indices) == list(range(len(labels)))
    for part, fraction in zip(parts, fractions, strict=True):
        assert abs(len(part) - fraction * len(labels)) < 1
        of_part = Counter(labels[index] for index in part.indices)
        for label, n_samples in Counter(labels).items():
            assert abs(of_part[label] - fraction * n_samples) < 2


def test_the_seed_alone_decides(same_random_state: None) -> None:
    """The same seed gives the same parts, another gives others, and no global state is used."""
    before = torch.get_rng_state()

    first, again, other = (stratified_split(TinyDigits(), [0.5, 0.5], seed)[0].indices for seed in (1, 1, 2))

    assert first == again != other
    assert (
        subset(TinyDigits(), 3, 1).indices == subset(TinyDigits(), 3, 1).indices != subset(TinyDigits(), 3, 2).indices
    )
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("fractions", [[0.5, 0.4], [1.5, -0.5], [1.0, 0.0], [], 0.5, [[0.5], [0.5]], [float("nan"), 1]])
def test_fractions_that_are_none_are_refused(fractions: Any) -> None:
    """The message shows what they look like."""
    with pytest.raises(InvalidArgumentError, match=r"such as \[0.8, 0.2\]"):
        stratified_split(TinyDigits(), fractions, 0)


def test_a_subset_has_as_many_of_every_class() -> None:
    """And a larger one with the same seed contains the smaller."""
    small, large = subset(TinyMNIST(), 3, seed=7), subset(TinyMNIST(), 10, seed=7)

    assert Counter(label for _, label in small) == dict.fromkeys(range(10), 3)
    assert len(large) == 100
    assert set(small.indices) < set(large.indices)


@pytest.mark.parametrize("n_per_class", [0, -1, 21])
def test_a_subset_that_cannot_be_is_refused(n_per_class: int) -> None:
    """The message says how many there are."""
    with pytest.raises(InvalidArgumentError, match="from 1 to 20, the samples of class 0"):
        subset(TinyMNIST(train=False), n_per_class, 0)


def test_samples_are_chosen_by_difficulty() -> None:
    """One level or several."""
    dataset = TinyMNIST()

    hard = by_difficulty(dataset, "hard")
    rest = by_difficulty(dataset, "easy", "medium")

    assert set(dataset.difficulty[hard.indices].tolist()) == {2}
    assert set(dataset.difficulty[rest.indices].tolist()) == {0, 1}
    assert sorted([*hard.indices, *rest.indices]) == list(range(1000))


def test_a_wrong_difficulty_is_explained() -> None:
    """A name that does not exist, none at all, and a dataset that has none."""
    with pytest.raises(UnknownNameError, match=r"Did you mean 'hard'\? Known: easy, medium, hard"):
        by_difficulty(TinyMNIST(), "Hard")
    with pytest.raises(InvalidArgumentError, match="'easy', 'medium', 'hard'"):
        by_difficulty(TinyMNIST())
    with pytest.raises(InvalidArgumentError, match="TinyDigits has no difficulty"):
        by_difficulty(TinyDigits(), "hard")


def test_they_work_on_parts_of_parts() -> None:
    """Subsets, concatenations, tensors, and other people's datasets with targets."""

    class Theirs:
        targets = [0, 1] * 10

        def __len__(self) -> int:
            return 20

        def __getitem__(self, index: int) -> Any:
            return None, self.targets[index]

    half, _ = random_split(TinyMNIST(), [500, 500], generator=torch.Generator().manual_seed(0))
    hard = by_difficulty(half, "hard")
    assert all(half.dataset.difficulty[half.indices[index]] == 2 for index in hard.indices)
    both = ConcatDataset([TinyMNIST(), TinyMNIST(train=False)])
    assert Counter(label for _, label in subset(both, 105, 0)) == dict.fromkeys(range(10), 105)
    for dataset in (as_torch.tensors("tinydigits"), Theirs(), Subset(Theirs(), np.arange(4))):
        first, second = stratified_split(dataset, [0.5, 0.5], 0)
        assert len(first) == len(second)


@pytest.mark.parametrize("dataset", [TinyTalks(), TensorDataset(torch.zeros(3)), [1, 2, 3]])
def test_a_dataset_without_labels_is_explained(dataset: Any) -> None:
    """There is nothing to balance."""
    with pytest.raises(InvalidArgumentError, match="has no targets"):
        stratified_split(dataset, [0.5, 0.5], 0)


@pytest.mark.parametrize("fractions", ["half", {0.5}, [[0.5], 0.5]])
def test_fractions_that_are_no_numbers_are_refused(fractions: Any) -> None:
    """As those that do not add up to 1."""
    with pytest.raises(InvalidArgumentError, match="fractions are positive"):
        stratified_split(TinyMNIST(train=False), fractions, 0)


@pytest.mark.parametrize("seed", [-1, 1.5, "seed", float("nan")])
def test_a_seed_is_a_whole_number(seed: Any) -> None:
    """NumPy's own message does not say which argument it means."""
    with pytest.raises(InvalidArgumentError, match="seed must be a whole number"):
        stratified_split(TinyMNIST(train=False), [0.5, 0.5], seed)
    with pytest.raises(InvalidArgumentError, match="seed must be a whole number"):
        subset(TinyMNIST(train=False), 1, seed)


@pytest.mark.parametrize("n_per_class", [1.5, 2.0, "3", None])
def test_as_many_as_no_whole_number_are_refused(n_per_class: Any) -> None:
    """Before anything is chosen."""
    with pytest.raises(InvalidArgumentError, match="n_per_class must be a whole number"):
        subset(TinyMNIST(train=False), n_per_class, 0)


def test_of_nothing_there_are_empty_parts() -> None:
    """A selection may have left no sample."""
    nothing = Subset(TinyMNIST(train=False), [])

    assert [len(part) for part in stratified_split(nothing, [0.5, 0.5], 0)] == [0, 0]
    assert len(subset(nothing, 3, 0)) == 0


def test_labels_of_several_numbers_are_explained() -> None:
    """One-hot labels, for example."""
    one_hot = TensorDataset(torch.zeros(4), torch.eye(4))

    for call in (lambda: stratified_split(one_hot, [0.5, 0.5], 0), lambda: subset(one_hot, 1, 0)):
        with pytest.raises(InvalidArgumentError, match=r"one label for every sample.*\(4, 4\)"):
            call()
