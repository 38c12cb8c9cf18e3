"""Layers that pass gradients back themselves, presented as layers of tensors.

Such a framework has no tensors: ``forward`` takes and gives arrays, ``backward`` takes the gradient of what came out,
keeps those of the layer's parameters and gives that of what went in. The tensors here are ours. They hold arrays,
remember the layer that they came from, and have no operations.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student import layer_calls, synonyms
from tinytorch_hf.student.layer_parameters import Parameter, Path, at, gradient_of, put, slots
from tinytorch_hf.student.signals import UntriedError

# Takes the gradient of what came out.
Back = Callable[[Array], None]
LOSSES = ("MSELoss", "CrossEntropyLoss", "BinaryCrossEntropyLoss")
_SAMPLES = 4
_OF_ROWS = 2
_MORE_THAN_ROWS = 3


class Tensor:
    """An array, and what takes its gradient.

    Parameters
    ----------
    data
        The array.
    back
        Takes the gradient of what came out of a layer; None for what is given to one.
    """

    def __init__(self, data: Any, back: Back | None = None) -> None:
        self.data: Array = np.array(data)
        self.grad: Array | None = None
        self._back = back

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of its axes."""
        return tuple(self.data.shape)

    def backward(self, gradient: Any = None) -> None:
        """Send a gradient back through the layers that led here."""
        given = np.ones_like(self.data) if gradient is None else np.asarray(gradient)
        if self._back is not None:
            self._back(given)
        else:
            self.grad = given if self.grad is None else self.grad + given


class Layer:
    """A layer of the framework's that takes and gives tensors.

    Parameters
    ----------
    built
        The framework's own.
    of_columns
        Whether it takes one sample at a time, as a column.
    """

    def __init__(self, built: Any, of_columns: bool = False) -> None:
        self._built = built
        self._of_columns = of_columns
        self._shown: dict[str, Parameter] = {}
        self._last: Any = None

    def __call__(self, x: Tensor) -> Tensor:
        """Its output."""
        given, calling = x.data, object()
        self._last = calling
        output = self._tried(given, self._computed, given.copy())

        def back(gradient: Array) -> None:
            if self._last is not calling:
                # It remembers its last input alone, which was another one meanwhile.
                self._computed(given.copy())
            self._last = calling
            x.backward(self._tried(given, functools.partial(self._passed_back, given), gradient.copy()))

        return Tensor(output, back)

    def _computed(self, values: Array) -> Any:
        if not self._of_columns:
            return layer_calls.forward(self._built, values)
        self._check_rows(values)
        return np.stack([np.ravel(layer_calls.forward(self._built, row[:, np.newaxis])) for row in values])

    def _passed_back(self, given: Array, gradient: Array) -> Any:
        if not self._of_columns:
            arrived = self._once_back(gradient)
            if given.ndim == _MORE_THAN_ROWS and any(one.is_misshapen for one in self._shown.values()):
                raise UntriedError("it takes rows, and no sequences: it keeps gradients of other shapes")
            return arrived
        each = []
        for row, own in zip(given, gradient, strict=True):
            layer_calls.forward(self._built, row[:, np.newaxis])
            each.append(np.ravel(self._once_back(own[:, np.newaxis])))
        return np.stack(each)

    def _once_back(self, gradient: Array) -> Any:
        changes = layer_calls.takes_rate(self._built)
        before = {name: parameter.data for name, parameter in self._shown.items()}
        for parameter in self._shown.values():
            parameter.forget()
        arrived = layer_calls.backward(self._built, gradient)
        for name, parameter in self._shown.items():
            parameter.receive(before[name] if changes else None)
        return arrived

    def _check_rows(self, values: Array) -> None:
        if values.ndim != _OF_ROWS:
            raise UntriedError("it takes one sample at a time, as a column")

    @property
    def built(self) -> Any:
        """The framework's own."""
        return self._built

    def forward(self, x: Tensor) -> Tensor:
        """The same."""
        return self(x)

    def _tried(self, given: Array, compute: Callable[..., Any], values: Array) -> Any:
        """What a layer computes; it may be written for rows, and know nothing of sequences."""
        try:
            return compute(values)
        except UntriedError:
            raise
        except Exception as error:
            if given.ndim == _MORE_THAN_ROWS:
                raise UntriedError(f"it takes rows, and no sequences: {type(error).__name__}: {error}") from error
            raise

    def __getattr__(self, name: str) -> Any:
        shown: dict[str, Parameter] = self.__dict__.get("_shown", {})
        if name in shown:
            return shown[name]
        if name.startswith("__") or name in ("backward", "parameters"):
            raise AttributeError(name)
        return getattr(self.__dict__["_built"], name)

    def show(self, name: str, parameter: Parameter) -> None:
        """Have a parameter as an attribute."""
        self._shown[name] = parameter


class Loss:
    """A loss of the framework's that takes and gives tensors."""

    def __init__(self, built: Any) -> None:
        self._built = built

    def __call__(self, predictions: Tensor, targets: Any) -> Tensor:
        """The loss."""
        wanted = np.array(targets.data if isinstance(targets, Tensor) else targets)
        value = layer_calls.loss(self._built, predictions.data.copy(), wanted)

        def back(gradient: Array) -> None:
            predictions.backward(layer_calls.loss_gradient(self._built, predictions.data.copy(), wanted) * gradient)

        return Tensor(value, back)


def adapted(name: str, part: Any) -> Any:
    """A part of TinyTorch made of a class of the framework's; None where there is none."""
    if name == "Tensor":
        return Tensor
    if part is None:
        return None
    if name in LOSSES:
        return lambda: Loss(part())
    if name in ("Linear", "Conv2d"):
        return lambda *arguments, **named: with_parameters(made(part, name, arguments, named), name, arguments)
    return lambda *arguments, **named: Layer(part(*arguments, **named))


def made(part: Any, name: str, lengths: tuple[int, ...], named: dict[str, Any]) -> Any:
    """A layer that has its parameters: where they wait for the first input it is given one, of no more lengths."""
    if name != "Linear":
        return part(*lengths, **named)
    size = lengths[0] * lengths[1]
    for arguments in (lengths, lengths[1:]):
        with contextlib.suppress(Exception):
            built = part(*arguments, **named)
            if not slots(built, size, synonyms.WEIGHT):
                layer_calls.forward(built, _numbers((_SAMPLES, lengths[0])))
            if slots(built, size, synonyms.WEIGHT):
                return built
    return part(*lengths, **named)


def with_parameters(built: Any, name: str, lengths: tuple[int, ...]) -> Layer:
    """A layer with a weight and a bias, which are found by their sizes, and their gradients by what they should be.

    Raises
    ------
    TypeError
        A gradient is not to be found, or is another one by a factor, as of a mean over samples.
    """
    n_in, n_out, *kernel = lengths
    of_columns = name == "Linear" and _takes_columns(built, n_in, n_out)
    layer = Layer(built, of_columns)
    weight_shape = (n_in, n_out) if name == "Linear" else (n_out, n_in, kernel[0], kernel[0])
    weight = slots(built, int(np.prod(weight_shape)), synonyms.WEIGHT)
    bias = slots(built, n_out, synonyms.BIAS)
    if not weight:
        raise TypeError(f"it keeps no weight of the shape {weight_shape}")
    is_transposed = name == "Linear" and np.shape(at(built, weight[0])) == (n_out, n_in) and n_in != n_out
    if name == "Linear" and n_in == n_out:
        is_transposed = _lies_transposed(layer, weight[0], n_in)
    x = _numbers((_SAMPLES, n_in) if name == "Linear" else (1, n_in, kernel[0] + 1, kernel[0] + 1))
    gradient = np.zeros(0)
    if not layer_calls.takes_rate(built):
        x = x[:1] if of_columns else x
        gradient = _numbers(np.shape(layer_calls.forward(built, x.T.copy() if of_columns else x.copy())))
        layer_calls.backward(built, gradient.copy())
        gradient = gradient.T if of_columns else gradient
    sums = gradient.sum(tuple(axis for axis in range(gradient.ndim) if axis != 1))
    expected = {"weight": x.T @ gradient if name == "Linear" and gradient.size else None, "bias": sums}
    for shown, path, shape in (("weight", weight[0], weight_shape), ("bias", bias[0] if bias else (), (n_out,))):
        if path:
            turned = is_transposed and shown == "weight"
            place = gradient_of(built, path, expected[shown], turned) if gradient.size else None
            layer.show(shown, Parameter(built, path, place, shape, turned))
    return layer


def _takes_columns(built: Any, n_in: int, n_out: int) -> bool:
    """Whether it takes a sample as a column, and no samples as rows."""
    with contextlib.suppress(Exception):
        if np.shape(layer_calls.forward(built, _numbers((n_in + n_out, n_in)))) == (n_in + n_out, n_out):
            return False
    with contextlib.suppress(Exception):
        return bool(np.shape(layer_calls.forward(built, _numbers((n_in, 1)))) == (n_out, 1))
    return False


def _lies_transposed(layer: Layer, path: Path, length: int) -> bool:
    """Whether a square weight maps the first input to its first column."""
    built = layer.built
    kept = np.array(at(built, path))
    probe = np.zeros(kept.shape, dtype=kept.dtype)
    probe[0, -1] = 1
    put(built, path, probe)
    one = np.zeros((1, length), dtype=np.float32)
    base = layer(Tensor(one)).data
    one[0, 0] = 1
    moved = layer(Tensor(one)).data - base
    put(built, path, kept)
    return not np.any(moved)


def _numbers(shape: tuple[int, ...]) -> Array:
    values: Array = (np.sin(np.arange(int(np.prod(shape))) * 1.3) + 0.2).astype(np.float32).reshape(shape)
    return values
