"""What a report shows beside a verdict: losses of every step, predictions of both sides, the error of each layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.compare import tasks
from tinytorch_hf.compare.divergence import look_at
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.sides import Computed
from tinytorch_hf.compare.tasks import Arrays
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.rounding import largest_magnitude, measure

NOT_RECORDED = "PyTorch's predictions are recorded only for its whole training, and this one had fewer epochs."
_OF_TEXTS = (
    "This model predicts characters, not classes: a confusion matrix would have a row for each character, so it is "
    "left out."
)


@dataclass(frozen=True)
class LayerError:
    """How far a quantity of one layer is from PyTorch's in float64, in one step that both sides start alike.

    Attributes
    ----------
    layer
        Its name in the model, or "loss".
    what
        "output", "value", or "gradient with respect to" a parameter.
    error, allowed
        The largest distance, and how far rounding explains; None where there is no distance.
    problem
        Why there is none, such as that the gradient is missing; or nothing.
    """

    layer: str
    what: str
    error: float | None
    allowed: float | None
    problem: str = ""

    @property
    def is_right(self) -> bool:
        """Whether rounding explains the error."""
        return self.error is not None and self.allowed is not None and self.error <= self.allowed

    @property
    def times(self) -> float | None:
        """The error as a multiple of what rounding explains."""
        if self.error is None or self.allowed is None:
            return None
        return self.error / self.allowed if self.allowed else 0.0 if not self.error else float("inf")


@dataclass(frozen=True, eq=False)
class Predictions:
    """What both sides predict for the test split after the training, as classes.

    Attributes
    ----------
    tinytorch, pytorch
        (N,) int64. PyTorch's may be None, where they are not recorded.
    targets
        (N,) int64, what is right.
    images
        (N, height, width) or (N, 3, height, width) in [0, 1], where the samples are images.
    classes
        What the numbers stand for.
    """

    tinytorch: Array
    pytorch: Array | None
    targets: Array
    images: Array | None
    classes: tuple[str, ...]

    def confusion(self, predicted: Array) -> Array:
        """(classes, classes) int64: how many samples of a class (row) were taken for which (column)."""
        counts = np.zeros((len(self.classes),) * 2, np.int64)
        np.add.at(counts, (self.targets, predicted), 1)
        return counts

    @property
    def differing(self) -> Array:
        """The numbers of the samples for which the two predict different classes."""
        return np.zeros(0, np.int64) if self.pytorch is None else np.flatnonzero(self.tinytorch != self.pytorch)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Everything that a report of a comparison shows beside its verdict.

    Attributes
    ----------
    losses_tinytorch, losses_pytorch
        Of every step.
    predictions
        After the training; None where ``why_none`` says why there are none.
    layer_step
        The step in which the layers were looked at; 0 where none was.
    layers
        Their errors: outputs in the order of the forward pass, the loss, then gradients in the same order.
    """

    losses_tinytorch: tuple[float, ...] = ()
    losses_pytorch: tuple[float, ...] = ()
    predictions: Predictions | None = None
    why_none: str = ""
    layer_step: int = 0
    layers: tuple[LayerError, ...] = ()


def has_classes(arrays: Arrays) -> bool:
    """Whether a sample has one class, as opposed to a text, of which every character is predicted."""
    return bool(arrays.y_test.size == len(arrays.y_test))


def predictions_of(
    settings: Settings, arrays: Arrays, tinytorch: Array, pytorch: Array | None
) -> tuple[Predictions | None, str]:
    """The predictions of both sides; or None, and why there are none.

    Parameters
    ----------
    settings, arrays
        Of the run.
    tinytorch, pytorch
        The classes that they predict.
    """
    if not has_classes(arrays):
        return None, _OF_TEXTS
    dataset = tasks.stored(settings.dataset)
    targets = arrays.y_test.reshape(-1).astype(np.int64)
    names = () if dataset is None else dataset.classes
    known = [predicted for predicted in (tinytorch, pytorch) if predicted is not None]
    n_classes = max(len(names), 1 + max(int(values.max(initial=0)) for values in (targets, *known)))
    classes = (*names, *map(str, range(len(names), n_classes)))
    return Predictions(tinytorch, pytorch, targets, tasks.test_images(settings), classes), ""


def layer_errors(loss: str, mine: Computed, theirs: Computed, exact: Computed) -> Iterator[LayerError]:
    """The error of every layer's output, of the loss and of every gradient.

    Parameters
    ----------
    loss
        The name of the loss.
    mine, theirs, exact
        One step in TinyTorch, in PyTorch, and in PyTorch in float64.
    """
    for name, right in theirs.outputs.items():
        yield _error(name, "output", mine.outputs, name, (right, exact.outputs[name]))
    value = mine.loss
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(())
    yield _error(loss, "value", {} if value is None else {loss: value}, loss, (theirs.loss, exact.loss))
    largest = max((largest_magnitude(gradient) for gradient in theirs.gradients.values()), default=0.0)
    for key, right in theirs.gradients.items():
        what = f"gradient with respect to {key[1]}"
        yield _error(key[0], what, mine.gradients, key, (right, exact.gradients[key]), largest)


def _error(
    layer: str, what: str, mine: Mapping[Any, Any], key: Any, right: Sequence[Array], beside: float = 0.0
) -> LayerError:
    if key not in mine:
        return LayerError(layer, what, None, None, "was not computed")
    in_float32, in_float64 = right
    finding = look_at(mine[key], in_float32, in_float64, beside=beside)
    if finding is not None and finding.kind != "wrong":
        return LayerError(layer, what, None, None, f"{finding.kind}: {finding.detail}")
    if not np.isfinite(in_float32).all():
        return LayerError(layer, what, None, None, "PyTorch's own value is not finite here")
    measured = measure(np.asarray(mine[key]), in_float32, in_float64, beside=beside)
    return LayerError(layer, what, measured.error, measured.allowed)
