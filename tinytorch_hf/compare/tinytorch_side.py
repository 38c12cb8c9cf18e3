"""TinyTorch's side of a comparison: one model, its loss and its optimizer, built from the student's own parts.

It knows nothing of PyTorch, and judges nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinytorch_hf.as_tinytorch import SeededDataLoader
from tinytorch_hf.compare.layers import KINDS, Layer, Parameter, forward
from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.compare.plain import of_layers
from tinytorch_hf.compare.settings import Settings, optimizer_choice
from tinytorch_hf.compare.sides import share_right
from tinytorch_hf.errors import StudentCodeError
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student.frameworks import BRIDGE_PARTS, Framework, reference_framework
from tinytorch_hf.student.view import Student, UnbuiltError


class TinyTorchSide:
    """The model in TinyTorch.

    Parameters
    ----------
    settings, model
        Of the run.
    weights
        What the model starts from; None for the values that the student's layers start from by themselves.
    student
        The view of the package.
    say
        Told what is being done, as it begins, for messages about errors.

    Attributes
    ----------
    built, called
        The student's layers, by the name that the model gives them; and functions that call them and say so.
    listed
        What each layer's own ``parameters()`` lists, by the layer's name; None for one that has no such method.
    """

    def __init__(
        self,
        settings: Settings,
        model: Model,
        weights: Weights | None,
        student: Student,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.student = student
        self.model = model
        self._say = say
        self._say("building the model")
        self.built: dict[str, Any] = {
            layer.name: KINDS[layer.kind].build_tinytorch(student, *layer.arguments) for layer in model.layers
        }
        self.called = {name: self._telling(name) for name in self.built}
        if weights is not None:
            self.set_weights(weights)
        self.listed = {layer.name: self._own_parameters(layer) for layer in model.layers}
        self._say(f"building {model.loss}")
        self._loss = student.part(model.loss)()
        self._settings = settings

    @functools.cached_property
    def optimizer(self) -> Any:
        """The student's optimizer, over what a training script of the student's own would give it."""
        choice = optimizer_choice(self._settings.optimizer)
        self._say(f"building {choice.class_name}")
        trained: list[Any] = []
        for layer in self.model.layers:
            listed = self.listed[layer.name]
            known = [self.tensor(layer, parameter) for parameter in layer.parameters]
            trained += known if listed is None else listed
        return self.student.part(choice.class_name)(trained, lr=self._settings.lr, **choice.arguments)

    def parameters(self) -> list[tuple[Layer, Parameter]]:
        """Every trained array with its layer, in the order of the forward pass."""
        return [(layer, parameter) for layer in self.model.layers for parameter in layer.parameters]

    def tensor(self, layer: Layer, parameter: Parameter) -> Any:
        """The student's tensor of a parameter."""
        return self.student.held(self.built[layer.name], parameter.name)

    def weights(self) -> Weights:
        """Copies of all parameters, as TinyTorch has them."""
        return of_layers(self.model, [self.value(*pair) for pair in self.parameters()])

    def value(self, layer: Layer, parameter: Parameter) -> Array:
        """A copy of a parameter's values, as TinyTorch has them."""
        held = self.student.array(self.tensor(layer, parameter))
        return np.array(self.student.laid_out(self.built[layer.name], parameter.name, held))

    def set_weights(self, weights: Weights) -> None:
        """Put copies of these values into the student's parameters.

        Raises
        ------
        StudentCodeError
            A parameter has another shape than TinyTorch's.
        """
        for layer, values in zip(self.model.layers, weights, strict=True):
            for parameter, value in zip(layer.parameters, values, strict=True):
                self.student.accept_shape(self.built[layer.name], parameter.name, value)
                present = self.value(layer, parameter)
                if present.shape != value.shape:
                    raise StudentCodeError(
                        f"{layer.name}.{parameter.name} has the shape {present.shape}, expected {value.shape}."
                    )
                laid_out = self.student.laid_out(self.built[layer.name], parameter.name, value)
                setattr(self.tensor(layer, parameter), self.student.conventions.data, laid_out.copy())

    def gradient(self, layer: Layer, parameter: Parameter) -> Array | None:
        """The gradient that a parameter has received, as TinyTorch has it."""
        found = self.student.gradient(self.tensor(layer, parameter))
        return found if found is None else self.student.laid_out(self.built[layer.name], parameter.name, found)

    def set_gradient(self, layer: Layer, parameter: Parameter, values: Array) -> None:
        """Leave a gradient in a parameter, as a backward pass would."""
        laid_out = self.student.laid_out(self.built[layer.name], parameter.name, values)
        self.student.set_gradient(self.tensor(layer, parameter), laid_out)

    def forward(self, x: Any, seen: dict[str, Any] | None = None) -> Any:
        """Output of the model; what each part gave is left in ``seen``."""
        return forward(self.model.parts, self.called, x, {} if seen is None else seen)

    def loss(self, outputs: Any, targets: Any) -> Any:
        """The student's loss of a batch."""
        self._say("computing the loss")
        are_ids = self.model.input_axes == "ids"
        if are_ids or (self.student.is_mapped and self.model.loss == "CrossEntropyLoss"):
            values = self.student.array(targets)
            targets = self.student.labels(values.reshape(-1) if are_ids else values)
        return self._loss(outputs, targets)

    def step(self, x: Any, targets: Any) -> float:
        """Train on one batch; the loss before the update."""
        loss = self.loss(self.forward(x), targets)
        value = self._single(loss)
        self._say("computing the gradients")
        self.student.backward(loss)
        self.take_step()
        self.zero_grad()
        return value

    def take_step(self) -> None:
        """Let the optimizer change the parameters."""
        self._say("taking the optimizer's step")
        self.optimizer.step()

    def zero_grad(self) -> None:
        """Let the optimizer forget the gradients."""
        self._say("running the optimizer's zero_grad")
        getattr(self.optimizer, self.student.conventions.zero_grad)()

    def outputs(self, X: Array) -> Array:
        """The model's output for these inputs, computed a hundred samples at a time, so that memory stays small."""
        found = []
        for rows in _hundreds(len(X)):
            output = self.forward(self.student.tensor(X[rows].copy()))
            self._say("predicting the test split")
            found.append(self.student.array(output))
        return np.concatenate(found)

    def accuracy(self, X: Array, y: Array) -> float:
        """Share of these targets that is predicted rightly now."""
        return share_right(self.outputs(X), y)

    def mean_loss(self, X: Array, y: Array) -> float:
        """Mean loss of these targets now, in nats."""
        hundreds = list(_hundreds(len(X)))
        losses = [
            self._single(self.loss(self.forward(self.student.tensor(X[rows].copy())), self.student.tensor(y[rows])))
            for rows in hundreds
        ]
        # The last batch may be smaller.
        return float(np.average(losses, weights=[len(y[rows]) for rows in hundreds]))

    def _telling(self, name: str) -> Callable[[Any], Any]:
        def call(x: Any) -> Any:
            self._say(f"running {name} forward")
            return self.built[name](x)

        return call

    def _single(self, loss: Any) -> float:
        values = self.student.array(loss)
        if values.size != 1:
            raise StudentCodeError(f"The loss has the shape {values.shape} instead of being a single value.")
        return float(values.reshape(()))

    def _own_parameters(self, layer: Layer) -> list[Any] | None:
        self._say(f"listing the parameters of {layer.name}")
        name = self.student.conventions.parameters
        built = self.built[layer.name]
        found: list[Any] = []
        for owner in getattr(built, "owners", (built,)):
            method = getattr(owner, name, None)
            if method is None:
                return None
            listed = method()
            if listed is None and not layer.parameters:
                continue
            if listed is None:
                raise UnbuiltError(f"{type(owner).__name__}.{name}() is not implemented yet: it returns None")
            found += listed
        return found


def _hundreds(n: int) -> Iterator[slice]:
    for start in range(0, n, 100):
        yield slice(start, start + 100)


def training_loader(settings: Settings, X: Array, y: Array, student: Student) -> SeededDataLoader:
    """A split in TinyTorch's own DataLoader, shuffled in each epoch as the seed says."""
    return SeededDataLoader(bridge(student), X, y, settings.batch_size, settings.seed)


def bridge(student: Student) -> Framework:
    """The parts that data go through, under the names that `as_tinytorch` has for them."""
    parts = {name: student.part(name) for name in BRIDGE_PARTS}
    return Framework("", "", {**parts, "Tensor": student.tensor}, "")


def reference_student() -> Student:
    """The view of the reference, for trainings that are not a comparison."""
    return Student(reference_framework("it is asked for").parts.get)
