"""Train one model in TinyTorch and in PyTorch beside each other, each on its own."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from tinytorch_hf.compare import synchronised
from tinytorch_hf.compare.divergence import Divergence
from tinytorch_hf.compare.preparing import Prepared, prepare
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.sides import Batches, PyTorchSide, TinyTorchSide
from tinytorch_hf.errors import StudentCodeError
from tinytorch_hf.student.frameworks import Framework

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
        Whether both sides computed the same up to rounding: their losses stay within ``tolerance``, or no step
        differs when both start it from the same weights.
    largest_difference
        Over all steps.
    first_divergence
        The first step whose losses differ by more than ``tolerance``, or None.
    cause
        What goes wrong first, found by going through the steps again with synchronised weights; None while the
        sides agree, or where every operation is right within rounding.
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
    cause: Divergence | None = None
    tolerance: float = TOLERANCE

    @property
    def agree(self) -> bool:
        """Whether both sides computed the same, up to rounding."""
        return self.first_divergence is None or self.cause is None


def run(settings: Settings, on_epoch: Callable[[Epoch], None] = lambda _: None) -> Comparison:
    """Train on both sides from the same weights on the same batches in the same order.

    Each side trains on its own: nothing is exchanged after the initial weights. Torch runs on the CPU. Where the
    losses part, `synchronised` goes through the same steps again and names what goes wrong first.

    Parameters
    ----------
    settings
        Dataset and training settings.
    on_epoch
        Called after each epoch.

    Raises
    ------
    UnknownNameError, MissingExtraError, CorruptFileError
        As for `prepare`.
    StudentCodeError
        The student's TinyTorch raised an error, or its DataLoader gave other numbers than it was given.
    """
    prepared = prepare(settings)
    import torch

    weights = prepared.model.initial_weights(settings.seed)
    tinytorch = TinyTorchSide(settings, prepared.model, weights, prepared.framework)
    pytorch = PyTorchSide(settings, prepared.model, weights)
    batches = Batches(settings, prepared.arrays, prepared.framework)
    test = prepared.arrays.X_test, prepared.arrays.y_test

    epochs: list[Epoch] = []
    first_divergence = None
    n_steps = 0
    with one_thread():
        for number in range(1, settings.epochs + 1):
            steps = []
            for batch_tinytorch, batch_pytorch in batches.epoch(number):
                n_steps += 1
                with _explaining(prepared, n_steps):
                    loss_tinytorch = tinytorch.step(*batch_tinytorch)
                step = Step(number, n_steps, loss_tinytorch, pytorch.step(*batch_pytorch))
                steps.append(step)
                if first_divergence is None and step.difference > TOLERANCE:
                    first_divergence = step
            epochs.append(_summary(steps, tinytorch.accuracy(*test), pytorch.accuracy(*test)))
            on_epoch(epochs[-1])
    return Comparison(
        settings=settings,
        model=str(prepared.model),
        fingerprint=prepared.fingerprint,
        framework=prepared.framework,
        torch_version=torch.__version__,
        epochs=epochs,
        n_steps=n_steps,
        largest_difference=max(epoch.largest_difference for epoch in epochs),
        first_divergence=first_divergence,
        cause=None if first_divergence is None else judge_steps(prepared, first_divergence.step)[1],
    )


@contextlib.contextmanager
def _explaining(prepared: Prepared, n_steps: int) -> Iterator[None]:
    """Add to an error of the student's code what went wrong before it, if anything did."""
    try:
        yield
    except StudentCodeError as error:
        first = None
        with contextlib.suppress(StudentCodeError):
            _, first = judge_steps(prepared, n_steps)
        if first is None:
            raise
        raise StudentCodeError(
            f"{error}\nBefore that, in step {first.step}, {first.layer}: {first.what}, {first.kind}: "
            f"{first.finding.detail}. {first.cause}".rstrip()
        ) from error


@dataclass(frozen=True)
class Judgement:
    """The result of judging each step alone: how many were judged, and what differs first, or None."""

    settings: Settings
    model: str
    fingerprint: str
    framework: Framework
    torch_version: str
    n_steps: int
    divergence: Divergence | None

    @property
    def agree(self) -> bool:
        """Whether no step differs."""
        return self.divergence is None


def judge(settings: Settings) -> Judgement:
    """Judge every step of a training with synchronised weights, up to the first that differs.

    Raises
    ------
    UnknownNameError, MissingExtraError, CorruptFileError, StudentCodeError
        As for `run`.
    """
    prepared = prepare(settings)
    import torch

    n_steps, divergence = judge_steps(prepared)
    return Judgement(
        settings,
        str(prepared.model),
        prepared.fingerprint,
        prepared.framework,
        torch.__version__,
        n_steps,
        divergence,
    )


def judge_steps(prepared: Prepared, max_steps: float = math.inf) -> tuple[int, Divergence | None]:
    """Judge steps up to the first that differs: how many were judged, and what differs in the last of them."""
    settings = prepared.settings
    step = 0
    with one_thread():
        judge_of_steps = synchronised.Judge(settings, prepared.model, prepared.framework)
        batches = Batches(settings, prepared.arrays, prepared.framework)
        for number in range(1, settings.epochs + 1):
            for batch_tinytorch, batch_pytorch in batches.epoch(number):
                step += 1
                divergence = judge_of_steps.step(step, batch_tinytorch, batch_pytorch)
                if divergence is not None or step >= max_steps:
                    return step, divergence
    return step, None


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
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
