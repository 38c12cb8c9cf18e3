"""Dataset and DataLoader, with TinyTorch's signatures."""

from __future__ import annotations

import math
import random
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.reference.tensor import Tensor

# Unseeded, as shuffling in TinyTorch is, but private: the caller's `random` stays as it is.
_random = random.Random()  # noqa: S311 -- shuffling needs no cryptography


class Dataset(ABC):
    """Samples by number."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of samples."""

    @abstractmethod
    def __getitem__(self, index: int) -> Any:
        """One sample: a tuple whose elements are tensors."""


class TensorDataset(Dataset):
    """Tensors of equal length, taken apart along their first axis.

    Raises
    ------
    ValueError
        No tensor was given, or their lengths differ.
    IndexError
        A sample was asked for that does not exist.
    """

    def __init__(self, *tensors: Tensor) -> None:
        if not tensors:
            raise ValueError("TensorDataset takes at least one tensor.")
        if len({len(tensor) for tensor in tensors}) != 1:
            raise ValueError(f"All tensors must have one length, got {[len(tensor) for tensor in tensors]}.")
        self.tensors = tensors

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        if not 0 <= index < len(self):
            raise IndexError(f"There is no sample {index}; the dataset has {len(self)}.")
        return tuple(Tensor(tensor.data[index]) for tensor in self.tensors)


class DataLoader:
    """Batches of a dataset, the last one smaller if need be.

    Parameters
    ----------
    dataset
        Samples are tuples whose elements have ``.data``; a dataset that has only ``__len__`` and
        ``__getitem__`` will do.
    batch_size
        Samples in a batch.
    shuffle
        Whether each pass takes the samples in a new order. For an order you can repeat, use
        `tinytorch_hf.as_tinytorch.dataloader` with a seed.

    Raises
    ------
    ValueError
        ``batch_size`` is not positive.
    """

    def __init__(self, dataset: Any, batch_size: int, shuffle: bool = False) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}.")
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = shuffle

    def __len__(self) -> int:
        return math.ceil(len(self.dataset) / self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        order = list(range(len(self.dataset)))
        if self.shuffle:
            _random.shuffle(order)
        for start in range(0, len(order), self.batch_size):
            yield self._batch(order[start : start + self.batch_size])

    def _batch(self, indices: Sequence[int]) -> tuple[Tensor, ...]:
        if type(self.dataset) is TensorDataset:
            # One gather per tensor instead of one tensor per sample.
            return tuple(Tensor(tensor.data[indices]) for tensor in self.dataset.tensors)
        samples = [self.dataset[index] for index in indices]
        return tuple(Tensor(np.stack([part.data for part in parts])) for parts in zip(*samples, strict=True))
