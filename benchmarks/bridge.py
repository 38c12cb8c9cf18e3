"""How long an epoch takes on its way into TinyTorch, beside slicing the arrays by hand.

TinyDigits, batch size 32, shuffled, into the reference TinyTorch. ``python -m benchmarks.bridge`` (NumPy alone)
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.timing import Table, measure, run
from tinytorch_hf import as_tinytorch, load_tinydigits, reference

BASELINE = "slices of a permutation, as Tensors"


def by_hand() -> int:
    """Batches as a student slices them."""
    X, y, _, _ = ARRAYS
    order = np.random.default_rng(0).permutation(len(X))
    n_seen = 0
    for start in range(0, len(order), 32):
        rows = order[start : start + 32]
        n_seen += len(reference.Tensor(X[rows]).data) and len(reference.Tensor(y[rows]).data)
    return n_seen


def through_bridge() -> int:
    """Batches from `as_tinytorch.dataloader`."""
    return sum(len(labels.data) for _, labels in BRIDGE)


def through_reference() -> int:
    """Batches from the reference's own TensorDataset and DataLoader, shuffled without a seed."""
    return sum(len(labels.data) for _, labels in LOADER)


ARRAYS = load_tinydigits()
BRIDGE = as_tinytorch.dataloader("tinydigits", split="train", batch_size=32, shuffle=True, seed=0)
LOADER = reference.DataLoader(
    reference.TensorDataset(reference.Tensor(ARRAYS[0]), reference.Tensor(ARRAYS[1])), 32, shuffle=True
)


def tables() -> Iterator[Table]:
    """One table."""
    roads = {
        BASELINE: by_hand,
        "as_tinytorch.dataloader": through_bridge,
        "the reference's own DataLoader": through_reference,
    }
    yield measure("bridge", "An epoch of TinyDigits into TinyTorch", roads, BASELINE, 21, calls_per_repeat=5)


if __name__ == "__main__":
    run(__doc__, tables)
