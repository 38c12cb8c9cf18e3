"""How long an epoch of the milestone's MLP takes in the reference TinyTorch and in PyTorch, on one thread each.

``python -m benchmarks.training`` (needs torch)
"""

from __future__ import annotations

import os

# Before NumPy loads its BLAS: one thread on each side, which is also the fastest for matrices this small.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Callable
from typing import Any

from benchmarks.timing import median_seconds, report
from tinytorch_hf import as_tinytorch, as_torch, reference
from tinytorch_hf.compare.models import MODELS, TinyTorchMLP, torch_mlp
from tinytorch_hf.frameworks import Framework

BATCH_SIZE = 32


def reference_epoch() -> Callable[[], Any]:
    """One epoch over TinyDigits through the bridge, forward, backward and SGD."""
    framework = Framework("reference", "", vars(reference), "")
    model = TinyTorchMLP(framework, MODELS["tinydigits"].initial_weights(0))
    optimizer = reference.SGD(model.parameters(), lr=0.1)
    loss_function = reference.CrossEntropyLoss()
    loader = as_tinytorch.dataloader("tinydigits", batch_size=BATCH_SIZE, shuffle=True, seed=0, framework=framework)

    def epoch() -> None:
        for images, labels in loader:
            loss_function(model(images), labels).backward()
            optimizer.step()
            optimizer.zero_grad()

    return epoch


def torch_epoch() -> Callable[[], Any]:
    """The same in PyTorch, on batches gathered at once: no DataLoader slows it down."""
    import torch

    torch.set_num_threads(1)
    dataset = as_torch.tensors("tinydigits")
    model = torch_mlp(MODELS["tinydigits"].initial_weights(0))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss_function = torch.nn.CrossEntropyLoss()

    def epoch() -> None:
        order = as_tinytorch.epoch_order(len(dataset), 0, 0)
        for start in range(0, len(order), BATCH_SIZE):
            images, labels = dataset[order[start : start + BATCH_SIZE]]
            optimizer.zero_grad()
            loss_function(model(images), labels).backward()
            optimizer.step()

    return epoch


def main() -> None:
    """Measure and print."""
    alternatives = {"PyTorch": torch_epoch(), "reference TinyTorch": reference_epoch()}
    print(
        report(
            "an epoch of MLP 64-32-10 on TinyDigits, batch size 32",
            median_seconds(alternatives, 40),
            "PyTorch",
        )
    )


if __name__ == "__main__":
    main()
