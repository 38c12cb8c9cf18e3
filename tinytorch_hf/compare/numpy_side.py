"""The judge's side of a comparison with NumPy alone: what PyTorch computes, computed by `judging.by_numpy`.

The tests compare it with PyTorch's own modules and optimizers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.compare.layers import Layer, Part, forward
from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.compare.settings import Settings, optimizer_choice
from tinytorch_hf.compare.sides import SUREST, Computed, Key, pairs_of
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging import updates
from tinytorch_hf.judging.by_numpy.judge import NumPyJudge

# The parameters of a layer, by name.
Parameters = Mapping[str, Any]


class NumPySide:
    """One model, its loss and its optimizer; see `tinytorch_hf.compare.sides.Side`.

    Parameters
    ----------
    settings, model, weights
        As for TinyTorch's side.
    dtype
        "float32" or "float64".
    """

    def __init__(self, settings: Settings, model: Model, weights: Weights, dtype: str = "float32") -> None:
        self.model = model
        self.settings = settings
        self.judge = NumPyJudge(dtype)
        self._dtype = np.dtype(dtype)
        self._keys: list[Key] = [
            (layer.name, parameter.name) for layer in model.layers for parameter in layer.parameters
        ]
        self._gradients: list[Array] = []
        self._optimizer = self._new_optimizer()
        self._built = {layer.name: self._layer(layer) for layer in model.layers}
        self.set_weights(weights)

    def set_weights(self, weights: Weights) -> None:
        """Let the parameters have these values."""
        flat = [value for layer in weights for value in layer]
        self._parameters = {
            key: self.judge.tensor(np.array(value, self._dtype), True)
            for key, value in zip(self._keys, flat, strict=True)
        }

    def weights(self) -> Weights:
        """Copies of all parameters."""
        return [
            [_array(self._parameters[layer.name, parameter.name]).copy() for parameter in layer.parameters]
            for layer in self.model.layers
        ]

    def keys(self) -> list[Key]:
        """Every parameter by its names."""
        return list(self._keys)

    def step(self, X: Array, y: Array) -> float:
        """Train on one batch; the loss before the update."""
        loss = self._loss(self._forward(self._tensor(X)), y)
        self._gradients = self._gradients_of(loss, list(self._parameters.values()))
        self.update()
        return float(_array(loss))

    def outputs(self, X: Array) -> Array:
        """The model's output for these inputs."""
        return _array(self._forward(self._tensor(X)))

    def compute(self, X: Array, y: Array) -> Computed:
        """Forward, loss and gradients of a batch; the parameters keep their gradients for `update`."""
        seen: dict[str, Any] = {}
        loss = self._loss(self._forward(self._tensor(X), seen), y)
        gradients = self._gradients_of(loss, [*self._parameters.values(), *seen.values()])
        self._gradients = gradients[: len(self._keys)]
        return Computed(
            {name: _array(value) for name, value in seen.items()},
            _array(loss),
            dict(zip(self._keys, self._gradients, strict=True)),
            dict(zip(seen, gradients[len(self._keys) :], strict=True)),
        )

    def update(self) -> dict[Key, Array]:
        """Let the optimizer take its step; the parameters after it."""
        before = [_array(value) for value in self._parameters.values()]
        with np.errstate(all="ignore"):
            after = self._optimizer.step(before, self._gradients)
        values = [np.asarray(value, self._dtype) for value in after]
        for key, value in zip(self._keys, values, strict=True):
            self._parameters[key] = self.judge.tensor(value, True)
        return dict(zip(self._keys, (value.copy() for value in values), strict=True))

    def take_gradients(self, other: NumPySide) -> None:
        """Let the parameters have the gradients that they have on another side."""
        self._gradients = [gradient.astype(self._dtype) for gradient in other._gradients]

    def part_gradients(self, part: Part, x: Array, gradient: Array) -> dict[Key, Array]:
        """The gradients of one part alone, by layer and quantity."""
        given = self._tensor(x, is_leaf=True)
        needs_gradient = x.dtype != np.int64
        keys: list[Key] = [(part.name, "input")] if needs_gradient else []
        keys += [(layer.name, parameter.name) for layer, parameter in pairs_of(part)]
        wanted = [given if key == (part.name, "input") else self._parameters[key] for key in keys]
        output = forward((part,), self._built, given, {})
        return dict(zip(keys, self._gradients_of(output, wanted, gradient), strict=True)) if wanted else {}

    def loss_and_gradient(self, outputs: Array, y: Array) -> tuple[Array, Array]:
        """The loss of these outputs of a model, and the gradient with respect to them."""
        x = self._tensor(outputs, is_leaf=True)
        loss = self._loss(x, y)
        return _array(loss), self._gradients_of(loss, [x])[0]

    def optimized(self, start: Array, gradients: Sequence[Array]) -> Array:
        """One parameter after the optimizer's steps with these gradients."""
        optimizer, values = self._new_optimizer(), [np.asarray(start, self._dtype)]
        for gradient in gradients:
            values = [
                np.asarray(value, self._dtype) for value in optimizer.step(values, [np.asarray(gradient, self._dtype)])
            ]
        return values[0]

    def _new_optimizer(self) -> updates.Updates:
        choice = optimizer_choice(self.settings.optimizer)
        arguments: dict[str, Any] = dict(choice.arguments)
        return updates.Updates(updates.RIGHT[choice.class_name], updates.Settings(self.settings.lr, **arguments))

    def _tensor(self, values: Array, is_leaf: bool = False) -> Any:
        return self.judge.tensor(values if values.dtype == np.int64 else np.array(values, self._dtype), is_leaf)

    def _forward(self, x: Any, seen: dict[str, Any] | None = None) -> Any:
        # What is infinite is looked at, and no warning.
        with np.errstate(all="ignore"):
            return forward(self.model.parts, self._built, x, {} if seen is None else seen)

    def _layer(self, layer: Layer) -> Callable[[Any], Any]:
        """A layer by its parameters as they are when it is called."""
        names = [parameter.name for parameter in layer.parameters]

        def call(x: Any) -> Any:
            parameters = {name: self._parameters[layer.name, name] for name in names}
            return _FORWARD[layer.kind](self.judge, parameters, x, *layer.arguments)

        return call

    def _loss(self, outputs: Any, y: Array) -> Any:
        """The loss of a batch; probabilities are kept from 0 and 1 as the course keeps them."""
        judge = self.judge
        if self.model.loss == "BinaryCrossEntropyLoss":
            values = _array(outputs)
            kept = judge.tensor(np.clip(values, SUREST, 1 - SUREST) - values)
            return judge.F.binary_cross_entropy(outputs + kept, self._tensor(y))
        return judge.F.cross_entropy(outputs, judge.tensor(y.reshape(-1)))

    def _gradients_of(self, output: Any, wanted: Sequence[Any], gradient: Array | None = None) -> list[Array]:
        given = None if gradient is None else self._tensor(gradient)
        with np.errstate(all="ignore"):
            return [_array(found) for found in self.judge.torch.autograd.grad(output, wanted, given)]


def _array(tensor: Any) -> Array:
    values: Array = tensor.detach().numpy()
    return values


def _linear(_judge: NumPyJudge, p: Parameters, x: Any, *_: int) -> Any:
    return x @ p["weight"] + p["bias"]


def _embeddings(judge: NumPyJudge, p: Parameters, ids: Any, *_: int) -> Any:
    places = judge.tensor(np.arange(ids.shape[1]).reshape(1, -1))
    return judge.F.embedding(ids, p["tokens.weight"]) + judge.F.embedding(places, p["positions.weight"])


def _attention(judge: NumPyJudge, p: Parameters, x: Any, width: int, n_heads: int) -> Any:
    n, length, _ = x.shape

    def projected(name: str) -> Any:
        return (x @ p[f"{name}.weight"] + p[f"{name}.bias"]).reshape(n, length, n_heads, -1).transpose(1, 2)

    queries, keys, values = (projected(name) for name in ("q_proj", "k_proj", "v_proj"))
    hidden = judge.tensor(np.where(np.tri(length, dtype=bool), 0.0, -np.inf))
    scores = queries @ keys.transpose(2, 3) / float(np.sqrt(width // n_heads)) + hidden
    attended = judge.torch.softmax(scores, -1) @ values
    return attended.transpose(1, 2).reshape(n, length, width) @ p["out_proj.weight"] + p["out_proj.bias"]


# What each kind of layer of `tinytorch_hf.compare.layers` computes, from its parameters, input and arguments.
_FORWARD: dict[str, Callable[..., Any]] = {
    "Linear": _linear,
    "LinearWithoutBias": lambda _judge, p, x, *_: x @ p["weight"],
    "ReLU": lambda judge, _p, x: judge.F.relu(x),
    "Sigmoid": lambda judge, _p, x: judge.torch.sigmoid(x),
    "GELU": lambda judge, _p, x: x * judge.torch.sigmoid(1.702 * x),
    "Conv2d": lambda judge, p, x, *_: judge.F.conv2d(x, p["weight"], p["bias"]),
    "MaxPool2d": lambda judge, _p, x, size: judge.F.max_pool2d(x, size),
    "Flatten": lambda _judge, _p, x: x.reshape(len(x), -1),
    "Positions to rows": lambda _judge, _p, x: x.reshape(-1, x.shape[-1]),
    "Embeddings": _embeddings,
    "LayerNorm": lambda judge, p, x, width: judge.F.layer_norm(x, (width,), p["gamma"], p["beta"]),
    "CausalAttention": _attention,
}
