"""Specification of reference.data: datasets and batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinytorch_hf.reference import DataLoader, Dataset, Tensor, TensorDataset


def test_a_tensor_dataset_takes_tensors_apart_by_sample() -> None:
    """Samples are tuples of tensors; indices out of range end an iteration."""
    dataset = TensorDataset(Tensor([[1.0, 2.0], [3.0, 4.0]]), Tensor([0, 1]))

    assert [(x.data.tolist(), y.data.tolist()) for x, y in dataset] == [([1, 2], 0), ([3, 4], 1)]
    for index in (2, -1):
        with pytest.raises(IndexError, match=str(index)):
            dataset[index]
    with pytest.raises(ValueError, match="one length"):
        TensorDataset(Tensor([1.0]), Tensor([1.0, 2.0]))
    with pytest.raises(ValueError, match="at least one"):
        TensorDataset()


class Pairs(Dataset):
    """Seven samples, not a TensorDataset."""

    def __len__(self) -> int:
        return 7

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return Tensor([index, -index]), Tensor(index)


class Duck:
    """Seven samples of a class that derives from nothing."""

    __len__ = Pairs.__len__
    __getitem__ = Pairs.__getitem__


@pytest.mark.parametrize(
    "dataset", [Pairs(), Duck(), TensorDataset(Tensor([[i, -i] for i in range(7)]), Tensor(np.arange(7)))]
)
def test_a_data_loader_collects_batches_and_keeps_the_partial_one(dataset: Any) -> None:
    """Any dataset, also one that only looks like one; batches are tuples of tensors."""
    loader = DataLoader(dataset, batch_size=3)

    batches = list(loader)

    assert len(loader) == len(batches) == 3
    assert [images.shape for images, _ in batches] == [(3, 2), (3, 2), (1, 2)]
    assert np.concatenate([labels.data for _, labels in batches]).tolist() == list(range(7))


def test_shuffling_takes_every_sample_once_in_a_new_order_each_time(same_random_state: None) -> None:
    """And touches no random state of the caller."""
    loader = DataLoader(TensorDataset(Tensor(np.arange(100))), batch_size=32, shuffle=True)

    first, second = ([x for (batch,) in loader for x in batch.data.tolist()] for _ in range(2))

    assert sorted(first) == sorted(second) == list(range(100))
    assert first != second != list(range(100))


def test_a_batch_size_below_one_is_refused() -> None:
    """It would never end, or never begin."""
    with pytest.raises(ValueError, match="at least 1"):
        DataLoader(Pairs(), batch_size=0)
