"""Which rows make up each batch: PyTorch's order, as tensors from the start where its sampler's draws are known."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import torch
from torch.utils.data import BatchSampler, RandomSampler, SequentialSampler

from tinytorch_hf.as_torch.indices import as_rows


def rows_of_batches(batch_sampler: Any) -> Iterator[torch.Tensor]:
    """The rows of each batch, int64 (B,), in a batch sampler's order.

    Nothing is drawn before PyTorch would draw it, from whatever generator: the order of an epoch with its first batch.

    Raises
    ------
    InvalidArgumentError, IndexError
        While iterating: the sampler gave something that is not an index.
    """
    if type(batch_sampler) is BatchSampler:
        sampler = batch_sampler.sampler
        if type(sampler) is SequentialSampler:
            return _pieces(batch_sampler, _in_order(len(sampler)))
        if type(sampler) is RandomSampler and _is_a_permutation(sampler) and _draws_are_torchs():
            return _pieces(batch_sampler, _shuffled(len(sampler), sampler.generator))
    return map(as_rows, iter(batch_sampler))


def _is_a_permutation(sampler: RandomSampler) -> bool:
    return not sampler.replacement and 0 < len(sampler) == len(sampler.data_source)


def _pieces(batch_sampler: BatchSampler, order: Iterator[torch.Tensor]) -> Iterator[torch.Tensor]:
    """What `BatchSampler` gives of a sampler, whose whole order comes first and whose last draw, if any, second."""
    rows = next(order)
    start = 0
    while (stop := start + batch_sampler.batch_size) <= len(rows):
        yield rows[start:stop]
        start = stop
    # BatchSampler notices that its sampler has ended before it gives what is left.
    next(order, None)
    if start < len(rows) and not batch_sampler.drop_last:
        yield rows[start:]


def _in_order(n_samples: int) -> Iterator[torch.Tensor]:
    yield torch.arange(n_samples, device="cpu")


def _shuffled(n_samples: int, generator: torch.Generator | None) -> Iterator[torch.Tensor]:
    """All indices in the order of a RandomSampler, drawn as it draws them; then what it draws when it ends.

    A RandomSampler makes a list of its permutation and gives its numbers one by one, which takes as long as gathering
    the images.
    """
    given = generator
    if generator is None:
        seed = int(torch.empty((), dtype=torch.int64).random_().item())
        generator = torch.Generator()
        generator.manual_seed(seed)
    yield torch.randperm(n_samples, generator=generator)
    if given is not None:
        torch.randperm(n_samples, generator=generator)


@cache
def _draws_are_torchs() -> bool:
    """Whether `_shuffled` gives the order of this PyTorch's RandomSampler, and leaves generators as it does.

    What a RandomSampler draws is not documented. If it is another thing one day, batches are made of its numbers.
    """
    before = torch.get_rng_state()
    orders = []
    for sampler in (_theirs, _ours):
        given = torch.Generator()
        given.manual_seed(0)
        torch.set_rng_state(before)
        drawn = [sampler(5, given), sampler(5, None)]
        orders.append((drawn, given.get_state().tolist(), torch.get_rng_state().tolist()))
    torch.set_rng_state(before)
    return orders[0] == orders[1]


def _theirs(n_samples: int, generator: torch.Generator | None) -> list[int]:
    return list(RandomSampler(range(n_samples), generator=generator))


def _ours(n_samples: int, generator: torch.Generator | None) -> list[int]:
    (order,) = _shuffled(n_samples, generator)
    numbers: list[int] = order.tolist()
    return numbers
