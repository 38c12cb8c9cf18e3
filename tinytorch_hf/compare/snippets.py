"""A few lines that show a defect without data or training, checked to show it before they are offered."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch_hf.compare.divergence import look_at
from tinytorch_hf.compare.isolation import Passed, run_alone, run_loss_alone
from tinytorch_hf.compare.layers import KINDS, Layer
from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.compare.settings import Settings, optimizer_choice
from tinytorch_hf.compare.sides import PyTorchSide, TinyTorchSide
from tinytorch_hf.errors import StudentCodeError
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student.frameworks import Framework, blaming

_WEIGHTS = (
    "for p in layer.parameters(): p.data = np.linspace(-1, 1, p.data.size, dtype=np.float32).reshape(p.data.shape)"
)

# The smallest useful case of each kind: the layer's arguments, the shape of its input, and how it is written.
_SMALL: dict[str, tuple[tuple[Any, ...], tuple[int, ...], str, str]] = {
    "Linear": ((3, 2), (2, 3), "Linear(3, 2)", "layer(x)"),
    "LinearWithoutBias": ((3, 2), (2, 3), "Linear(3, 2, bias=False)", "layer(x)"),
    "ReLU": ((), (2, 3), "ReLU()", "layer(x)"),
    "Sigmoid": ((), (2, 3), "Sigmoid()", "layer(x)"),
    "GELU": ((), (2, 3), "GELU()", "layer(x)"),
    "Conv2d": ((1, 2, 3), (1, 1, 4, 5), "Conv2d(1, 2, 3)", "layer(x)"),
    "MaxPool2d": ((2,), (1, 1, 4, 5), "MaxPool2d(2, 2)", "layer(x)"),
    "LayerNorm": ((4,), (2, 4), "LayerNorm(4)", "layer(x)"),
    "CausalAttention": (
        (4, 2),
        (1, 3, 4),
        "MultiHeadAttention(4, 2)",
        "layer(x, Tensor(np.tril(np.ones((1, 3, 3)))))",
    ),
    "Flatten": ((), (2, 2, 2), "", "x.reshape(2, -1)"),
    "Positions to rows": ((), (2, 2, 2), "", "x.reshape(4, 2)"),
}


def snippet(name: str, stage: str, settings: Settings, model: Model, tinytorch: TinyTorchSide) -> str:
    """Lines of Python that show what diverged; empty where small numbers do not show it.

    Parameters
    ----------
    name
        Of the layer, of the loss, or of the optimizer's class.
    stage
        "forward", "loss", "gradient" or "update".
    settings, model, tinytorch
        Of the run.
    """
    framework = tinytorch.framework
    try:
        optimizer = optimizer_choice(settings.optimizer)
        if stage == "update":
            return _of_optimizer(settings, framework)
        if name == optimizer.class_name:
            return _of_zero_grad(name, framework)
        if name == model.loss:
            return _of_loss(stage, settings, model, framework)
        layers = {layer.name: layer for layer in model.layers}
        if name in layers and layers[name].kind in _SMALL:
            return _of_layer(layers[name].kind, stage, settings, model.loss, framework)
    except StudentCodeError:
        # What fails on small numbers too is said by its own message.
        return ""
    return ""


def _imports(framework: Framework, *names: str) -> str:
    lines = ["import numpy as np"]
    lines += [f"from {framework.parts[name].__module__} import {name}" for name in ("Tensor", *names)]
    return "\n".join(lines)


def _array(values: Array) -> str:
    return str(np.round(values.astype(np.float64), 7).tolist())


def _ramp(shape: tuple[int, ...]) -> str:
    return f"np.linspace(-1, 1, {int(np.prod(shape))}, dtype=np.float32).reshape{shape}"


def _ramp_of(shape: tuple[int, ...]) -> Array:
    return np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)


def _of_layer(kind: str, stage: str, settings: Settings, loss: str, framework: Framework) -> str:
    arguments, shape, made, called = _SMALL[kind]
    layer = Layer("layer", kind, arguments)
    small = Model("", "", (layer,), loss)
    weights: Weights = [[_ramp_of(parameter.shape) for parameter in layer.parameters]]
    mine, theirs, truth = _three_sides(settings, small, weights, framework)
    x = _ramp_of(shape)
    expected = theirs.forward(theirs.inputs(x)).detach().numpy()
    lines = [_imports(framework, *KINDS[kind].needs)]
    if made:
        lines += [f"layer = {made}", *([_WEIGHTS] if layer.parameters else [])]
    lines.append(f"x = Tensor({_ramp(shape)}, requires_grad=True)")
    if stage == "forward":
        with blaming(framework, "running a snippet"):
            output = mine.forward(framework.Tensor(x)).data
        exact = truth.forward(truth.inputs(x)).detach().numpy()
        if look_at(np.asarray(output), expected, exact) is None:
            return ""
        return "\n".join([*lines, f"print({called}.data)  # PyTorch: {_array(expected)}"])
    gradient = _ramp_of(expected.shape) + 2
    alone = run_alone(layer, Passed(x, gradient), mine, theirs, truth)
    if alone is None or alone.finding.expected is None:
        return ""
    shown = "x.grad" if alone.quantity == "input" else f"layer.{alone.quantity}.grad"
    return "\n".join(
        [
            *lines,
            f"{called}.backward({_ramp(expected.shape)} + 2)",
            f"print({shown})  # PyTorch: {_array(alone.finding.expected)}",
        ]
    )


def _of_loss(stage: str, settings: Settings, model: Model, framework: Framework) -> str:
    is_binary = model.loss == "BinaryCrossEntropyLoss"
    X = np.array([[0.2], [0.7]] if is_binary else [[0.0, 1.0, 2.0], [1.0, 0.0, 0.5]], dtype=np.float32)
    y = np.array([[0.0], [1.0]], np.float32) if is_binary else np.array([0, 2], np.int64)
    small = Model("", "", (), model.loss)
    mine, theirs, truth = _three_sides(settings, small, [], framework)
    lines = [
        _imports(framework, model.loss),
        f"x = Tensor({_array(X)}, requires_grad=True)",
        f"loss = {model.loss}()(x, Tensor({y.tolist()}))",
    ]
    if stage == "gradient":
        alone = run_loss_alone(X, y, mine, theirs, truth)
        if alone is None or alone.finding.expected is None:
            return ""
        return "\n".join([*lines, "loss.backward()", f"print(x.grad)  # PyTorch: {_array(alone.finding.expected)}"])
    expected, exact = (side.loss(side.inputs(X), y).numpy() for side in (theirs, truth))
    with blaming(framework, "running a snippet"):
        value = mine.loss(framework.Tensor(X), framework.Tensor(y))
        found = np.asarray(value.data).reshape(())
    if look_at(found, expected, exact) is None:
        return ""
    return "\n".join([*lines, f"print(loss.data)  # PyTorch: {_array(expected)}"])


def _of_optimizer(settings: Settings, framework: Framework) -> str:
    import torch

    choice = optimizer_choice(settings.optimizer)
    arguments = ", ".join([f"lr={settings.lr:g}", *(f"{name}={value:g}" for name, value in choice.arguments.items())])
    start, gradients = np.array([1.0, -2.0], np.float32), [[0.5, 1.0], [0.5, -1.0], [0.001, 2.0]]
    results = []
    for dtype in (torch.float32, torch.float64):
        parameter = torch.tensor(start, dtype=dtype, requires_grad=True)
        optimizer = getattr(torch.optim, choice.class_name)([parameter], lr=settings.lr, **choice.arguments)
        for gradient in gradients:
            parameter.grad = torch.tensor(gradient, dtype=dtype)
            optimizer.step()
        results.append(parameter.detach().numpy())
    with blaming(framework, "running a snippet"):
        tensor = framework.Tensor(start, requires_grad=True)
        mine = framework.parts[choice.class_name]([tensor], lr=settings.lr, **choice.arguments)
        for gradient in gradients:
            tensor.grad = np.array(gradient, np.float32)
            mine.step()
    if look_at(np.asarray(tensor.data), results[0], results[1], start) is None:
        return ""
    return "\n".join(
        [
            _imports(framework, choice.class_name),
            f"w = Tensor({start.tolist()}, requires_grad=True)",
            f"optimizer = {choice.class_name}([w], {arguments})",
            f"for g in {gradients}: w.grad = np.array(g, dtype=np.float32); optimizer.step()",
            f"print(w.data)  # PyTorch: {_array(results[0])}",
        ]
    )


def _of_zero_grad(name: str, framework: Framework) -> str:
    return "\n".join(
        [
            _imports(framework, name),
            "w = Tensor([1.0, -2.0], requires_grad=True)",
            f"optimizer = {name}([w], lr=0.1)",
            "w.grad = np.array([0.5, 1.0], dtype=np.float32); optimizer.zero_grad()",
            "print(w.grad)  # PyTorch: None",
        ]
    )


def _three_sides(
    settings: Settings, model: Model, weights: Weights, framework: Framework
) -> tuple[TinyTorchSide, PyTorchSide, PyTorchSide]:
    return (
        TinyTorchSide(settings, model, weights, framework),
        PyTorchSide(settings, model, weights),
        PyTorchSide(settings, model, weights, "float64"),
    )
