"""Specification of tinytorch_hf.as_torch.gather."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import ConcatDataset, Subset, TensorDataset

from tinytorch_hf import TinyMNIST, TinyTalks, as_torch
from tinytorch_hf.as_torch.gather import Kept, take, whole_tensors
from tinytorch_hf.as_torch.indices import as_rows


def test_rows_are_taken_as_indexing_takes_them() -> None:
    """Negative ones count from the end, others that are not there raise; the result is new memory."""
    tensor = torch.arange(12).reshape(4, 3)

    for rows in ([2, 0], [-1, 3], [], [1, 1]):
        taken = take(tensor, as_rows(rows))
        assert torch.equal(taken, tensor[rows])
        assert taken.data_ptr() != tensor.data_ptr() or not rows
    for rows in ([4], [-5, 0]):
        with pytest.raises(IndexError):
            take(tensor, as_rows(rows))


def test_indices_may_have_any_form_a_sampler_gives() -> None:
    """Lists of int, of NumPy's ints, of tensors; arrays; a tensor."""
    for indices in (
        [3, 1],
        [np.int32(3), 1],
        [torch.tensor(3), torch.tensor(1)],
        np.array([3, 1]),
        torch.tensor([3, 1]),
    ):
        rows = as_rows(indices)
        assert (rows.dtype, rows.tolist()) == (torch.int64, [3, 1])


def test_a_subset_is_rows_of_what_it_is_a_subset_of() -> None:
    """Through several of them, whatever holds the tensors."""
    tensors = as_torch.tensors("tinymnist")

    for dataset in (tensors, TinyMNIST(), TinyTalks(block_size=8)):
        found = whole_tensors(Subset(Subset(dataset, [10, 20, 30]), [2, -1, 0]))
        assert found is not None
        assert found[1] is not None
        assert found[1].tolist() == [30, 30, 10]


class _Own(Subset[Any]):
    """A Subset with samples of its own."""

    def __getitem__(self, index: Any) -> Any:
        return "own"

    def __getitems__(self, indices: list[int]) -> list[Any]:
        return ["own"] * len(indices)


@pytest.mark.parametrize(
    "make",
    [
        lambda: [1, 2, 3],
        lambda: ConcatDataset([as_torch.tensors("tinymnist")]),
        lambda: _Own(as_torch.tensors("tinymnist"), [1]),
        lambda: type("OwnTensors", (TensorDataset,), {})(torch.zeros(3)),
        lambda: Subset([1, 2, 3], [0]),
        lambda: TinyMNIST(transform=lambda image: image),
        lambda: TinyMNIST(target_transform=str),
        TinyTalks,
        lambda: TinyTalks(block_size=8, transform=str),
    ],
)
def test_other_datasets_have_to_be_asked_for_each_sample(make: Any) -> None:
    """Nothing is assumed about them."""
    assert whole_tensors(make()) is None


def test_a_value_is_kept_until_a_source_changes() -> None:
    """Another object, a change in place through torch, or another number of them."""
    calls: list[int] = []
    kept, tensor, other = Kept(), torch.zeros(3), object()

    def get(*sources: Any) -> int:
        return int(kept.get(sources, lambda: calls.append(1) or len(calls)))

    assert [get(tensor, other), get(tensor, other)] == [1, 1]
    tensor[0] = 1
    assert [get(tensor, other), get(tensor, other)] == [2, 2]
    assert get(tensor, object()) == 3
    assert get(tensor.clone(), other) == 4
    assert get(tensor) == 5
    with torch.inference_mode():
        uncounted = torch.zeros(3)
    assert [get(uncounted), get(uncounted)] == [6, 6]


def test_copies_start_with_nothing_kept() -> None:
    """So that worker processes are not sent what they may never use."""
    kept = Kept()
    kept.get([1], lambda: "first")

    for again in (copy.deepcopy(kept), pickle.loads(pickle.dumps(kept))):
        assert again.get([1], lambda: "second") == "second"
