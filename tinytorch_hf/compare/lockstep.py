"""Train one model in TinyTorch and in PyTorch beside each other, each on its own."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from tinytorch_hf.compare import pytorch_training
from tinytorch_hf.compare.batches import Batches
from tinytorch_hf.compare.choosing import Choice, Chosen
from tinytorch_hf.compare.divergence import Divergence
from tinytorch_hf.compare.evidence import Evidence, predictions_of
from tinytorch_hf.compare.judging_side import side_of
from tinytorch_hf.compare.listing import wrong_listing
from tinytorch_hf.compare.models import Weights
from tinytorch_hf.compare.own_start import OwnStart, judged_start
from tinytorch_hf.compare.package import Subject
from tinytorch_hf.compare.preparing import Prepared, prepare
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.sides import predictions, share_right
from tinytorch_hf.compare.stepwise import Layers, OnStep, judge_steps
from tinytorch_hf.compare.student_side import StudentSide
from tinytorch_hf.compare.target import Target
from tinytorch_hf.compare.threads import one_thread
from tinytorch_hf.errors import InvalidArgumentError, StudentCodeError
from tinytorch_hf.formats.arrays import Array
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
    """One epoch on both sides: mean loss over its batches, and accuracy on the test split in [0, 1].

    Where there is a validation part, the accuracy is on that, and its mean loss is there, too.
    """

    epoch: int
    loss_tinytorch: float
    loss_pytorch: float
    accuracy_tinytorch: float
    accuracy_pytorch: float
    largest_difference: float
    validation_tinytorch: float | None = None
    validation_pytorch: float | None = None


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
    first_divergence, first_not_finite
        The first step whose losses differ by more than ``tolerance``; and of which just one is finite; or None.
    judge
        "torch", or "recorded" where PyTorch was not asked: its training was read from what is recorded of it.
    parts
        Names of the classes of the package that the model and its training are made of.
    cause
        What goes wrong first, found by going through the steps again with synchronised weights; None while the
        sides agree, or where every operation is right within rounding.
    is_interrupted
        Whether the training was broken off: then there are fewer epochs, or none, and no cause was looked for.
    evidence
        What a report shows beside, where that was asked for.
    n_test
        How many predictions the accuracy on the test split is of.
    chosen_tinytorch, chosen_pytorch
        With a validation part: the epoch that it chose, and the accuracy on the test split with the weights after it.
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
    first_not_finite: Step | None = None
    cause: Divergence | None = None
    tolerance: float = TOLERANCE
    own_start: OwnStart | None = None
    is_interrupted: bool = False
    evidence: Evidence | None = field(default=None, compare=False)
    n_test: int = 0
    chosen_tinytorch: Chosen | None = None
    chosen_pytorch: Chosen | None = None

    @property
    def accuracies(self) -> tuple[float, float] | None:
        """Both sides' accuracy on the test split, after the last epoch or the chosen one; None if it broke off before.

        TinyTorch's comes first.
        """
        if self.chosen_tinytorch is not None and self.chosen_pytorch is not None:
            return self.chosen_tinytorch.accuracy, self.chosen_pytorch.accuracy
        if self.settings.validation or not self.epochs:
            return None
        return self.epochs[-1].accuracy_tinytorch, self.epochs[-1].accuracy_pytorch

    @property
    def agree(self) -> bool:
        """Whether both sides computed the same, up to rounding, and to the end."""
        return self.cause is None and not self.is_interrupted

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
    on_step: OnStep = lambda _done, _total: None,
    with_evidence: bool = False,
    keep_partial: bool = False,
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
    on_step
        Called now and then with the number of steps that TinyTorch has been trained, and how many there are.
    with_evidence
        Whether to keep what a report shows beside the verdict; one more step is judged for it.
    keep_partial
        Whether Ctrl-C ends with what is known so far, instead of raising KeyboardInterrupt.

    Raises
    ------
    UnknownNameError, InvalidArgumentError, MissingExtraError, CorruptFileError
        As for `prepare`.
    StudentCodeError
        The student's TinyTorch raised an error, or its DataLoader gave other numbers than it was given.
    """
    if own_start and settings.validation:
        raise InvalidArgumentError(
            "A start of your own is judged by the test split before and after the training, at which a validation part "
            "lets nobody look. Leave out one of the two."
        )
    pytorch_training.require(settings, own_start)
    with prepare(settings, target) as prepared, one_thread():
        on_start(prepared.package.subject)
        return _trained(prepared, own_start, on_epoch, on_step, with_evidence, keep_partial)


def _trained(
    prepared: Prepared,
    own_start: bool,
    on_epoch: Callable[[Epoch], None],
    on_step: OnStep,
    with_evidence: bool,
    keep_partial: bool,
) -> Comparison:
    settings, model, arrays = prepared.settings, prepared.model, prepared.arrays
    tinytorch = StudentSide(
        prepared.package, settings, model, None if own_start else model.initial_weights(settings.seed)
    )
    weights = tinytorch.weights() if own_start else model.initial_weights(settings.seed)
    watched, split = arrays.watched, "val" if settings.validation else "test"
    pytorch = pytorch_training.pytorch_training(settings, model, weights, watched, prepared.fingerprint)
    choice = None
    if settings.validation and isinstance(pytorch, pytorch_training.Live):
        choice = Choice(model, arrays, settings.patience, tinytorch, pytorch)
    n_outputs, *rest = side_of(settings, model, weights).outputs(arrays.X_test[:1]).shape
    batches = Batches(settings, arrays)
    # Nothing is trained that the student's own parameters() leaves out, which needs no training to be seen.
    is_listed = wrong_listing(model, tinytorch.listings) is None and not any(tinytorch.strangers)

    def outputs(X: Array, of: str) -> Array:
        return tinytorch.outputs(X, (n_outputs * len(X), *rest), of)

    epochs: list[Epoch] = []
    all_steps: list[Step] = []
    first_divergence = cause = start = predicted = None
    chosen_ones: tuple[Chosen | None, Chosen | None] = (None, None)
    layers, is_interrupted = Layers(prepared), False
    try:
        before = share_right(outputs(arrays.X_test, "test"), arrays.y_test) if own_start else None
        for number in range(1, settings.epochs + 1):
            done = tinytorch.n_steps
            with _explaining(prepared, tinytorch, weights):
                losses = tinytorch.train(number, batches, lambda done: on_step(done, batches.n_steps))
                theirs, their_accuracy = pytorch.epoch(number)
                given = outputs(watched.X_test, split)
            steps = [
                Step(number, done + at, mine, right)
                for at, (mine, right) in enumerate(zip(losses, theirs, strict=True), 1)
            ]
            apart = (step for step in steps if step.difference > TOLERANCE)
            first_divergence = first_divergence or next(apart, None)
            all_steps += steps
            seen = choice.see(given) if choice else (None, None)
            epochs.append(_summary(steps, share_right(given, watched.y_test), their_accuracy, seen))
            on_epoch(epochs[-1])
            if choice and choice.is_over:
                break
        if choice:
            choice.restore()
            given = outputs(arrays.X_test, "test")
            chosen_ones = choice.made(given)
        predicted = predictions(given)
        end = tinytorch.weights() if own_start else []
        if first_divergence or not is_listed:
            cause = judge_steps(prepared, first_divergence.step if first_divergence else 1, weights, layers.see)[1]
        elif with_evidence:
            # The verdict stands; this is for the picture alone.
            with contextlib.suppress(StudentCodeError):
                judge_steps(prepared, 1, weights, layers.see)
        if before is not None:
            start = judged_start(prepared, weights, end, before, epochs[-1].accuracy_tinytorch)
    except KeyboardInterrupt:
        if not keep_partial:
            raise
        is_interrupted = True
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
        largest_difference=max((epoch.largest_difference for epoch in epochs), default=0.0),
        first_divergence=first_divergence,
        first_not_finite=next((step for step in all_steps if math.isinf(step.difference)), None),
        cause=cause,
        tolerance=TOLERANCE,
        own_start=start,
        is_interrupted=is_interrupted,
        n_test=arrays.y_test.size,
        chosen_tinytorch=chosen_ones[0],
        chosen_pytorch=chosen_ones[1],
        evidence=_evidence(prepared, all_steps, predicted, pytorch, layers) if with_evidence else None,
    )


def _evidence(
    prepared: Prepared,
    steps: Sequence[Step],
    predicted: Array | None,
    pytorch: pytorch_training.PyTorchTraining,
    layers: Layers,
) -> Evidence:
    """What a report shows; where the training was broken off, there are no predictions."""
    found, why = None, "The training did not come to its end."
    if predicted is not None:
        found, why = predictions_of(prepared.settings, prepared.arrays, predicted, pytorch.predictions())
    return Evidence(
        tuple(step.loss_tinytorch for step in steps),
        tuple(step.loss_pytorch for step in steps),
        found,
        why,
        layers.step,
        layers.errors(),
    )


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


def _summary(
    steps: list[Step],
    accuracy_tinytorch: float,
    accuracy_pytorch: float,
    validation: tuple[float | None, float | None],
) -> Epoch:
    return Epoch(
        steps[-1].epoch,
        float(np.mean([step.loss_tinytorch for step in steps])),
        float(np.mean([step.loss_pytorch for step in steps])),
        accuracy_tinytorch,
        accuracy_pytorch,
        max(step.difference for step in steps),
        *validation,
    )
