"""Frameworks in which each node of the graph is one number, presented as arrays of such nodes.

The arrays are ours: that an operation is done for each element, with broadcasting. The numbers, the graph and the way
back are the framework's. What has no meaning for one number, such as a sum over an axis, is left out.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student import synonyms
from tinytorch_hf.student.mapping import Conventions
from tinytorch_hf.student.signals import UntriedError

_BINARY = ("add", "sub", "mul", "truediv", "pow")
_ELEMENTWISE = ("exp", "log", "sqrt", "abs")
_ACTIVATIONS = ("Sigmoid", "ReLU", "Tanh", "GELU")
# What layers are told so that they are linear.
_LINEAR: tuple[dict[str, Any], ...] = (
    {},
    {"nonlin": False},
    {"activation": None},
    {"activation": "linear"},
    {"nonlinear": False},
    {"relu": False},
    {"act": None},
    {"linear": True},
)

# Computing with more than these, one by one, takes too long for a case.
_MOST_PARAMETERS = 4000
# So many inputs of a layer are told apart in one sum, of numbers that end below this; double precision holds it.
_AT_ONCE = 4
_BASE = 1 << 12


class Nodes:
    """An array of nodes; `tensors_of` makes the class for one framework.

    Parameters
    ----------
    data
        Numbers; each becomes a node.
    """

    kind: type
    own: Conventions

    def __init__(self, data: Any) -> None:
        values = np.asarray(data, dtype=np.float64)
        self.nodes = np.empty(values.shape, dtype=object)
        for place in np.ndindex(values.shape):
            self.nodes[place] = self.kind(float(values[place]))

    @classmethod
    def of(cls, nodes: Any, shape: tuple[int, ...]) -> Nodes:
        """An array of nodes that exist already; a number among them becomes one."""
        made = cls(np.zeros(0))
        made.nodes = np.empty(shape, dtype=object)
        flat = list(nodes)
        for number, place in enumerate(np.ndindex(shape)):
            node = flat[number]
            made.nodes[place] = node if isinstance(node, cls.kind) else cls.kind(float(node))
        return made

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of its axes."""
        return self.nodes.shape

    def _read(self, name: str) -> Array:
        return np.array([getattr(node, name) for node in self.nodes.flat], dtype=np.float64).reshape(self.shape)

    def _write(self, name: str, values: Any) -> None:
        wanted = np.broadcast_to(np.asarray(values, dtype=np.float64), self.shape)
        for place in np.ndindex(self.shape):
            setattr(self.nodes[place], name, float(wanted[place]))

    @property
    def data(self) -> Array:
        """The numbers."""
        return self._read(self.own.data)

    @data.setter
    def data(self, values: Any) -> None:
        self._write(self.own.data, values)

    @property
    def grad(self) -> Array:
        """The gradients."""
        return self._read(self.own.grad)

    @grad.setter
    def grad(self, values: Any) -> None:
        self._write(self.own.grad, 0.0 if values is None else values)

    def backward(self, gradient: Any = None) -> None:
        """Send a gradient back, through the sum of all nodes, each multiplied by its own."""
        nodes = list(self.nodes.flat)
        if gradient is not None:
            seeds = np.broadcast_to(np.asarray(gradient, dtype=np.float64), self.shape).ravel()
            nodes = [node * float(seed) for node, seed in zip(nodes, seeds, strict=True)]
        getattr(_total(nodes), self.own.backward)()


def _total(nodes: Sequence[Any]) -> Any:
    """The sum, by halves: frameworks walk back by recursion, which must not go deep because of us."""
    if len(nodes) == 1:
        return nodes[0]
    half = len(nodes) // 2
    return _total(nodes[:half]) + _total(nodes[half:])


@functools.cache
def tensors_of(kind: type, own: Conventions) -> type[Nodes]:
    """The class of arrays of one framework's nodes.

    Parameters
    ----------
    kind
        The class of nodes.
    own
        What its attributes and methods are called.
    """
    made = type("Tensor", (Nodes,), {"kind": kind, "own": own, "__module__": kind.__module__})
    for name in _BINARY:
        if hasattr(kind, f"__{name}__"):
            setattr(made, f"__{name}__", _of_two(getattr(operator, name)))
        if hasattr(kind, f"__r{name}__"):
            setattr(made, f"__r{name}__", _of_two(_swapped(getattr(operator, name))))
    if hasattr(kind, "__neg__"):
        setattr(made, "__neg__", _of_one(operator.neg))  # noqa: B010 -- no other class has it
    words = {synonyms.plain(word) for part in _ACTIVATIONS for word in synonyms.PARTS[part]} | set(_ELEMENTWISE)
    for name in dir(kind):
        if synonyms.plain(name) in words and callable(getattr(kind, name)):
            setattr(made, name, _of_one(operator.methodcaller(name)))
    return made


def _of_two(compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def call(self: Nodes, other: Any) -> Any:
        operand = other.nodes if isinstance(other, Nodes) else other
        result = compute(self.nodes, operand)
        return self.of(np.asarray(result, dtype=object).ravel(), np.shape(result))

    return call


def _swapped(compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda left, right: compute(right, left)


def _of_one(compute: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def call(self: Nodes) -> Any:
        return self.of([compute(node) for node in self.nodes.flat], self.shape)

    return call


def elementwise(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function of one node, for arrays of them."""
    return _of_one(function)


class Dense:
    """A layer of the framework's that maps some numbers to others, as TinyTorch's Linear.

    Which of its parameters is which shows when each of them is another number.
    """

    def __init__(self, built: Any, n_in: int, n_out: int, tensors: type[Nodes]) -> None:
        self._built, self._tensors = built, tensors
        self.widths = n_in, n_out

    @functools.cached_property
    def _found(self) -> tuple[Nodes, Nodes]:
        parameters, tensors = list(self._built.parameters()), self._tensors
        if len(parameters) > _MOST_PARAMETERS:
            raise UntriedError(f"a layer of {len(parameters)} single numbers takes too long")
        before = [getattr(node, tensors.own.data) for node in parameters]
        try:
            weight, bias = self._roles(parameters)
        finally:
            self._set(parameters, before)
        return tensors.of(weight, self.widths), tensors.of(bias, self.widths[1:])

    @property
    def weight(self) -> Nodes:
        """The weight, (in, out)."""
        return self._found[0]

    @property
    def bias(self) -> Nodes:
        """The bias."""
        return self._found[1]

    def _roles(self, parameters: list[Any]) -> tuple[list[Any], list[Any]]:
        """The nodes of the weight, row by row, and of the bias: each holds its own number, by which it is seen.

        Several inputs are seen at once, each at its own digits of the sum.
        """
        n_in, _ = self.widths
        self._set(parameters, [float(number + 1) for number in range(len(parameters))])
        bias = self._values([0.0] * n_in)
        rows: list[list[Any]] = []
        for start in range(0, n_in, _AT_ONCE):
            digits = [float(_BASE ** (row - start)) for row in range(start, min(start + _AT_ONCE, n_in))]
            values = self._values([0.0] * start + digits + [0.0] * (n_in - start - len(digits)))
            sums = [round(value - at) for value, at in zip(values, bias, strict=True)]
            rows += [[parameters[total // _BASE**place % _BASE - 1] for total in sums] for place in range(len(digits))]
        weight = [node for row in rows for node in row]
        offsets = [parameters[round(at) - 1] for at in bias]
        if len({id(node) for node in (*weight, *offsets)}) != len(parameters):
            raise TypeError("which of its parameters is which cannot be told")
        return weight, offsets

    def _values(self, inputs: list[float]) -> list[float]:
        return [float(getattr(out, self._tensors.own.data)) for out in self._outputs(inputs)]

    def _set(self, parameters: list[Any], values: Sequence[float]) -> None:
        for node, value in zip(parameters, values, strict=True):
            setattr(node, self._tensors.own.data, value)

    def _outputs(self, inputs: Sequence[Any]) -> list[Any]:
        given = [self._tensors.kind(value) if isinstance(value, float) else value for value in inputs]
        outputs = self._built(given)
        return list(outputs) if isinstance(outputs, list | tuple) else [outputs]

    def __call__(self, x: Nodes) -> Any:
        """Its output for each row."""
        n_in, n_out = self.widths
        rows = x.nodes.reshape(-1, n_in)
        outputs = [self._outputs(list(row)) for row in rows]
        return self._tensors.of([node for row in outputs for node in row], (*x.shape[:-1], n_out))

    def parameters(self) -> list[Nodes]:
        """Weight and bias."""
        return [self.weight, self.bias]


class Network(Dense):
    """Layers of the framework's in a row, as TinyTorch's Sequential of Linear, ReLU and Linear."""

    def __init__(self, built: Any, widths: tuple[int, int, int], tensors: type[Nodes]) -> None:
        super().__init__(built, widths[0], widths[2], tensors)
        lists = [value for value in vars(built).values() if isinstance(value, list) and len(value) == len(widths) - 1]
        first, second = (
            Dense(layer, *pair, tensors) for layer, pair in zip(lists[0], itertools.pairwise(widths), strict=True)
        )
        self.layers = [first, None, second]

    def parameters(self) -> list[Nodes]:
        """Those of its layers."""
        return [parameter for layer in self.layers if layer is not None for parameter in layer.parameters()]


def linear(kind: type, tensors: type[Nodes]) -> Callable[[int, int], Dense]:
    """What makes layers that are linear.

    Raises
    ------
    TypeError
        Nothing that is known makes them linear.
    """
    for arguments in _LINEAR:
        try:
            made = Dense(kind(3, 2, **arguments), 3, 2, tensors)
            if _is_linear(made):
                return lambda n_in, n_out: Dense(kind(n_in, n_out, **arguments), n_in, n_out, tensors)
        except Exception:  # noqa: S112 -- the next may fit
            continue
    raise TypeError("its layers are not linear, whatever they are told, or their parameters cannot be told apart")


def _is_linear(made: Dense) -> bool:
    made.weight.data = [[1.0, -2.0], [-3.0, 0.5], [0.25, 1.0]]
    made.bias.data = [-5.0, 0.5]
    x = np.array([[1.0, 2.0, -1.0], [-2.0, 0.5, 3.0]])
    return np.allclose(made(made._tensors(x)).data, x @ made.weight.data + made.bias.data)


def network(kind: type, tensors: type[Nodes]) -> Callable[..., Network]:
    """What makes a network of two layers with ReLU between, from layers of the widths that it should have."""

    def make(*layers: Any) -> Network:
        first, _, second = layers
        widths = *first.widths, second.widths[1]
        return Network(kind(widths[0], list(widths[1:])), widths, tensors)

    return make


def optimizer(kind: Callable[..., Any]) -> Callable[..., Any]:
    """An optimizer of nodes, given arrays of them."""

    @functools.wraps(kind, updated=())
    def make(parameters: Sequence[Nodes], *arguments: Any, **named: Any) -> Any:
        return kind([node for array in parameters for node in array.nodes.flat], *arguments, **named)

    make.__signature__ = inspect.signature(kind)  # type: ignore[attr-defined]
    return make
