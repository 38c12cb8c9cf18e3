"""PyTorch's side of a comparison: one model, its loss and its optimizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinytorch_hf.compare.layers import Layer, Parameter, Part, attribute, forward
from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.compare.settings import Settings, optimizer_choice
from tinytorch_hf.compare.sides import SUREST, Computed, Key, pairs_of, share_right
from tinytorch_hf.formats.arrays import Array


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
        self.settings = settings
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
            [_in_tinytorch(self.tensor(layer, parameter), parameter).copy() for parameter in layer.parameters]
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

    def outputs(self, X: Array) -> Array:
        """The model's output for these inputs."""
        import torch

        with torch.no_grad():
            found: Array = self.forward(self.inputs(X)).numpy()
        return found

    def accuracy(self, X: Array, y: Array) -> float:
        """Share of these targets that is predicted rightly now."""
        return share_right(self.outputs(X), y)

    def parameters(self) -> list[tuple[Layer, Parameter]]:
        """Every trained array with its layer, in the order of the forward pass."""
        return [(layer, parameter) for layer in self.model.layers for parameter in layer.parameters]

    def compute(self, X: Array, y: Array) -> Computed:
        """Forward, loss and gradients of a batch; the parameters keep their gradients for `update`."""
        self.optimizer.zero_grad()
        seen: dict[str, Any] = {}
        loss = self.loss(self.forward(self.inputs(X), seen), y)
        for value in seen.values():
            value.retain_grad()
        loss.backward()
        return Computed(
            {name: value.detach().numpy() for name, value in seen.items()},
            loss.detach().numpy(),
            {
                (layer.name, parameter.name): _in_tinytorch(self.tensor(layer, parameter).grad, parameter)
                for layer, parameter in self.parameters()
            },
            {name: value.grad.numpy() for name, value in seen.items() if value.grad is not None},
        )

    def update(self) -> dict[Key, Array]:
        """Let the optimizer take its step; the parameters after it, as TinyTorch has them."""
        self.optimizer.step()
        return dict(zip(self.keys(), (value for layer in self.weights() for value in layer), strict=True))

    def keys(self) -> list[Key]:
        """Every parameter by its names."""
        return [(layer.name, parameter.name) for layer, parameter in self.parameters()]

    def take_gradients(self, other: PyTorchSide) -> None:
        """Let the parameters have the gradients that they have on another side."""
        for pair in self.parameters():
            tensor = self.tensor(*pair)
            tensor.grad = other.tensor(*pair).grad.to(tensor.dtype)

    def part_gradients(self, part: Part, x: Array, gradient: Array) -> dict[Key, Array]:
        """The gradients of one part alone, by layer and quantity; see `tinytorch_hf.compare.sides.Side`."""
        import torch

        given = self.inputs(x).clone()
        needs_gradient = given.is_floating_point()
        given.requires_grad_(needs_gradient)
        pairs = pairs_of(part)
        wanted = [*([given] if needs_gradient else []), *(self.tensor(*pair) for pair in pairs)]
        output = forward((part,), self.built, given, {})
        if not wanted:
            return {}
        gradients = list(torch.autograd.grad(output, wanted, torch.from_numpy(gradient).to(output.dtype)))
        result: dict[Key, Array] = {}
        if needs_gradient:
            result[part.name, "input"] = gradients.pop(0).numpy()
        for (layer, parameter), found in zip(pairs, gradients, strict=True):
            result[layer.name, parameter.name] = _in_tinytorch(found, parameter)
        return result

    def loss_and_gradient(self, outputs: Array, y: Array) -> tuple[Array, Array]:
        """The loss of these outputs of a model, and the gradient with respect to them."""
        import torch

        x = self.inputs(outputs).clone().requires_grad_()
        loss = self.loss(x, y)
        return loss.detach().numpy(), torch.autograd.grad(loss, x)[0].numpy()

    def optimized(self, start: Array, gradients: Sequence[Array]) -> Array:
        """One parameter after the optimizer's steps with these gradients."""
        import torch

        choice = optimizer_choice(self.settings.optimizer)
        parameter = torch.tensor(start, dtype=self.dtype, requires_grad=True)
        optimizer = getattr(torch.optim, choice.class_name)([parameter], lr=self.settings.lr, **choice.arguments)
        for gradient in gradients:
            parameter.grad = torch.tensor(gradient, dtype=self.dtype)
            optimizer.step()
        values: Array = parameter.detach().numpy()
        return values


def _in_tinytorch(tensor: Any, parameter: Parameter) -> Array:
    """A torch parameter, or its gradient, with its axes as TinyTorch has them."""
    values: Array = tensor.detach().numpy()
    return values.T if parameter.is_transposed else values


def _not_certain(probabilities: Any) -> Any:
    """Probabilities as the course's binary cross entropy takes them: kept from 0 and 1, with the gradient of there.

    Torch's own takes all, and cuts off the logarithm instead, at -100; the two part as soon as a sigmoid is as sure as
    float32 can tell, and neither is wrong.
    """
    kept = probabilities.detach().clamp(SUREST, 1 - SUREST)
    return probabilities + (kept - probabilities.detach())
