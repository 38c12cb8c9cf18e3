"""Train one model in TinyTorch and in PyTorch beside each other, each on its own."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from tinytorch_hf.compare import pytorch_training
from tinytorch_hf.compare.batches import Batches
from tinytorch_hf.compare.divergence import Divergence
from tinytorch_hf.compare.judging_side import side_of
from tinytorch_hf.compare.listing import wrong_listing
from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.compare.own_start import OwnStart, judged_start
from tinytorch_hf.compare.package import Subject
from tinytorch_hf.compare.preparing import Prepared, prepare
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.sides import share_right
from tinytorch_hf.compare.stepwise import judge_steps
from tinytorch_hf.compare.student_side import StudentSide
from tinytorch_hf.compare.target import Target
from tinytorch_hf.compare.tasks import Arrays
from tinytorch_hf.compare.threads import one_thread
from tinytorch_hf.errors import InvalidArgumentError, StudentCodeError
from tinytorch_hf.judging.judges import chosen

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
        """Absolute difference of the losses; infinite if one is not a number, 0 if none of both is finite."""
        if not (math.isfinite(self.loss_tinytorch) or math.isfinite(self.loss_pytorch)):
            return 0.0
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
        differs when both start it from the same weights; and nothing that is to be trained is left out.
    largest_difference
        Over all steps.
    first_divergence
        The first step whose losses differ by more than ``tolerance``, or None.
    judge
        "torch", or "recorded" where PyTorch was not asked: its training was read from what is recorded of it.
    parts
        Names of the classes of the package that the model and its training are made of.
    cause
        What goes wrong first, found by going through the steps again with synchronised weights; None while the
        sides agree, or where every operation is right within rounding.
    """

    settings: Settings
    model: str
    fingerprint: str
    framework: Subject
    torch_version: str
    judge: str = "torch"
    parts: tuple[str, ...] = ()
    epochs: list[Epoch] = field(default_factory=list)
    n_steps: int = 0
    largest_difference: float = 0.0
    first_divergence: Step | None = None
    cause: Divergence | None = None
    tolerance: float = TOLERANCE
    own_start: OwnStart | None = None

    @property
    def agree(self) -> bool:
        """Whether both sides computed the same, up to rounding."""
        return self.cause is None

    @property
    def is_isolated(self) -> bool:
        """Whether no code of the user's ran in this process; if it did, the verdict is no ground for a grade."""
        return not self.framework.not_isolated

    @property
    def is_right(self) -> bool:
        """Whether both sides agree, and the student's own start, if it was judged, is no reason not to learn."""
        return self.agree and (self.own_start is None or not self.own_start.is_at_fault)


def run(
    settings: Settings,
    on_epoch: Callable[[Epoch], None] = lambda _: None,
    *,
    target: Target | None = None,
    own_start: bool = False,
    on_start: Callable[[Subject], None] = lambda _: None,
) -> Comparison:
    """Train on both sides from the same weights on the same batches in the same order.

    Each side trains on its own: nothing is exchanged after the initial weights. Torch runs on the CPU. Where the
    losses part, `synchronised` goes through the same steps again and names what goes wrong first.

    Parameters
    ----------
    settings
        Dataset and training settings.
    on_epoch
        Called after each epoch.
    target
        Which TinyTorch; by default the package tinytorch, or the reference where there is none.
    own_start
        Whether both sides start from what the student's own layers start from, and it is judged whether that learns.
    on_start
        Called with what is compared, before it is trained.

    Raises
    ------
    UnknownNameError, InvalidArgumentError, MissingExtraError, CorruptFileError
        As for `prepare`.
    StudentCodeError
        The student's TinyTorch raised an error, or its DataLoader gave other numbers than it was given.
    """
    pytorch_training.require(settings, own_start)
    with prepare(settings, target) as prepared, one_thread():
        on_start(prepared.package.subject)
        return _trained(prepared, own_start, on_epoch)


def _trained(prepared: Prepared, own_start: bool, on_epoch: Callable[[Epoch], None]) -> Comparison:
    settings, model, arrays = prepared.settings, prepared.model, prepared.arrays
    tinytorch = StudentSide(
        prepared.package, settings, model, None if own_start else model.initial_weights(settings.seed)
    )
    weights = tinytorch.weights() if own_start else model.initial_weights(settings.seed)
    pytorch = pytorch_training.pytorch_training(settings, model, weights, arrays, prepared.fingerprint)
    shape = _shape_of_outputs(settings, model, weights, arrays)
    batches = Batches(settings, arrays)
    # Nothing is trained that the student's own parameters() leaves out, which needs no training to be seen.
    is_listed = wrong_listing(model, tinytorch.listings) is None and not any(tinytorch.strangers)

    def accuracy() -> float:
        return share_right(tinytorch.outputs(arrays.X_test, shape), arrays.y_test)

    before = accuracy() if own_start else None
    epochs: list[Epoch] = []
    first_divergence = None
    for number in range(1, settings.epochs + 1):
        done = tinytorch.n_steps
        with _explaining(prepared, tinytorch, weights):
            losses = tinytorch.train(number, batches)
            theirs, their_accuracy = pytorch.epoch(number)
            my_accuracy = accuracy()
        steps = [
            Step(number, done + at, mine, right) for at, (mine, right) in enumerate(zip(losses, theirs, strict=True), 1)
        ]
        apart = (step for step in steps if step.difference > TOLERANCE)
        first_divergence = first_divergence or next(apart, None)
        epochs.append(_summary(steps, my_accuracy, their_accuracy))
        on_epoch(epochs[-1])
    end = tinytorch.weights() if own_start else []
    cause = None
    if first_divergence or not is_listed:
        cause = judge_steps(prepared, first_divergence.step if first_divergence else 1, weights)[1]
    return Comparison(
        settings=settings,
        model=str(model),
        fingerprint=prepared.fingerprint,
        framework=prepared.package.subject,
        torch_version=pytorch_training.version(),
        judge=chosen(),
        parts=prepared.parts,
        epochs=epochs,
        n_steps=tinytorch.n_steps,
        largest_difference=max(epoch.largest_difference for epoch in epochs),
        first_divergence=first_divergence,
        cause=cause,
        tolerance=TOLERANCE,
        own_start=None
        if before is None
        else judged_start(prepared, weights, end, before, epochs[-1].accuracy_tinytorch),
    )


def _shape_of_outputs(settings: Settings, model: Model, weights: Weights, arrays: Arrays) -> tuple[int, ...]:
    """The shape of what the model gives for the test split."""
    n, *rest = side_of(settings, model, weights).outputs(arrays.X_test[:1]).shape
    return n * len(arrays.X_test), *rest


@contextlib.contextmanager
def _explaining(prepared: Prepared, tinytorch: StudentSide, weights: Weights) -> Iterator[None]:
    """Add to an error of the student's code what went wrong before it, if anything did."""
    try:
        yield
    except StudentCodeError as error:
        first = None
        with contextlib.suppress(StudentCodeError, InvalidArgumentError):
            _, first = judge_steps(prepared, tinytorch.n_steps + 1, weights)
        if first is None:
            raise
        before = f"in step {first.step}" if first.step else "in what is to be trained"
        raise StudentCodeError(
            f"{error}\nBefore that, {before}, {first.layer}: {first.what}, {first.kind}: {first.finding.detail}. "
            f"{first.cause}".rstrip()
        ) from error


def _summary(steps: list[Step], accuracy_tinytorch: float, accuracy_pytorch: float) -> Epoch:
    return Epoch(
        steps[-1].epoch,
        float(np.mean([step.loss_tinytorch for step in steps])),
        float(np.mean([step.loss_pytorch for step in steps])),
        accuracy_tinytorch,
        accuracy_pytorch,
        max(step.difference for step in steps),
    )
