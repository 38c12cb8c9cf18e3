"""How the cost of an epoch grows with the batch size and with the size of the dataset.

8x8 images, shuffled, one thread. The bare road is a permutation and two index_selects a batch.

``python -m benchmarks.growth`` (needs torch)
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.timing import Table, measure, run
from tinytorch_hf import DataLoader, as_torch

BATCH_SIZES = (1, 4, 16, 32, 64, 256, 1024)
SIZES = (1_000, 10_000, 100_000, 1_000_000)
BARE = "bare index_select"


def dataset(n_samples: int) -> Any:
    """TinyDigits' training images, again and again, as a TensorDataset."""
    from torch.utils.data import TensorDataset

    images, labels = as_torch.tensors("tinydigits").tensors
    times = -(-n_samples // len(images))
    return TensorDataset(images.repeat(times, 1, 1, 1)[:n_samples], labels.repeat(times)[:n_samples])


def roads(samples: Any, batch_size: int) -> dict[str, Callable[[], int]]:
    """Whole epochs, each of which gives the number of samples that it saw."""
    import torch
    from torch.utils.data import DataLoader as TorchDataLoader

    images, labels = samples.tensors

    def bare() -> int:
        n_seen = 0
        for rows in torch.randperm(len(images)).split(batch_size):
            n_seen += len(images.index_select(0, rows)) and len(labels.index_select(0, rows))
        return n_seen

    def through(loader: Any) -> Callable[[], int]:
        return lambda: sum(len(batch[1]) for batch in loader)

    return {
        BARE: bare,
        "tinytorch_hf.DataLoader": through(DataLoader(samples, batch_size=batch_size, shuffle=True)),
        "torch's DataLoader": through(TorchDataLoader(samples, batch_size=batch_size, shuffle=True)),
    }


def tables() -> Iterator[Table]:
    """A table for each batch size, then one for each size of the dataset."""
    import torch

    torch.set_num_threads(1)
    for batch_size in BATCH_SIZES:
        title = f"An epoch of 1000 images, batch size {batch_size}"
        yield measure(f"batch_size_{batch_size}", title, roads(dataset(1000), batch_size), BARE, 7)
    for n_samples in SIZES:
        title = f"An epoch of {n_samples:,} images, batch size 32"
        yield measure(f"n_samples_{n_samples}", title, roads(dataset(n_samples), 32), BARE, 3 if n_samples > 1e5 else 7)


if __name__ == "__main__":
    run(__doc__, tables)
