"""The two sides of a comparison: one model, its optimizer and its data, in TinyTorch and in PyTorch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinytorch_hf.as_tinytorch import SeededDataLoader, dataloader, epoch_order
from tinytorch_hf.compare.models import TinyTorchMLP, torch_mlp
from tinytorch_hf.compare.settings import Settings, optimizer_choice
from tinytorch_hf.frameworks import Framework, blaming
from tinytorch_hf.loaders import Array, load


class TinyTorchSide:
    """TinyTorch's side of a run."""

    def __init__(self, settings: Settings, weights: list[tuple[Array, Array]], framework: Framework) -> None:
        self.framework = framework
        self._loader: SeededDataLoader = dataloader(
            settings.dataset,
            "train",
            settings.batch_size,
            shuffle=True,
            seed=settings.seed,
            framework=framework,
        )
        self._test = load(settings.dataset)["test"]
        choice = optimizer_choice(settings.optimizer)
        with blaming(framework, "building the model, the loss and the optimizer"):
            self._model = TinyTorchMLP(framework, weights)
            self._loss = framework.CrossEntropyLoss()
            optimizer_class = framework.parts[choice.class_name]
            self._optimizer = optimizer_class(self._model.parameters(), lr=settings.lr, **choice.arguments)

    def batches(self, epoch: int) -> Iterator[Any]:
        """The batches of one epoch, which counts from 1."""
        self._loader.epoch = epoch - 1
        return iter(self._loader)

    def step(self, images: Any, labels: Any) -> float:
        """Train on one batch; the loss before the update."""
        with blaming(self.framework, "training on a batch"):
            loss = self._loss(self._model(images), labels)
            loss.backward()
            self._optimizer.step()
            self._optimizer.zero_grad()
            return float(np.asarray(loss.data).reshape(()))

    def accuracy(self) -> float:
        """Share of the test split that is predicted rightly now."""
        with blaming(self.framework, "predicting the test split"):
            logits = self._model(self.framework.Tensor(self._test["images"]))
            predictions = np.asarray(logits.data).argmax(axis=1)
        return float((predictions == self._test["labels"]).mean())


class PyTorchSide:
    """PyTorch's side of a run."""

    def __init__(self, settings: Settings, weights: list[tuple[Array, Array]]) -> None:
        import torch

        from tinytorch_hf import as_torch

        self._settings = settings
        self._train = as_torch.tensors(settings.dataset, "train")
        self._test = as_torch.tensors(settings.dataset, "test")
        choice = optimizer_choice(settings.optimizer)
        self._model = torch_mlp(weights)
        self._loss = torch.nn.CrossEntropyLoss()
        optimizer_class = getattr(torch.optim, choice.class_name)
        self._optimizer = optimizer_class(self._model.parameters(), lr=settings.lr, **choice.arguments)

    def batches(self, epoch: int) -> Iterator[Any]:
        """The batches of one epoch, which counts from 1."""
        order = epoch_order(len(self._train), self._settings.seed, epoch - 1)
        for start in range(0, len(order), self._settings.batch_size):
            yield self._train[order[start : start + self._settings.batch_size]]

    def step(self, images: Any, labels: Any) -> float:
        """Train on one batch; the loss before the update."""
        self._optimizer.zero_grad()
        loss = self._loss(self._model(images), labels)
        loss.backward()
        self._optimizer.step()
        return float(loss.item())

    def accuracy(self) -> float:
        """Share of the test split that is predicted rightly now."""
        import torch

        images, labels = self._test.tensors
        with torch.no_grad():
            return float((self._model(images).argmax(dim=1) == labels).double().mean())
