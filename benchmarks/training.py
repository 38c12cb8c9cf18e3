"""How long an epoch of the milestones' models takes in the reference TinyTorch and in PyTorch, on one thread each.

``python -m benchmarks.training`` (needs torch)
"""

from __future__ import annotations

import os

# Before NumPy loads its BLAS: one thread on each side, which is also the fastest for matrices this small.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.timing import median_seconds, report
from tinytorch_hf import as_tinytorch, as_torch, reference
from tinytorch_hf.frameworks import Framework

BATCH_SIZE = 32
LEARNING_RATE = 0.1


@dataclass(frozen=True)
class Model:
    """A dataset and layers: each a class that both sides call by the same name, and its arguments."""

    dataset: str
    layers: tuple[tuple[Any, ...], ...]


MODELS = {
    "MLP 64-32-10 on TinyDigits": Model(
        "tinydigits", (("Flatten",), ("Linear", 64, 32), ("ReLU",), ("Linear", 32, 10))
    ),
    "CNN on TinyDigits, 8x8": Model(
        "tinydigits", (("Conv2d", 1, 8, 3), ("ReLU",), ("MaxPool2d", 2), ("Flatten",), ("Linear", 72, 10))
    ),
    "CNN on TinyMNIST, 28x28": Model(
        "tinymnist",
        (
            *(("Conv2d", 1, 8, 3), ("ReLU",), ("MaxPool2d", 2)),
            *(("Conv2d", 8, 16, 3), ("ReLU",), ("MaxPool2d", 2)),
            *(("Flatten",), ("Linear", 400, 10)),
        ),
    ),
}


def reference_model(model: Model) -> reference.Sequential:
    """Build it of the reference, with the same initial weights each time."""
    reference.seed(0)
    return reference.Sequential(*(getattr(reference, name)(*arguments) for name, *arguments in model.layers))


def torch_model(model: Model) -> Any:
    """Build it of torch.nn, with the weights of `reference_model`."""
    import torch

    layers = [getattr(torch.nn, name)(*arguments) for name, *arguments in model.layers]
    for layer, other in zip(layers, reference_model(model).layers, strict=True):
        for parameter, values in zip(layer.parameters(), other.parameters(), strict=True):
            transposed = isinstance(other, reference.Linear)
            parameter.data = torch.from_numpy(values.data.T.copy() if transposed else values.data.copy())
    return torch.nn.Sequential(*layers)


def reference_epoch(model: Model) -> Callable[[], float]:
    """One epoch through the bridge, forward, backward and SGD; gives the last batch's loss."""
    network = reference_model(model)
    optimizer = reference.SGD(network.parameters(), lr=LEARNING_RATE)
    loss_function = reference.CrossEntropyLoss()
    framework = Framework("reference", "", vars(reference), "")
    loader = as_tinytorch.dataloader(model.dataset, batch_size=BATCH_SIZE, shuffle=True, seed=0, framework=framework)

    def epoch() -> float:
        loader.epoch = 0
        for images, labels in loader:
            loss = loss_function(network(images.reshape(len(images), 1, *images.shape[1:])), labels)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        return float(loss.data)

    return epoch


def torch_epoch(model: Model) -> Callable[[], float]:
    """The same in PyTorch, on batches gathered at once: no DataLoader slows it down."""
    import torch

    torch.set_num_threads(1)
    dataset = as_torch.tensors(model.dataset)
    network = torch_model(model)
    optimizer = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE)
    loss_function = torch.nn.CrossEntropyLoss()

    def epoch() -> float:
        order = as_tinytorch.epoch_order(len(dataset), 0, 0)
        for start in range(0, len(order), BATCH_SIZE):
            images, labels = dataset[order[start : start + BATCH_SIZE]]
            optimizer.zero_grad()
            loss = loss_function(network(images), labels)
            loss.backward()
            optimizer.step()
        return float(loss.item())

    return epoch


def main() -> None:
    """Measure and print."""
    for title, model in MODELS.items():
        alternatives = {"PyTorch": torch_epoch(model), "reference TinyTorch": reference_epoch(model)}
        print(
            report(
                f"an epoch of the {title}, batch size {BATCH_SIZE}",
                median_seconds(alternatives, 40),
                "PyTorch",
            )
        )


if __name__ == "__main__":
    main()
