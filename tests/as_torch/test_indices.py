"""Specification of tinytorch_hf.as_torch.indices: what is not a whole number is refused, wherever an index is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import BatchSampler, ConcatDataset, SequentialSampler, Subset
from torch.utils.data import DataLoader as TorchDataLoader

from tinytorch_hf import (
    DataLoader,
    Digits8x8,
    TinyDigits,
    TinyMNIST,
    TinyTalks,
    as_torch,
    by_difficulty,
    stratified_split,
    subset,
)
from tinytorch_hf.as_torch.indices import as_row, as_rows, rows_of
from tinytorch_hf.errors import InvalidArgumentError


def tensor_of(image: Any) -> torch.Tensor:
    """A transform of which nothing is known."""
    return torch.from_numpy(np.array(image))


# What a whole number looks like, and what does not, although int() makes one of most of it.
WHOLE = [3, np.int64(3), np.uint8(3), torch.tensor(3), torch.tensor(3, dtype=torch.int16), np.array(3)]
NOT_WHOLE = {
    "True": True,
    "NumPy's True": np.True_,
    "a tensor's True": torch.tensor(True),
    "an array's True": np.array(True),
    "a byte, PyTorch's other mask": torch.tensor(1, dtype=torch.uint8),
    "float": 1.0,
    "NumPy's float": np.float32(1.0),
    "a tensor's float": torch.tensor(1.0),
    "str": "1",
    "bytes": b"1",
    "None": None,
    "complex": 1j,
    "list": [1, 2],
    "tuple": (1, 2),
    "slice": slice(0, 2),
    "tensor of one": torch.tensor([1]),
    "array of one": np.array([1]),
    "two dimensions": torch.tensor([[1]]),
}
DATASETS: dict[str, Any] = {
    "TinyDigits": TinyDigits(train=False),
    "TinyMNIST": TinyMNIST(train=False),
    "TinyDigits, transformed": TinyDigits(train=False, transform=tensor_of),
    "TinyMNIST, transformed": TinyMNIST(train=False, transform=tensor_of),
    "Digits8x8, transformed": Digits8x8(transform=tensor_of),
    "pairs": TinyTalks(split="test"),
    "blocks": TinyTalks(split="test", block_size=8),
    "transformed blocks": TinyTalks(split="test", block_size=8, transform=torch.Tensor.tolist),
}
EVERY_DATASET = pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
# PyTorch's own makes no batches of PIL images.
BOTH_LOADERS = pytest.mark.parametrize(
    ("loader", "dataset"),
    [
        pytest.param(loader, dataset, id=f"{name}, {loader.__module__}")
        for loader in (DataLoader, TorchDataLoader)
        for name, dataset in DATASETS.items()
        if loader is DataLoader or isinstance(dataset[0][0], (str, list, torch.Tensor))
    ],
)


def first_batch(loader: Any, dataset: Any, **options: Any) -> Any:
    """Of two samples."""
    return next(iter(loader(dataset, batch_size=2, **options)))


@EVERY_DATASET
def test_every_class_takes_whole_numbers_alone(dataset: Any) -> None:
    """One index, and several at once; the message shows what was given."""
    for good in WHOLE:
        assert str(dataset[good][1]) == str(dataset.__getitems__([good])[0][1]) == str(dataset[3][1])
    for bad in NOT_WHOLE.values():
        with pytest.raises(InvalidArgumentError, match="must be a whole number; got "):
            dataset[bad]
        with pytest.raises(InvalidArgumentError, match="must be a whole number; got "):
            dataset.__getitems__([0, bad])


@BOTH_LOADERS
def test_both_loaders_take_whole_numbers_alone(loader: Any, dataset: Any) -> None:
    """From a Subset, from a sampler, and from a concatenation, in whose own search some are lost."""
    assert len(first_batch(loader, Subset(dataset, WHOLE[:2]))[1]) == 2
    for bad in NOT_WHOLE.values():
        for options in ({"dataset": Subset(dataset, [0, bad])}, {"dataset": dataset, "sampler": [0, bad]}):
            with pytest.raises(InvalidArgumentError, match="must be a whole number; got "):
                first_batch(loader, **options)
        with pytest.raises((InvalidArgumentError, TypeError, ValueError, RuntimeError)):
            first_batch(loader, Subset(ConcatDataset([dataset]), [bad, bad]))


@pytest.mark.parametrize("bad", NOT_WHOLE.values(), ids=NOT_WHOLE)
def test_our_loader_refuses_them_for_tensors_too(bad: Any) -> None:
    """A TensorDataset alone would make samples of another shape of some."""
    tensors = as_torch.tensors("tinydigits", "test")

    for options in ({"sampler": [0, bad]}, {"batch_sampler": [[0, bad]]}):
        with pytest.raises(InvalidArgumentError, match="must be a whole number; got "):
            list(DataLoader(tensors, **options))
    with pytest.raises(InvalidArgumentError, match="must be a whole number; got "):
        list(DataLoader(Subset(tensors, [0, bad])))


MASKS: dict[str, tuple[Callable[[torch.Tensor], Any], str]] = {
    "tensor": (lambda mask: mask, "mask.nonzero().flatten().tolist()"),
    "array": (lambda mask: mask.numpy(), "mask.nonzero()[0].tolist()"),
    "list": (lambda mask: mask.tolist(), "torch.tensor(mask).nonzero().flatten().tolist()"),
    "bytes": (lambda mask: mask.to(torch.uint8), "mask.nonzero().flatten().tolist()"),
}


@pytest.mark.parametrize(("kind", "line"), MASKS.values(), ids=MASKS)
def test_a_boolean_mask_is_refused_with_the_line_to_write(kind: Callable[[Any], Any], line: str) -> None:
    """Without this it would be the first two images over and over; the line gives the samples that were meant."""
    data = TinyMNIST(train=False, transform=tensor_of)
    mask = kind(data.targets == 3)
    threes = eval(line, {"mask": mask, "torch": torch})  # noqa: S307 -- the advice is followed

    for loader in (DataLoader, TorchDataLoader):
        with pytest.raises(InvalidArgumentError) as caught:
            first_batch(loader, Subset(data, mask))
        assert line in str(caught.value)
        labels = [int(label) for _, batch in loader(Subset(data, threes), batch_size=8) for label in batch]
        assert labels == [3] * 20
    for choose in (
        lambda part: subset(part, 1, 0),
        lambda part: stratified_split(part, [0.5, 0.5], 0),
        lambda part: by_difficulty(part, "easy"),
    ):
        with pytest.raises(InvalidArgumentError, match="mask"):
            choose(Subset(data, mask))
        assert choose(Subset(data, threes))


def test_parts_of_parts_are_made_of_whole_numbers() -> None:
    """Rounded down, these would be other samples' labels."""
    part = Subset(TinyMNIST(train=False), [0.9, 1.9])

    for choose in (lambda: subset(part, 1, 0), lambda: stratified_split(part, [0.5, 0.5], 0)):
        with pytest.raises(InvalidArgumentError, match=r"whole number; got 0\.9"):
            choose()
    with pytest.raises(InvalidArgumentError, match=r"whole number; got 0\.9"):
        by_difficulty(part, "hard")


def test_an_index_out_of_all_bounds_is_not_there() -> None:
    """Not the sample that is left when a number is cut off after 64 bits."""
    for dataset in DATASETS.values():
        for index in (2**70, -(2**70), np.uint64(2**63 + 1), 10**6, -(10**6)):
            with pytest.raises(IndexError):
                dataset[index]
            with pytest.raises(IndexError):
                dataset.__getitems__([index])
    with pytest.raises(IndexError, match="no sample"):
        as_rows([1, 2**64])


def test_rows_are_made_of_everything_that_holds_whole_numbers() -> None:
    """Whatever a sampler or a user keeps them in."""
    for indices in (
        [3, -1],
        (3, -1),
        range(3, -2, -4),
        {3: "a", -1: "b"},
        iter([3, -1]),
        [np.int32(3), torch.tensor(-1)],
        np.array([3, -1]),
        np.array([3, -1], dtype=object),
        np.array([3, -1], dtype=np.int8),
        torch.tensor([3, -1]),
        torch.tensor([3, -1], dtype=torch.int16),
    ):
        rows = as_rows(indices)
        assert (rows.dtype, rows.tolist()) == (torch.int64, [3, -1])
    assert as_rows(np.array([200], dtype=np.uint8)).tolist() == [200]
    for nothing in ([], np.array([]), torch.tensor([]), range(0), np.zeros((0, 3))):
        assert as_rows(nothing).tolist() == []
    assert [as_row(whole) for whole in WHOLE] == [3] * len(WHOLE)


@pytest.mark.parametrize(
    "indices", ["12", b"12", bytearray(b"1"), torch.tensor([[1, 2]]), np.zeros((2, 2), int), [[1]]]
)
def test_rows_are_made_of_nothing_else(indices: Any) -> None:
    """Texts, of which bytes would be iterated over as numbers, and what is not flat."""
    with pytest.raises(InvalidArgumentError, match="must be a whole number; got "):
        as_rows(indices)
    with pytest.raises(TypeError, match="iter"):
        as_rows(3)


def test_a_subset_has_the_samples_that_it_asks_its_indices_for() -> None:
    """A dict is asked by key, not iterated over."""
    dataset = TinyMNIST(train=False, transform=tensor_of)
    chosen: Any = {1: 7, 0: 5, 2: -1}

    assert rows_of(Subset(dataset, chosen)).tolist() == [5, 7, -1]
    for loader in (DataLoader, TorchDataLoader):
        assert first_batch(loader, Subset(dataset, chosen))[1].tolist() == dataset.targets[[5, 7]].tolist()


def test_batches_of_indices_are_no_indices() -> None:
    """As with torchvision's classes: a BatchSampler belongs in batch_sampler."""
    dataset = TinyMNIST(train=False, transform=tensor_of)
    batches = BatchSampler(SequentialSampler(dataset), 4, drop_last=False)

    with pytest.raises(InvalidArgumentError, match=r"Subset with a flat list"):
        next(iter(DataLoader(dataset, sampler=batches, batch_size=None)))
    assert len(next(iter(DataLoader(dataset, batch_sampler=batches)))[1]) == 4
