"""One operation alone: which of the operations that a gradient came through is the wrong one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tinytorch_hf.compare.divergence import Finding, look_at
from tinytorch_hf.compare.layers import Layer, Part, Residual, forward
from tinytorch_hf.compare.sides import Key, PyTorchSide, in_tinytorch
from tinytorch_hf.compare.student_side import StudentSide
from tinytorch_hf.formats.arrays import Array


@dataclass(frozen=True)
class Passed:
    """What went through a part of PyTorch's model in one step: its input, and the gradient by its output."""

    x: Array
    gradient: Array


@dataclass(frozen=True)
class Alone:
    """What is wrong with the gradient of a part when it is run alone, and what backward() complained of.

    ``part`` is what was run, None for the loss; ``quantity`` is the parameter that the gradient is by, or "input".
    """

    part: Part | None
    layer: str
    quantity: str
    finding: Finding
    complaint: str

    @property
    def what(self) -> str:
        """The gradient in words."""
        return f"gradient by {'its input' if self.quantity == 'input' else self.quantity}"


def parts_backward(parts: tuple[Part, ...]) -> Iterator[Part]:
    """Parts in the order of the backward pass; the layers of a residual come before the residual itself."""
    for part in reversed(parts):
        if isinstance(part, Residual):
            yield from reversed(part.layers)
        yield part


def run_alone(
    part: Part, passed: Passed, student: StudentSide, pytorch: PyTorchSide, judge: PyTorchSide
) -> Alone | None:
    """Run one part forward and backward on both sides, on what went through it; what is wrong first, or None."""
    theirs, truth = (_backward(side, part, passed) for side in (pytorch, judge))
    found, complaint = student.part_alone(part, passed.x, passed.gradient)
    beside = max(float(np.abs(values).max()) for values in (passed.gradient, *theirs.values()))
    for key, in_float32 in theirs.items():
        finding = look_at(found[key], in_float32, truth[key], beside=beside)
        if finding is not None:
            return Alone(part, *key, finding, complaint)
    return None


def run_loss_alone(
    outputs: Array, y: Array, student: StudentSide, pytorch: PyTorchSide, judge: PyTorchSide
) -> Alone | None:
    """Run the loss forward and backward on both sides, on these outputs of a model; what is wrong, or None."""
    expected, exact = (_loss_gradient(side, outputs, y) for side in (pytorch, judge))
    _, found, complaint = student.loss_alone(outputs, y)
    finding = look_at(found, expected, exact)
    return None if finding is None else Alone(None, student.model.loss, "input", finding, complaint)


def _loss_gradient(side: PyTorchSide, outputs: Array, y: Array) -> Array:
    import torch

    x = side.inputs(outputs).clone().requires_grad_()
    gradient: Array = torch.autograd.grad(side.loss(x, y), x)[0].numpy()
    return gradient


def _backward(side: PyTorchSide, part: Part, passed: Passed) -> dict[Key, Array]:
    """Gradients of a part on PyTorch's side, by layer and quantity, the input's first."""
    import torch

    x = side.inputs(passed.x).clone()
    needs_gradient = x.is_floating_point()
    x.requires_grad_(needs_gradient)
    layers: tuple[Layer, ...] = part.layers if isinstance(part, Residual) else (part,)
    pairs = [(layer, parameter) for layer in layers for parameter in layer.parameters]
    tensors = [side.tensor(layer, parameter) for layer, parameter in pairs]
    output = forward((part,), side.built, x, {})
    wanted = [*([x] if needs_gradient else []), *tensors]
    if not wanted:
        return {}
    gradients = list(torch.autograd.grad(output, wanted, torch.from_numpy(passed.gradient).to(output.dtype)))
    result: dict[Key, Array] = {}
    if needs_gradient:
        result[part.name, "input"] = gradients.pop(0).numpy()
    for (layer, parameter), gradient in zip(pairs, gradients, strict=True):
        result[layer.name, parameter.name] = in_tinytorch(gradient, parameter)
    return result
