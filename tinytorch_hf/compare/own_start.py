"""Whether a training learns that starts from what the student's own layers start from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tinytorch_hf.compare.batches import Batches
from tinytorch_hf.compare.judging_side import side_of
from tinytorch_hf.compare.layers import Layer
from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.compare.preparing import Prepared
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.sides import share_right
from tinytorch_hf.compare.tasks import Arrays
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.cause import Cause

# Standard deviations that an accuracy has to be above chance to be called learned.
_DEVIATIONS = 3
# What weights of equal units may differ by, relative to the largest, as sums are rounded otherwise in each place.
_ROUNDING = 1e-4
# Initial weights may be this many times larger or smaller than TinyTorch's before they are spoken of.
_SCALE = 3.0


@dataclass(frozen=True)
class OwnStart:
    """What came of a training from the student's own initial weights; accuracies on the test split, in [0, 1].

    Attributes
    ----------
    before, after
        TinyTorch's accuracy.
    chance
        The share of the most frequent target.
    learns
        Whether the accuracy after is above chance.
    usual
        Where it does not learn: PyTorch's accuracy after the same training from the usual initial weights.
    usual_learns
        Whether that is above chance.
    cause
        What is wrong with the initial weights, if that can be told.
    """

    before: float
    after: float
    chance: float
    learns: bool
    usual: float | None = None
    usual_learns: bool = False
    cause: Cause | None = None

    @property
    def is_at_fault(self) -> bool:
        """Whether the start is why it does not learn, or some of the model never can."""
        return self.cause is not None or (not self.learns and self.usual_learns)


def judged_start(prepared: Prepared, start: Weights, end: Weights, before: float, after: float) -> OwnStart:
    """Judge a training by its weights at the start and at the end, and by its accuracies."""
    arrays = prepared.arrays
    chance = _chance(arrays.y_test)
    learns = _is_above(after, chance, arrays.y_test.size)
    equal = stays_equal(prepared.model, start, end)
    cause = _equal_weights(equal)
    if learns:
        return OwnStart(before, after, chance, learns, cause=cause)
    usual = _usual(prepared.settings, prepared.model, arrays)
    usual_learns = _is_above(usual, chance, arrays.y_test.size)
    if cause is None and usual_learns:
        # Rounding alone may part them in the end. The units of the last layer are parted by what they are trained to.
        *hidden, _ = [layer.name for layer in prepared.model.layers if layer.parameters]
        equal = [name for name in stays_equal(prepared.model, start, start) if name in hidden]
        cause = _equal_weights(equal) or _other_scale(prepared.model, start)
    return OwnStart(before, after, chance, learns, usual, usual_learns, cause)


def _equal_weights(names: list[str]) -> Cause | None:
    return Cause("WEIGHTS-EQUAL", " and ".join(names)) if names else None


def stays_equal(model: Model, start: Weights, end: Weights) -> list[str]:
    """Names of the layers all of whose units are equal at the start and at the end."""
    return [
        layer.name
        for layer, first, last in zip(model.layers, start, end, strict=True)
        if _has_equal_units(layer, first) and _has_equal_units(layer, last)
    ]


def _has_equal_units(layer: Layer, values: list[Array]) -> bool:
    """Whether a Linear or a Conv2d has several units, all with the same weights and biases."""
    if not layer.kind.startswith(("Linear", "Conv2d")):
        return False
    axis = 1 if layer.kind.startswith("Linear") else 0
    by_unit = [np.moveaxis(value, axis if value.ndim > 1 else 0, 0) for value in values]
    largest = max(float(np.abs(value).max()) for value in by_unit)
    return len(by_unit[0]) > 1 and all(float(np.ptp(value, axis=0).max()) <= _ROUNDING * largest for value in by_unit)


def _other_scale(model: Model, start: Weights) -> Cause | None:
    """The first weights that are far larger or smaller than TinyTorch's."""
    for layer, values in zip(model.layers, start, strict=True):
        for parameter, value in zip(layer.parameters, values, strict=True):
            if isinstance(parameter.start, str) or not parameter.start:
                continue
            spread = float(np.std(value))
            if not 1 / _SCALE <= spread / parameter.start <= _SCALE:
                where = f"{layer.name}.{parameter.name}"
                return Cause(
                    "INITIALISATION-SCALE",
                    f"{where} has the standard deviation {spread:.2g}, TinyTorch's {parameter.start:.2g}",
                )
    return None


def _usual(settings: Settings, model: Model, arrays: Arrays) -> float:
    """PyTorch's accuracy after the same training from the usual initial weights."""
    side, batches = side_of(settings, model, model.initial_weights(settings.seed)), Batches(settings, arrays)
    for number in range(1, settings.epochs + 1):
        for batch in batches.epoch(number):
            side.step(batch.X, batch.y)
    return share_right(side.outputs(arrays.X_test), arrays.y_test)


def _chance(y: Array) -> float:
    _, counts = np.unique(y, return_counts=True)
    return float(counts.max() / y.size)


def _is_above(accuracy: float, chance: float, n: int) -> bool:
    return accuracy > chance + _DEVIATIONS * math.sqrt(chance * (1 - chance) / n)
