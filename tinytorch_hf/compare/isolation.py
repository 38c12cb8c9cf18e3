"""One operation alone: which of the operations that a gradient came through is the wrong one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tinytorch_hf.compare.divergence import Finding, look_at
from tinytorch_hf.compare.layers import Part, Residual
from tinytorch_hf.compare.sides import Side
from tinytorch_hf.compare.student_side import StudentSide
from tinytorch_hf.formats.arrays import Array


@dataclass(frozen=True)
class Passed:
    """What went through a part of PyTorch's model in one step: its input, and the gradient that arrived."""

    x: Array
    gradient: Array


@dataclass(frozen=True)
class Alone:
    """What is wrong with the gradient of a part when it is run alone, and what backward() complained of.

    ``part`` is what was run, None for the loss; ``quantity`` is the parameter that the gradient is
    with respect to, or "input".
    """

    part: Part | None
    layer: str
    quantity: str
    finding: Finding
    complaint: str

    @property
    def what(self) -> str:
        """The gradient in words."""
        return f"gradient with respect to {'its input' if self.quantity == 'input' else self.quantity}"


def parts_backward(parts: tuple[Part, ...]) -> Iterator[Part]:
    """Parts in the order of the backward pass; the layers of a residual come before the residual itself."""
    for part in reversed(parts):
        if isinstance(part, Residual):
            yield from reversed(part.layers)
        yield part


def run_alone(part: Part, passed: Passed, student: StudentSide, pytorch: Side, judge: Side) -> Alone | None:
    """Run one part forward and backward on both sides, on what went through it; what is wrong first, or None."""
    theirs, truth = (side.part_gradients(part, passed.x, passed.gradient) for side in (pytorch, judge))
    found, complaint = student.part_alone(part, passed.x, passed.gradient)
    beside = max(float(np.abs(values).max()) for values in (passed.gradient, *theirs.values()))
    for key, in_float32 in theirs.items():
        finding = look_at(found[key], in_float32, truth[key], beside=beside)
        if finding is not None:
            return Alone(part, *key, finding, complaint)
    return None


def run_loss_alone(outputs: Array, y: Array, student: StudentSide, pytorch: Side, judge: Side) -> Alone | None:
    """Run the loss forward and backward on both sides, on these outputs of a model; what is wrong, or None."""
    expected, exact = (side.loss_and_gradient(outputs, y)[1] for side in (pytorch, judge))
    _, found, complaint = student.loss_alone(outputs, y)
    finding = look_at(found, expected, exact)
    return None if finding is None else Alone(None, student.model.loss, "input", finding, complaint)
