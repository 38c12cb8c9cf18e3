"""The two sides of a comparison: one model, its loss and its optimizer, in TinyTorch and in PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinytorch_hf.as_tinytorch import SeededDataLoader, epoch_order
from tinytorch_hf.compare.layers import KINDS, Layer, Parameter, attribute, forward
from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.compare.settings import Settings, optimizer_choice
from tinytorch_hf.compare.tasks import Arrays
from tinytorch_hf.errors import StudentCodeError
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student.frameworks import Framework, blaming

# How near to 0 and 1 the course's binary cross entropy lets a probability come.
_SUREST = 1e-7


class TinyTorchSide:
    """TinyTorch's side of a run.

    Attributes
    ----------
    built
        The student's layers, by the name that the model gives them.
    optimizer
        The student's optimizer over all parameters, in the order of `Model.layers`.
    """

    def __init__(self, settings: Settings, model: Model, weights: Weights, framework: Framework) -> None:
        self.framework = framework
        self.model = model
        choice = optimizer_choice(settings.optimizer)
        with blaming(framework, "building the model, the loss and the optimizer"):
            self.built = {
                layer.name: KINDS[layer.kind].build_tinytorch(framework, *layer.arguments) for layer in model.layers
            }
            self._called = {name: self._blaming(name, layer) for name, layer in self.built.items()}
            self.set_weights(weights)
            self._loss = framework.parts[model.loss]()
            tensors = [attribute(self.built[layer.name], parameter.name) for layer, parameter in self.parameters()]
            self.optimizer = framework.parts[choice.class_name](tensors, lr=settings.lr, **choice.arguments)

    def parameters(self) -> list[tuple[Layer, Parameter]]:
        """Every trained array with its layer, in the order of the forward pass."""
        return [(layer, parameter) for layer in self.model.layers for parameter in layer.parameters]

    def tensor(self, layer: Layer, parameter: Parameter) -> Any:
        """The student's tensor of a parameter."""
        return attribute(self.built[layer.name], parameter.name)

    def set_weights(self, weights: Weights) -> None:
        """Put copies of these values into the student's parameters.

        Raises
        ------
        StudentCodeError
            A parameter has another shape than TinyTorch's.
        """
        for layer, values in zip(self.model.layers, weights, strict=True):
            for parameter, value in zip(layer.parameters, values, strict=True):
                tensor = self.tensor(layer, parameter)
                if np.shape(tensor.data) != value.shape:
                    raise StudentCodeError(
                        f"{layer.name}.{parameter.name} of {self.framework.name} has the shape "
                        f"{np.shape(tensor.data)}, expected {value.shape}. The package is at {self.framework.location}."
                    )
                tensor.data = value.copy()

    def forward(self, x: Any, seen: dict[str, Any] | None = None) -> Any:
        """Output of the model; what each part gave is left in ``seen``."""
        return forward(self.model.parts, self._called, x, {} if seen is None else seen)

    def _blaming(self, name: str, layer: Any) -> Callable[[Any], Any]:
        def call(x: Any) -> Any:
            with blaming(self.framework, f"running {name} forward"):
                return layer(x)

        return call

    def loss(self, outputs: Any, targets: Any) -> Any:
        """The student's loss of a batch."""
        if self.model.input_axes == "ids":
            targets = self.framework.Tensor(np.asarray(targets.data).reshape(-1))
        return self._loss(outputs, targets)

    def step(self, x: Any, targets: Any) -> float:
        """Train on one batch; the loss before the update."""
        with blaming(self.framework, "training on a batch"):
            loss = self.loss(self.forward(x), targets)
            loss.backward()
            self.optimizer.step()
            self.optimizer.zero_grad()
            return float(np.asarray(loss.data).reshape(()))

    def accuracy(self, X: Array, y: Array) -> float:
        """Share of these targets that is predicted rightly now."""
        with blaming(self.framework, "predicting the test split"):
            outputs = [np.asarray(self.forward(inputs).data) for inputs, _ in self._hundreds(X, y)]
        return share_right(np.concatenate(outputs), y)

    def mean_loss(self, X: Array, y: Array) -> float:
        """Mean loss of these targets now, in nats."""
        with blaming(self.framework, "computing the loss of the test split"):
            losses = [
                float(np.asarray(self.loss(self.forward(inputs), targets).data).reshape(()))
                for inputs, targets in self._hundreds(X, y)
            ]
        # The last batch may be smaller.
        return float(np.average(losses, weights=[len(y[start : start + 100]) for start in range(0, len(y), 100)]))

    def _hundreds(self, X: Array, y: Array) -> Iterator[tuple[Any, Any]]:
        """Inputs and targets, a hundred samples at a time, so that memory stays small."""
        for start in range(0, len(X), 100):
            rows = slice(start, start + 100)
            yield self.framework.Tensor(X[rows]), self.framework.Tensor(y[rows])


class PyTorchSide:
    """PyTorch's side of a run, on the CPU.

    Parameters
    ----------
    settings, model, weights
        As for TinyTorch's side.
    dtype
        "float32", or "float64" for a judge of rounding.
    """

    def __init__(self, settings: Settings, model: Model, weights: Weights, dtype: str = "float32") -> None:
        import torch

        from tinytorch_hf.compare import torch_layers

        self.model = model
        self.dtype = getattr(torch, dtype)
        self.built = {layer.name: torch_layers.build(layer).to(self.dtype) for layer in model.layers}
        self.set_weights(weights)
        self._loss = torch.nn.BCELoss() if model.loss == "BinaryCrossEntropyLoss" else torch.nn.CrossEntropyLoss()
        choice = optimizer_choice(settings.optimizer)
        tensors = [self.tensor(layer, parameter) for layer in model.layers for parameter in layer.parameters]
        # Torch refuses to optimize nothing.
        self.optimizer: Any = tensors and getattr(torch.optim, choice.class_name)(
            tensors, lr=settings.lr, **choice.arguments
        )

    def tensor(self, layer: Layer, parameter: Parameter) -> Any:
        """The torch parameter."""
        return attribute(self.built[layer.name], parameter.torch_name)

    def set_weights(self, weights: Weights) -> None:
        """Copy these values, which lie as TinyTorch has them, into torch's parameters."""
        import torch

        with torch.no_grad():
            for layer, values in zip(self.model.layers, weights, strict=True):
                for parameter, value in zip(layer.parameters, values, strict=True):
                    self.tensor(layer, parameter).copy_(torch.from_numpy(value.T if parameter.is_transposed else value))

    def weights(self) -> Weights:
        """Copies of all parameters, as TinyTorch has them."""
        return [
            [in_tinytorch(self.tensor(layer, parameter), parameter).copy() for parameter in layer.parameters]
            for layer in self.model.layers
        ]

    def inputs(self, X: Array) -> Any:
        """An array of inputs as a tensor: ids stay int64, the rest takes this side's dtype."""
        import torch

        return torch.from_numpy(X) if X.dtype == np.int64 else torch.from_numpy(X).to(self.dtype)

    def forward(self, x: Any, seen: dict[str, Any] | None = None) -> Any:
        """Output of the model; what each part gave is left in ``seen``."""
        return forward(self.model.parts, self.built, x, {} if seen is None else seen)

    def loss(self, outputs: Any, y: Array) -> Any:
        """Torch's loss of a batch; NaN if the outputs are, which torch's binary cross entropy refuses."""
        if self.model.loss == "BinaryCrossEntropyLoss":
            if outputs.isnan().any():
                return outputs.mean() * float("nan")
            outputs = _not_certain(outputs)
        targets = self.inputs(y)
        return self._loss(outputs, targets.flatten() if self.model.input_axes == "ids" else targets)

    def step(self, X: Array, y: Array) -> float:
        """Train on one batch; the loss before the update."""
        self.optimizer.zero_grad()
        loss = self.loss(self.forward(self.inputs(X)), y)
        loss.backward()
        self.optimizer.step()
        return float(loss.item())

    def accuracy(self, X: Array, y: Array) -> float:
        """Share of these targets that is predicted rightly now."""
        import torch

        with torch.no_grad():
            return share_right(self.forward(self.inputs(X)).numpy(), y)


def in_tinytorch(tensor: Any, parameter: Parameter) -> Array:
    """A torch parameter, or its gradient, with its axes as TinyTorch has them."""
    values: Array = tensor.detach().numpy()
    return values.T if parameter.is_transposed else values


def share_right(outputs: Array, y: Array) -> float:
    """Share of predictions that are right: the largest of several outputs, or a single one above 1/2."""
    predicted = outputs > 0.5 if outputs.shape[1] == 1 else outputs.argmax(axis=1)
    return float((predicted == y.reshape(predicted.shape)).mean())


def training_loader(settings: Settings, arrays: Arrays, framework: Framework) -> SeededDataLoader:
    """The training split in TinyTorch's own DataLoader, shuffled in each epoch as the seed says."""
    return SeededDataLoader(framework, arrays.X_train, arrays.y_train, settings.batch_size, settings.seed)


class Batches:
    """The training batches of both sides in one order, proven to be the same.

    TinyTorch's come from the student's own DataLoader.
    """

    def __init__(self, settings: Settings, arrays: Arrays, framework: Framework) -> None:
        self._settings = settings
        self._arrays = arrays
        self._framework = framework
        self._loader = training_loader(settings, arrays, framework)

    def epoch(self, number: int) -> Iterator[tuple[tuple[Any, Any], tuple[Array, Array]]]:
        """Batches of TinyTorch and of PyTorch side by side; epochs count from 1.

        Raises
        ------
        StudentCodeError
            TinyTorch's batch is not the one it was given.
        """
        self._loader.epoch = number - 1
        theirs = iter(self._loader)
        order = epoch_order(len(self._arrays.y_train), self._settings.seed, number - 1)
        for start in range(0, len(order), self._settings.batch_size):
            rows = order[start : start + self._settings.batch_size]
            X, y = self._arrays.X_train[rows], self._arrays.y_train[rows]
            yield self._next_same(theirs, X, y, start // self._settings.batch_size + 1, number), (X, y)
        self._end(theirs, len(order), number)

    def _next_same(self, theirs: Iterator[Any], X: Array, y: Array, batch: int, epoch: int) -> tuple[Any, Any]:
        with blaming(self._framework, f"its DataLoader made batch {batch} of epoch {epoch}"):
            given = next(theirs, None)
        if given is None or not _holds(given, X, y):
            raise self._wrong(batch, epoch)
        return given[0], given[1]

    def _end(self, theirs: Iterator[Any], n_samples: int, epoch: int) -> None:
        with blaming(self._framework, f"its DataLoader ended epoch {epoch}"):
            one_more = next(theirs, None)
        if one_more is not None:
            raise self._wrong(-(-n_samples // self._settings.batch_size) + 1, epoch)

    def _wrong(self, batch: int, epoch: int) -> StudentCodeError:
        return StudentCodeError(
            f"Batch {batch} of epoch {epoch} from the DataLoader of {self._framework.name} is not the batch it "
            f"was given: wrong samples, order, shape or number of batches. The package is at "
            f"{self._framework.location}."
        )


def _holds(given: Any, X: Array, y: Array) -> bool:
    return np.array_equal(given[0].data, X) and np.array_equal(given[1].data, y)


def _not_certain(probabilities: Any) -> Any:
    """Probabilities as the course's binary cross entropy takes them: kept from 0 and 1, with the gradient of there.

    Torch's own takes all, and cuts off the logarithm instead, at -100; the two part as soon as a sigmoid is as sure as
    float32 can tell, and neither is wrong.
    """
    kept = probabilities.detach().clamp(_SUREST, 1 - _SUREST)
    return probabilities + (kept - probabilities.detach())
