"""Specification of tinytorch_hf.as_torch.order: PyTorch's batches, drawn when PyTorch draws them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch.utils.data import BatchSampler, RandomSampler, SequentialSampler, TensorDataset
from torch.utils.data import DataLoader as TorchDataLoader

from tinytorch_hf import DataLoader
from tinytorch_hf.as_torch import order

N_SAMPLES = 20
DATASET = TensorDataset(torch.arange(N_SAMPLES))


def generator() -> torch.Generator:
    """The same for each loader, and its own."""
    return torch.Generator().manual_seed(4)


def played(loader: Any, given: torch.Generator | None) -> Iterator[Any]:
    """Two epochs of batches, and a number drawn between them from the loader's generator and from the global one."""
    torch.manual_seed(9)
    for _ in range(2):
        for (batch,) in loader:
            yield batch.tolist(), float(torch.rand(())), given and float(torch.rand((), generator=given))
        yield float(torch.rand(())), given and float(torch.rand((), generator=given))


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("batch_size", [1, 5, 6, 19, 20, 21])
@pytest.mark.parametrize("has_generator", [False, True])
def test_a_generator_stands_where_pytorch_leaves_it_at_every_batch(
    batch_size: int, drop_last: bool, has_generator: bool
) -> None:
    """Who draws from it while the epoch goes on gets the same numbers."""
    seen = []
    for loader_class in (DataLoader, TorchDataLoader):
        given = generator() if has_generator else None
        loader = loader_class(DATASET, batch_size, shuffle=True, drop_last=drop_last, generator=given)
        seen.append(list(played(loader, given)))

    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    "make",
    [
        lambda: BatchSampler(SequentialSampler(DATASET), 6, drop_last=False),
        lambda: BatchSampler(RandomSampler(DATASET, generator=generator()), 6, drop_last=True),
        lambda: BatchSampler(RandomSampler(DATASET, num_samples=50, generator=generator()), 6, drop_last=False),
        lambda: BatchSampler(RandomSampler(DATASET, num_samples=7, generator=generator()), 3, drop_last=False),
        lambda: BatchSampler(RandomSampler(DATASET, replacement=True, generator=generator()), 6, drop_last=False),
        lambda: BatchSampler(RandomSampler(range(5), generator=generator()), 2, drop_last=False),
        lambda: BatchSampler(range(5), 2, drop_last=False),
        lambda: BatchSampler(SequentialSampler([]), 2, drop_last=False),
        lambda: [[3, 1], (2,), torch.tensor([0, 0])],
    ],
)
def test_any_batch_sampler_gives_its_batches_as_rows(make: Any) -> None:
    """Those whose order is known at once, and all others."""
    rows = list(order.rows_of_batches(make()))

    assert all(piece.dtype == torch.int64 for piece in rows)
    assert [piece.tolist() for piece in rows] == [list(map(int, batch)) for batch in make()]


def test_subclasses_of_pytorchs_samplers_are_asked() -> None:
    """They may do what they like."""

    class Backwards(SequentialSampler):
        def __iter__(self) -> Iterator[int]:
            return iter(range(N_SAMPLES)[::-1])

    class Pairs(BatchSampler):
        def __iter__(self) -> Iterator[list[int]]:
            return iter([[0, 1], [1, 2]])

    (first, *_), (second, *_) = (
        list(order.rows_of_batches(sampler))
        for sampler in (BatchSampler(Backwards(DATASET), 3, drop_last=False), Pairs(Backwards(DATASET), 3, False))
    )
    assert (first.tolist(), second.tolist()) == ([19, 18, 17], [0, 1])


def test_a_batch_size_and_a_dataset_may_change() -> None:
    """From one epoch to the next, and the batch size at once, as PyTorch reads it again for each batch."""
    batch_sampler = BatchSampler(SequentialSampler(data := [0] * 5), 2, drop_last=False)
    batches = order.rows_of_batches(batch_sampler)

    assert next(batches).tolist() == [0, 1]
    batch_sampler.batch_size = 3
    assert [piece.tolist() for piece in batches] == [[2, 3, 4]]
    data.append(0)
    assert [piece.tolist() for piece in order.rows_of_batches(batch_sampler)] == [[0, 1, 2], [3, 4, 5]]


def test_what_pytorch_draws_is_what_is_drawn_here() -> None:
    """If this fails, PyTorch's RandomSampler has changed: batches are still right, and slower."""
    before = torch.get_rng_state()

    assert order._draws_are_torchs.__wrapped__()
    assert torch.equal(torch.get_rng_state(), before)


def test_a_pytorch_that_draws_something_else_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own numbers are taken then."""
    monkeypatch.setattr(RandomSampler, "__iter__", lambda sampler: iter([*range(len(sampler))][::-1]))
    monkeypatch.setattr(order, "_draws_are_torchs", order._draws_are_torchs.__wrapped__)

    (batch,) = DataLoader(DATASET, batch_size=N_SAMPLES, shuffle=True)

    assert batch[0].tolist() == [*range(N_SAMPLES)][::-1]
