"""A few lines that show a defect without data or training, checked to show it before they are offered."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tinytorch_hf.compare.divergence import Divergence, look_at
from tinytorch_hf.compare.isolation import Passed, run_alone, run_loss_alone
from tinytorch_hf.compare.judging_side import side_of
from tinytorch_hf.compare.layers import KINDS, Layer
from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.compare.package import Package
from tinytorch_hf.compare.plain import of_settings
from tinytorch_hf.compare.settings import Settings, optimizer_choice
from tinytorch_hf.compare.sides import Side
from tinytorch_hf.compare.student_side import StudentSide
from tinytorch_hf.errors import InvalidArgumentError, StudentCodeError
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.judges import chosen
from tinytorch_hf.student.mapping import Conventions

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


class Snippets:
    """Makes snippets for the package that is compared.

    Parameters
    ----------
    package
        What is compared.
    settings, model
        Of the run.
    """

    def __init__(self, package: Package, settings: Settings, model: Model) -> None:
        self._package = package
        self._settings = settings
        self._model = model

    def added_to(self, divergence: Divergence) -> Divergence:
        """The divergence with lines of Python that show it; with none where small numbers do not show it."""
        # The lines are written with TinyTorch's names.
        if self._package.target.framework_map.conventions != Conventions():
            return divergence
        try:
            return dataclasses.replace(divergence, snippet=self._of(divergence))
        except (StudentCodeError, InvalidArgumentError):
            # What fails on small numbers too is said by its own message.
            return divergence

    def _of(self, divergence: Divergence) -> str:
        name, stage = divergence.layer, divergence.stage
        optimizer = optimizer_choice(self._settings.optimizer)
        layers = {layer.name: layer for layer in self._model.layers}
        kind = layers[name].kind if name in layers else ""
        if stage == "parameters":
            return self._of_listing(kind) if kind in _SMALL else ""
        if stage == "update":
            return self._of_optimizer()
        if name == optimizer.class_name:
            return self._of_zero_grad(name)
        if name == self._model.loss:
            return self._of_loss(stage)
        return self._of_layer(kind, stage) if kind in _SMALL else ""

    def _imports(self, *names: str) -> str:
        wanted = list(dict.fromkeys(("Tensor", *names)))
        homes = self._package.results("modules", names=wanted).get("modules")
        lines = ["import numpy as np"]
        for name in wanted:
            module, called = _home(homes, name) or (self._package.target.framework_map.package, name)
            lines.append(f"from {module} import {called}" + (f" as {name}" if called != name else ""))
        return "\n".join(lines)

    def _of_listing(self, kind: str) -> str:
        """How many tensors a small layer's parameters() lists."""
        arguments, _, made, _ = _SMALL[kind]
        layer = Layer("layer", kind, arguments)
        small = StudentSide(self._package, self._settings, Model("", "", (layer,), self._model.loss), None, of="small")
        n, (counts,) = len(layer.parameters), small.listings
        if not made or counts is None or sum(counts) + sum(small.strangers) == n:
            return ""
        lines = [self._imports(*KINDS[kind].needs), f"layer = {made}"]
        return "\n".join([*lines, f"print(len(layer.parameters()))  # {_who()}: {n}"])

    def _of_layer(self, kind: str, stage: str) -> str:
        arguments, shape, made, called = _SMALL[kind]
        layer = Layer("layer", kind, arguments)
        small = Model("", "", (layer,), self._model.loss)
        mine, theirs, truth = self._sides(small, [[_ramp_of(parameter.shape) for parameter in layer.parameters]])
        x = _ramp_of(shape)
        expected = theirs.outputs(x)
        lines = [self._imports(*KINDS[kind].needs)]
        if made:
            lines += [f"layer = {made}", *([_WEIGHTS] if layer.parameters else [])]
        lines.append(f"x = Tensor({_ramp(shape)}, requires_grad=True)")
        if stage == "forward":
            if look_at(mine.output_alone(x), expected, truth.outputs(x)) is None:
                return ""
            return "\n".join([*lines, f"print({called}.data)  # {_who()}: {_array(expected)}"])
        gradient = _ramp_of(expected.shape) + 2
        alone = run_alone(layer, Passed(x, gradient), mine, theirs, truth)
        if alone is None or alone.finding.expected is None:
            return ""
        shown = "x.grad" if alone.quantity == "input" else f"layer.{alone.quantity}.grad"
        return "\n".join(
            [
                *lines,
                f"{called}.backward({_ramp(expected.shape)} + 2)",
                f"print({shown})  # {_who()}: {_array(alone.finding.expected)}",
            ]
        )

    def _of_loss(self, stage: str) -> str:
        loss = self._model.loss
        is_binary = loss == "BinaryCrossEntropyLoss"
        X = np.array([[0.2], [0.7]] if is_binary else [[0.0, 1.0, 2.0], [1.0, 0.0, 0.5]], dtype=np.float32)
        y = np.array([[0.0], [1.0]], np.float32) if is_binary else np.array([0, 2], np.int64)
        mine, theirs, truth = self._sides(Model("", "", (), loss), [])
        lines = [
            self._imports(loss),
            f"x = Tensor({_array(X)}, requires_grad=True)",
            f"loss = {loss}()(x, Tensor({y.tolist()}))",
        ]
        if stage == "gradient":
            alone = run_loss_alone(X, y, mine, theirs, truth)
            if alone is None or alone.finding.expected is None:
                return ""
            expected = _array(alone.finding.expected)
            return "\n".join([*lines, "loss.backward()", f"print(x.grad)  # {_who()}: {expected}"])
        right, exact = (side.loss_and_gradient(X, y)[0] for side in (theirs, truth))
        found, _, _ = mine.loss_alone(X, y)
        if look_at(found.reshape(()) if np.size(found) == 1 else found, right, exact) is None:
            return ""
        return "\n".join([*lines, f"print(loss.data)  # {_who()}: {_array(right)}"])

    def _of_optimizer(self) -> str:
        settings, choice = self._settings, optimizer_choice(self._settings.optimizer)
        arguments = ", ".join(
            [f"lr={settings.lr:g}", *(f"{name}={value:g}" for name, value in choice.arguments.items())]
        )
        start, gradients = np.array([1.0, -2.0], np.float32), [[0.5, 1.0], [0.5, -1.0], [0.001, 2.0]]
        given = [np.array(gradient, np.float32) for gradient in gradients]
        _, *sides = self._sides(Model("", "", (), self._model.loss), [])
        results = [side.optimized(start, given) for side in sides]
        inputs = {"start": start, "gradients": np.array(gradients, np.float32)}
        found = self._package.results("optimizer alone", inputs, settings=of_settings(settings)).get("after")
        if look_at(found, results[0], results[1], start) is None:
            return ""
        return "\n".join(
            [
                self._imports(choice.class_name),
                f"w = Tensor({start.tolist()}, requires_grad=True)",
                f"optimizer = {choice.class_name}([w], {arguments})",
                f"for g in {gradients}: w.grad = np.array(g, dtype=np.float32); optimizer.step()",
                f"print(w.data)  # {_who()}: {_array(results[0])}",
            ]
        )

    def _of_zero_grad(self, name: str) -> str:
        return "\n".join(
            [
                self._imports(name),
                "w = Tensor([1.0, -2.0], requires_grad=True)",
                f"optimizer = {name}([w], lr=0.1)",
                "w.grad = np.array([0.5, 1.0], dtype=np.float32); optimizer.zero_grad()",
                f"print(w.grad)  # {_who()}: None",
            ]
        )

    def _sides(self, model: Model, weights: Weights) -> tuple[StudentSide, Side, Side]:
        return (
            StudentSide(self._package, self._settings, model, weights, of="small"),
            side_of(self._settings, model, weights),
            side_of(self._settings, model, weights, "float64"),
        )


def _who() -> str:
    """Whose number stands behind a line."""
    return "PyTorch" if chosen() == "torch" else "right"


def _home(homes: Any, name: str) -> tuple[str, str] | None:
    """Module and name of a part, if what came back for it can be written into an import."""
    if not isinstance(homes, list):
        return None
    for entry in homes:
        if (
            isinstance(entry, list)
            and len(entry) == 3
            and entry[0] == name
            and all(isinstance(one, str) for one in entry)
        ):
            module, called = entry[1:]
            if called.isidentifier() and all(word.isidentifier() for word in module.split(".")):
                return module, called
    return None


def _array(values: Array) -> str:
    return str(np.round(values.astype(np.float64), 7).tolist())


def _ramp(shape: tuple[int, ...]) -> str:
    return f"np.linspace(-1, 1, {int(np.prod(shape))}, dtype=np.float32).reshape{shape}"


def _ramp_of(shape: tuple[int, ...]) -> Array:
    return np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
