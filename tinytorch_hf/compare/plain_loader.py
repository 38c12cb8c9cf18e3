"""Batches for frameworks that have no TensorDataset and DataLoader: those are handed over as TinyTorch's would be.

What is compared then is the model, its loss, its gradients and its optimizer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinytorch_hf.student.mapping import FrameworkMap
from tinytorch_hf.student.view import Student

PARTS = ("TensorDataset", "DataLoader")
NOTE = "it has no TensorDataset and DataLoader that are called as TinyTorch's; its batches come from tinytorch-hf"


def lacks_loader(framework_map: FrameworkMap) -> bool:
    """Whether a framework is mapped, and its map names no loader."""
    is_named = any(name in framework_map.names for name in PARTS)
    return not framework_map.is_bare and framework_map.style == "tensors" and not is_named


class PlainDataset:
    """Samples of several tensors, which stand beside each other."""

    def __init__(self, *tensors: Any) -> None:
        self.tensors = tensors


def loader_of(student: Student) -> Callable[..., Iterator[Any]]:
    """What makes walks through such samples, in their order; targets are tensors of float32, as TinyTorch's are."""

    def walk(dataset: PlainDataset, batch_size: int, shuffle: bool = False) -> Iterator[Any]:
        if shuffle:
            raise ValueError("the order is chosen before, by the seed")
        inputs, targets = (student.array(entry) for entry in dataset.tensors)
        for start in range(0, len(inputs), batch_size):
            rows = slice(start, start + batch_size)
            yield student.tensor(np.array(inputs[rows])), student.float_tensor(np.array(targets[rows]))

    return walk
