"""Each step judged alone: TinyTorch starts every step from PyTorch's weights, and what differs first is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinytorch_hf.compare import causes, gates, snippets, update_causes
from tinytorch_hf.compare.divergence import Divergence, Finding, look_at
from tinytorch_hf.compare.isolation import Alone, Passed, backward_from, parts_backward, run_alone, run_loss_alone
from tinytorch_hf.compare.layers import Layer, Parameter, Residual
from tinytorch_hf.compare.models import Model
from tinytorch_hf.compare.settings import Settings, optimizer_choice
from tinytorch_hf.compare.sides import PyTorchSide, TinyTorchSide, in_tinytorch
from tinytorch_hf.errors import StudentCodeError
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student.frameworks import Framework, blaming

# The gradients that each parameter was updated with so far, by layer and parameter.
History = dict[tuple[str, str], list[Array]]

_RIGHT_ALONE = (
    "every operation is right when it is run alone, so the way through the graph is wrong: look at the order in which "
    "backward() visits the operations, and at tensors that are used twice"
)


class Judge:
    """Runs steps on TinyTorch's side and on PyTorch's in float32 and float64, and compares everything.

    In each step: the forward pass part by part, the loss, every gradient from the last layer to the first, and
    then the optimizer's update, which is given PyTorch's gradients so that it is judged for itself. The yardstick
    is that of `yardstick`. Where rounding opened a gate on one side only, gradients cannot be compared in that step,
    and only the operations alone are.
    """

    def __init__(self, settings: Settings, model: Model, framework: Framework) -> None:
        weights = model.initial_weights(settings.seed)
        self._settings = settings
        self._model = model
        self._tinytorch = TinyTorchSide(settings, model, weights, framework)
        self._pytorch = PyTorchSide(settings, model, weights)
        self._truth = PyTorchSide(settings, model, weights, "float64")
        self._gradients: History = {}

    def step(self, number: int, batch: tuple[Any, Any], arrays: tuple[Array, Array]) -> Divergence | None:
        """Judge one step of the training; the first divergence in it, or None.

        Parameters
        ----------
        number
            Of the step, from 1.
        batch
            Inputs and targets as the student's tensors.
        arrays
            The same as arrays.

        Raises
        ------
        StudentCodeError
            The student's code raised an error.
        """
        weights = self._pytorch.weights()
        self._tinytorch.set_weights(weights)
        self._truth.set_weights(weights)
        step = _Step(number, self._settings, self._model, self._tinytorch, self._pytorch, self._truth, arrays)
        divergence = step.forward(batch) or step.loss(batch) or step.gradients(self._gradients)
        return divergence or step.update(self._gradients)


class _Step:
    """One step in the making: what the three sides have computed so far."""

    def __init__(
        self,
        number: int,
        settings: Settings,
        model: Model,
        tinytorch: TinyTorchSide,
        pytorch: PyTorchSide,
        truth: PyTorchSide,
        arrays: tuple[Array, Array],
    ) -> None:
        self._number = number
        self._settings = settings
        self._model = model
        self._tinytorch = tinytorch
        self._pytorch = pytorch
        self._truth = truth
        self._X, self._y = arrays
        self._seen: dict[str, Any] = {}
        self._mine: dict[str, Any] = {}
        self._losses: tuple[Any, Any, Any] = (None, None, None)

    def forward(self, batch: tuple[Any, Any]) -> Divergence | None:
        """What each part gives."""
        mine = self._mine
        exact: dict[str, Any] = {}
        theirs = self._pytorch.forward(self._pytorch.inputs(self._X), self._seen)
        self._exact_output = self._truth.forward(self._truth.inputs(self._X), exact)
        try:
            self._outputs = self._tinytorch.forward(batch[0], mine), theirs
        except StudentCodeError:
            # A layer may fail because of what the one before it gave.
            divergence = self._first_wrong_output(mine, exact)
            if divergence is None:
                raise
            return divergence
        return self._first_wrong_output(mine, exact)

    def _first_wrong_output(self, mine: dict[str, Any], exact: dict[str, Any]) -> Divergence | None:
        for name, value in mine.items():
            finding = look_at(value, self._seen[name].detach().numpy(), exact[name].detach().numpy())
            if finding is not None:
                cause = causes.of_values(finding, len(self._X))
                return self._divergence(name, "forward", "output", finding, cause)
        return None

    def loss(self, batch: tuple[Any, Any]) -> Divergence | None:
        """The loss of the batch."""
        with blaming(self._tinytorch.framework, "computing the loss"):
            mine = self._tinytorch.loss(self._outputs[0], batch[1])
            value = np.asarray(mine.data)
        theirs = self._pytorch.loss(self._outputs[1], self._y)
        exact = self._truth.loss(self._exact_output, self._y)
        self._losses = mine, theirs, exact
        if value.size == 1:
            value = value.reshape(())
        finding = look_at(value, theirs.detach().numpy(), exact.detach().numpy())
        if finding is None:
            return None
        return self._divergence(self._model.loss, "loss", "value", finding, causes.of_values(finding, self._y.size))

    def gradients(self, history: History) -> Divergence | None:
        """Every parameter's gradient, from the last layer to the first."""
        mine, theirs, exact = self._losses
        for value in self._seen.values():
            value.retain_grad()
        self._pytorch.optimizer.zero_grad()
        self._truth.optimizer.zero_grad()
        theirs.backward()
        exact.backward()
        complaint = backward_from(mine, np.ones(np.asarray(mine.data).shape, np.float32), self._tinytorch.framework)
        parameters = self._tinytorch.parameters()
        largest = max(float(np.abs(_gradient(self._pytorch, *pair)).max()) for pair in parameters)
        for layer, parameter in reversed(parameters):
            finding = look_at(
                self._tinytorch.tensor(layer, parameter).grad,
                _gradient(self._pytorch, layer, parameter),
                _gradient(self._truth, layer, parameter),
                beside=largest,
            )
            if finding is not None:
                return self._where_gradient_went_wrong(layer, parameter, finding, history, complaint)
        return None

    def _where_gradient_went_wrong(
        self, layer: Layer, parameter: Parameter, finding: Finding, history: History, complaint: str
    ) -> Divergence | None:
        earlier = history.get((layer.name, parameter.name))
        if earlier and _is_left_over(finding, earlier[-1]):
            optimizer = optimizer_choice(self._settings.optimizer).class_name
            cause = "the gradient of the step before is still in it: zero_grad() does not clear it"
            return self._divergence(optimizer, "gradient", f"gradient by {layer.name}.{parameter.name}", finding, cause)
        alone = self._loss_alone() or self._parts_alone(layer)
        if alone is not None:
            return self._divergence(alone.layer, "gradient", alone.what, alone.finding, alone.cause)
        if self._gates_differ():
            return None
        return self._divergence(
            layer.name,
            "gradient",
            f"gradient by {parameter.name}",
            finding,
            complaint or _RIGHT_ALONE,
        )

    def _parts_alone(self, owner: Layer) -> Alone | None:
        outputs = {name: value.detach().numpy() for name, value in self._seen.items()}
        for part in parts_backward(self._model.parts):
            gradient = self._seen[part.name].grad
            if gradient is not None:
                passed = Passed(self._input_of(part.name, outputs), gradient.numpy())
                alone = run_alone(part, passed, self._tinytorch, self._pytorch, self._truth)
                if alone is not None:
                    return alone
            if part is owner:
                return None
        return None

    def _gates_differ(self) -> bool:
        theirs = {name: value.detach().numpy() for name, value in self._seen.items()}
        mine = {name: np.asarray(value.data) for name, value in self._mine.items()}
        return any(
            gates.differ(
                layer,
                (self._input_of(layer.name, mine), mine[layer.name]),
                (self._input_of(layer.name, theirs), theirs[layer.name]),
            )
            for layer in self._model.layers
        )

    def _input_of(self, name: str, outputs: Mapping[str, Array]) -> Array:
        """What went into a part: the output of the one before it in the flow."""
        before = self._X
        for part in self._model.parts:
            if part.name == name:
                return before
            if isinstance(part, Residual):
                inner = before
                for layer in part.layers:
                    if layer.name == name:
                        return inner
                    inner = outputs[layer.name]
            before = outputs[part.name]
        raise KeyError(name)

    def _loss_alone(self) -> Alone | None:
        outputs = self._outputs[1].detach().numpy()
        return run_loss_alone(outputs, self._y, self._tinytorch, self._pytorch, self._truth)

    def update(self, history: History) -> Divergence | None:
        """What the optimizers make of the same gradients."""
        before = {}
        for layer, parameter in self._tinytorch.parameters():
            key = layer.name, parameter.name
            gradient = np.ascontiguousarray(_gradient(self._pytorch, layer, parameter))
            history.setdefault(key, []).append(gradient)
            before[key] = np.array(self._tinytorch.tensor(layer, parameter).data)
            self._tinytorch.tensor(layer, parameter).grad = gradient.copy()
            tensor = self._truth.tensor(layer, parameter)
            tensor.grad = self._pytorch.tensor(layer, parameter).grad.to(tensor.dtype)
        with blaming(self._tinytorch.framework, "the optimizer's step"):
            self._tinytorch.optimizer.step()
        self._pytorch.optimizer.step()
        self._truth.optimizer.step()
        for layer, parameter in self._tinytorch.parameters():
            key = layer.name, parameter.name
            finding = look_at(
                self._tinytorch.tensor(layer, parameter).data,
                in_tinytorch(self._pytorch.tensor(layer, parameter), parameter),
                in_tinytorch(self._truth.tensor(layer, parameter), parameter),
                before[key],
            )
            if finding is not None:
                return self._wrong_update(key, finding, before[key], history[key])
        with blaming(self._tinytorch.framework, "the optimizer's zero_grad"):
            self._tinytorch.optimizer.zero_grad()
        return None

    def _wrong_update(
        self, key: tuple[str, str], finding: Finding, before: Array, gradients: list[Array]
    ) -> Divergence:
        choice = optimizer_choice(self._settings.optimizer)
        given = {"lr": self._settings.lr, **choice.arguments}
        cause = (
            ""
            if finding.found is None
            else update_causes.of_update(choice.class_name, finding.found, before, gradients, given)
        )
        return self._divergence(choice.class_name, "update", f"{key[0]}.{key[1]} after the step", finding, cause)

    def _divergence(self, layer: str, stage: str, what: str, finding: Finding, cause: str) -> Divergence:
        snippet = snippets.snippet(layer, stage, self._settings, self._model, self._tinytorch)
        return Divergence(self._number, layer, stage, what, finding, cause, snippet)


def _is_left_over(finding: Finding, previous: Array) -> bool:
    """Whether a wrong gradient is the right one with that of the step before added."""
    if finding.kind != "wrong" or finding.found is None or finding.expected is None:
        return False
    rest = finding.found - finding.expected
    return bool(np.abs(rest - previous).max() <= 1e-3 * np.abs(previous).max())


def _gradient(side: PyTorchSide, layer: Layer, parameter: Parameter) -> Array:
    return in_tinytorch(side.tensor(layer, parameter).grad, parameter)
