"""Train one model in TinyTorch and in PyTorch, step by step beside each other."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.as_tinytorch import read_back
from tinytorch_hf.compare.models import MODELS
from tinytorch_hf.compare.settings import Settings, optimizer_choice
from tinytorch_hf.compare.sides import PyTorchSide, TinyTorchSide
from tinytorch_hf.describe import fingerprints
from tinytorch_hf.errors import CorruptFileError, MissingExtraError, StudentCodeError, UnknownNameError
from tinytorch_hf.frameworks import BRIDGE_PARTS, Framework, blaming, find_framework

# Free-running losses of two correct float32 implementations differ by rounding, some 5e-7 on these models.
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Step:
    """Losses of both sides at one step; epoch and step count from 1, steps through the whole run."""

    epoch: int
    step: int
    loss_tinytorch: float
    loss_pytorch: float

    @property
    def difference(self) -> float:
        """Absolute difference of the losses; infinite if either is not a number."""
        difference = abs(self.loss_tinytorch - self.loss_pytorch)
        return math.inf if math.isnan(difference) else difference


@dataclass(frozen=True)
class Epoch:
    """One epoch on both sides: mean loss over its batches, and accuracy on the test split in [0, 1]."""

    epoch: int
    loss_tinytorch: float
    loss_pytorch: float
    accuracy_tinytorch: float
    accuracy_pytorch: float
    largest_difference: float


@dataclass(frozen=True)
class Comparison:
    """The result of a run.

    Attributes
    ----------
    agree
        Whether the losses of all steps differ by at most ``tolerance``.
    largest_difference
        Over all steps.
    first_divergence
        The first step whose losses differ by more than ``tolerance``, or None.
    """

    settings: Settings
    model: str
    fingerprint: str
    framework: Framework
    torch_version: str
    epochs: list[Epoch] = field(default_factory=list)
    n_steps: int = 0
    largest_difference: float = 0.0
    first_divergence: Step | None = None
    tolerance: float = TOLERANCE

    @property
    def agree(self) -> bool:
        """Whether both sides computed the same, up to rounding."""
        return self.first_divergence is None


def run(settings: Settings, on_epoch: Callable[[Epoch], None] = lambda _: None) -> Comparison:
    """Train on both sides from the same weights on the same batches in the same order.

    First both sides' data are proven by fingerprint to be the catalog's. Then each trains on its own:
    nothing is exchanged after the initial weights. Torch runs on the CPU.

    Parameters
    ----------
    settings
        Dataset and training settings.
    on_epoch
        Called after each epoch.

    Raises
    ------
    UnknownNameError
        No such dataset, or no model for it, or no such optimizer.
    MissingExtraError
        torch is not installed.
    CorruptFileError
        A side does not hold the catalog's numbers.
    StudentCodeError
        The student's TinyTorch raised an error, or its DataLoader gave other numbers than it was given.
    """
    catalog.info(settings.dataset)
    if settings.dataset not in MODELS:
        raise UnknownNameError("model for dataset", settings.dataset, MODELS)
    optimizer = optimizer_choice(settings.optimizer)
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError("torch", "compare", error) from error

    framework = find_framework((*BRIDGE_PARTS, "Linear", "ReLU", "CrossEntropyLoss", optimizer.class_name))
    prove_same_numbers(settings.dataset, framework)
    model = MODELS[settings.dataset]
    weights = model.initial_weights(settings.seed)
    tinytorch = TinyTorchSide(settings, weights, framework)
    pytorch = PyTorchSide(settings, weights)

    epochs: list[Epoch] = []
    first_divergence = None
    n_steps = 0
    with _one_thread():
        for number in range(1, settings.epochs + 1):
            steps = []
            for batch_tinytorch, batch_pytorch in _same_batches(tinytorch, pytorch, number):
                n_steps += 1
                step = Step(number, n_steps, tinytorch.step(*batch_tinytorch), pytorch.step(*batch_pytorch))
                steps.append(step)
                if first_divergence is None and step.difference > TOLERANCE:
                    first_divergence = step
            epochs.append(_summary(steps, tinytorch.accuracy(), pytorch.accuracy()))
            on_epoch(epochs[-1])
    return Comparison(
        settings=settings,
        model=str(model),
        fingerprint=catalog.info(settings.dataset).fingerprint,
        framework=framework,
        torch_version=torch.__version__,
        epochs=epochs,
        n_steps=n_steps,
        largest_difference=max(epoch.largest_difference for epoch in epochs),
        first_divergence=first_divergence,
    )


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch compute on one thread: on matrices this small, several only wait for each other."""
    import torch

    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


def _summary(steps: list[Step], accuracy_tinytorch: float, accuracy_pytorch: float) -> Epoch:
    return Epoch(
        steps[-1].epoch,
        float(np.mean([step.loss_tinytorch for step in steps])),
        float(np.mean([step.loss_pytorch for step in steps])),
        accuracy_tinytorch,
        accuracy_pytorch,
        max(step.difference for step in steps),
    )


def prove_same_numbers(name: str, framework: Framework) -> None:
    """Raise unless the data behind PyTorch's adapter and behind TinyTorch's bridge are the catalog's."""
    from tinytorch_hf.as_torch.read_back import from_tensors

    found, expected = fingerprints(name, from_tensors(name))
    if found != expected:
        raise CorruptFileError(f"PyTorch's side does not hold the numbers of {name} that the catalog states.")
    found, expected = fingerprints(name, read_back(name, framework))
    if found != expected:
        raise StudentCodeError(
            f"The DataLoader of {framework.name} gave other numbers than {name} holds. Look at how it collects "
            f"samples into batches, before anything else. The package is at {framework.location}."
        )


def _same_batches(tinytorch: TinyTorchSide, pytorch: PyTorchSide, epoch: int) -> Iterator[tuple[Any, Any]]:
    """Pair the batches of one epoch; raise StudentCodeError if TinyTorch's differ from PyTorch's."""
    framework = tinytorch.framework
    ours, theirs = iter(pytorch.batches(epoch)), iter(tinytorch.batches(epoch))
    for number in itertools.count(1):
        with blaming(framework, f"its DataLoader made batch {number} of epoch {epoch}"):
            batch_tinytorch = next(theirs, None)
        batch_pytorch = next(ours, None)
        if batch_tinytorch is None and batch_pytorch is None:
            return
        if not _equal(batch_tinytorch, batch_pytorch):
            raise StudentCodeError(
                f"Batch {number} of epoch {epoch} from the DataLoader of {framework.name} is not the batch it "
                f"was given: wrong samples, order, shape or number of batches. The package is at "
                f"{framework.location}."
            )
        yield batch_tinytorch, batch_pytorch


def _equal(batch_tinytorch: Any, batch_pytorch: Any) -> bool:
    if batch_tinytorch is None or batch_pytorch is None:
        return False
    images, labels = batch_pytorch
    return np.array_equal(batch_tinytorch[0].data, images.squeeze(1).numpy()) and np.array_equal(
        batch_tinytorch[1].data, labels.numpy()
    )
