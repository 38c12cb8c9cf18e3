"""One operation alone: which of the operations that a gradient came through is the wrong one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.compare import causes
from tinytorch_hf.compare.divergence import Finding, look_at
from tinytorch_hf.compare.layers import Layer, Part, Residual, forward
from tinytorch_hf.compare.sides import PyTorchSide, TinyTorchSide, in_tinytorch
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student.frameworks import blaming


@dataclass(frozen=True)
class Passed:
    """What went through a part of PyTorch's model in one step: its input, and the gradient by its output."""

    x: Array
    gradient: Array


@dataclass(frozen=True)
class Alone:
    """What is wrong with the gradient of a part when it is run alone, and a likely cause.

    ``quantity`` is the parameter that the gradient is by, or "input".
    """

    layer: str
    quantity: str
    finding: Finding
    cause: str

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
    part: Part, passed: Passed, tinytorch: TinyTorchSide, pytorch: PyTorchSide, judge: PyTorchSide
) -> Alone | None:
    """Run one part forward and backward on both sides, on what went through it; what is wrong first, or None."""
    theirs, truth = (_backward(side, part, passed) for side in (pytorch, judge))
    framework = tinytorch.framework
    layers = part.layers if isinstance(part, Residual) else (part,)
    tensors = {
        (layer.name, parameter.name): tinytorch.tensor(layer, parameter)
        for layer in layers
        for parameter in layer.parameters
    }
    for tensor in tensors.values():
        tensor.grad = None
    with blaming(framework, f"running {part.name} alone"):
        needs_gradient = passed.x.dtype != np.int64
        x = framework.Tensor(passed.x, requires_grad=True) if needs_gradient else framework.Tensor(passed.x)
        output = forward((part,), tinytorch.built, x, {})
    complaint = backward_from(output, passed.gradient, framework)
    found: dict[tuple[str, str], Any] = {key: tensor.grad for key, tensor in tensors.items()}
    found[part.name, "input"] = x.grad if needs_gradient else None
    beside = max(float(np.abs(values).max()) for values in (passed.gradient, *theirs.values()))
    for key, in_float32 in theirs.items():
        finding = look_at(found[key], in_float32, truth[key], beside=beside)
        if finding is not None:
            return Alone(*key, finding, _cause(part, key[1], finding, passed, tinytorch, complaint))
    return None


def _cause(
    part: Part, quantity: str, finding: Finding, passed: Passed, tinytorch: TinyTorchSide, complaint: str
) -> str:
    if finding.kind == "missing":
        return missing_cause(complaint)
    if isinstance(part, Residual):
        return "x is used twice, by the layers and by the sum, and both gradients must be added"
    parameters = {p.name: np.asarray(tinytorch.tensor(part, p).data) for p in part.parameters}
    candidates = causes.of_layer(part.kind, passed.x, passed.gradient, parameters).get(quantity)
    return causes.of_values(finding, len(passed.x), candidates)


def run_loss_alone(
    outputs: Array, y: Array, tinytorch: TinyTorchSide, pytorch: PyTorchSide, judge: PyTorchSide
) -> Alone | None:
    """Run the loss forward and backward on both sides, on these outputs of a model; what is wrong, or None."""
    expected, exact = (_loss_gradient(side, outputs, y) for side in (pytorch, judge))
    framework = tinytorch.framework
    with blaming(framework, "running the loss alone"):
        x = framework.Tensor(outputs, requires_grad=True)
        loss = tinytorch.loss(x, framework.Tensor(y))
    complaint = backward_from(loss, np.ones(np.asarray(loss.data).shape, np.float32), framework)
    finding = look_at(x.grad, expected, exact)
    if finding is None:
        return None
    cause = missing_cause(complaint) if finding.kind == "missing" else causes.of_values(finding, y.size)
    return Alone(tinytorch.model.loss, "input", finding, cause)


def _loss_gradient(side: PyTorchSide, outputs: Array, y: Array) -> Array:
    import torch

    x = side.inputs(outputs).clone().requires_grad_()
    gradient: Array = torch.autograd.grad(side.loss(x, y), x)[0].numpy()
    return gradient


def missing_cause(complaint: str) -> str:
    """Why there is no gradient, and what the student's backward() said, if anything."""
    cause = "the graph ends here: the result is made from bare arrays, or requires_grad gets lost"
    return f"{cause} ({complaint})" if complaint else cause


def backward_from(output: Any, gradient: Array, framework: Any) -> str:
    """Start the student's backward pass at an output of several values; what it complains of, or nothing.

    A tensor that knows no way back may refuse; then there are no gradients, which is what is looked at.
    """
    try:
        try:
            output.backward(gradient)
        except TypeError:
            # A backward without an argument starts from a single value.
            (output * framework.Tensor(gradient)).sum().backward()
    except Exception as error:
        return f"backward() raised {type(error).__name__}: {error}"
    return ""


def _backward(side: PyTorchSide, part: Part, passed: Passed) -> dict[tuple[str, str], Array]:
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
    result: dict[tuple[str, str], Array] = {}
    if needs_gradient:
        result[part.name, "input"] = gradients.pop(0).numpy()
    for (layer, parameter), gradient in zip(pairs, gradients, strict=True):
        result[layer.name, parameter.name] = in_tinytorch(gradient, parameter)
    return result
