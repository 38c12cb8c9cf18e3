"""Layers that pass gradients back themselves, presented as layers of tensors.

Such a framework has no tensors: ``forward`` takes and gives arrays, ``backward`` takes the gradient of what came out,
keeps those of the layer's parameters and gives that of what went in. The tensors here are ours. They hold arrays,
remember the layer that they came from, and have no operations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student import synonyms
from tinytorch_hf.student.signals import UntriedError

# Takes the gradient of what came out.
Back = Callable[[Array], None]
# Attributes, and keys of dicts, that lead to an array.
Path = tuple[str, ...]

_OF_GRADIENTS = ("d", "grad", "gradient", "g")
LOSSES = ("MSELoss", "CrossEntropyLoss", "BinaryCrossEntropyLoss")
_SAMPLES = 4
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


class Parameter:
    """A parameter of a layer, laid out as TinyTorch's, with the gradients that arrive added up.

    Parameters
    ----------
    built
        The layer.
    path, gradient_path
        Where it keeps the parameter and, after ``backward``, the gradient.
    shape
        TinyTorch's.
    is_transposed
        Whether it is laid out as (out, in).
    """

    def __init__(
        self, built: Any, path: Path, gradient_path: Path | None, shape: tuple[int, ...], is_transposed: bool
    ) -> None:
        self._built, self._path, self._gradient_path = built, path, gradient_path
        self._shape, self._is_transposed = shape, is_transposed
        self.grad: Array | None = None

    @property
    def data(self) -> Array:
        """The values."""
        return self._laid_out(_at(self._built, self._path))

    @data.setter
    def data(self, values: Array) -> None:
        present = _at(self._built, self._path)
        wanted = np.asarray(values).T if self._is_transposed else np.asarray(values)
        _put(self._built, self._path, wanted.reshape(present.shape).astype(present.dtype))

    def forget(self) -> None:
        """Let the layer begin with a gradient of 0, whether it adds to it or not."""
        held = _at(self._built, self._gradient_path) if self._gradient_path else None
        if isinstance(held, np.ndarray):
            _put(self._built, self._gradient_path or (), np.zeros_like(held))

    def receive(self) -> None:
        """Take the gradient that the layer has kept."""
        held = _at(self._built, self._gradient_path) if self._gradient_path else None
        if isinstance(held, np.ndarray) and held.size == self.data.size:
            arrived = self._laid_out(held)
            self.grad = arrived if self.grad is None else self.grad + arrived

    def _laid_out(self, values: Any) -> Array:
        array = np.array(values)
        return (array.T if self._is_transposed else array).reshape(self._shape)


class Layer:
    """A layer of the framework's that takes and gives tensors.

    Parameters
    ----------
    built
        The framework's own.
    """

    def __init__(self, built: Any) -> None:
        self._built = built
        self._shown: dict[str, Parameter] = {}
        self._last: Any = None

    def __call__(self, x: Tensor) -> Tensor:
        """Its output."""
        given, calling = x.data, object()
        self._last = calling
        output = self._tried(given, _forward(self._built), given.copy())

        def back(gradient: Array) -> None:
            if self._last is not calling:
                # It remembers its last input alone, which was another one meanwhile.
                _forward(self._built)(given.copy())
            self._last = calling
            for parameter in self._shown.values():
                parameter.forget()
            arrived = self._tried(given, self._built.backward, gradient.copy())
            for parameter in self._shown.values():
                parameter.receive()
            x.backward(arrived)

        return Tensor(output, back)

    def forward(self, x: Tensor) -> Tensor:
        """The same."""
        return self(x)

    def _tried(self, given: Array, compute: Callable[..., Any], values: Array) -> Any:
        """What a layer computes; one with a weight is written for rows, and may know nothing of sequences."""
        try:
            return compute(values)
        except Exception as error:
            if self._shown and given.ndim == _MORE_THAN_ROWS:
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
        wanted = targets.data if isinstance(targets, Tensor) else targets
        value = _forward(self._built)(predictions.data.copy(), np.array(wanted))

        def back(gradient: Array) -> None:
            try:
                arrived = self._built.backward()
            except TypeError:
                arrived = self._built.backward(predictions.data.copy(), np.array(wanted))
            predictions.backward(np.asarray(arrived) * gradient)

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
        return lambda *arguments, **named: with_parameters(part(*arguments, **named), name, arguments)
    return lambda *arguments, **named: Layer(part(*arguments, **named))


def with_parameters(built: Any, name: str, lengths: tuple[int, ...]) -> Layer:
    """A layer with a weight and a bias, which are found by their sizes, and their gradients by what they should be.

    Raises
    ------
    TypeError
        A gradient is not to be found, or is another one by a factor, as of a mean over samples.
    """
    layer = Layer(built)
    n_in, n_out, *kernel = lengths
    weight_shape = (n_in, n_out) if name == "Linear" else (n_out, n_in, kernel[0], kernel[0])
    weight = _slots(built, int(np.prod(weight_shape)), synonyms.WEIGHT)
    bias = _slots(built, n_out, synonyms.BIAS)
    if not weight:
        raise TypeError(f"it keeps no weight of the shape {weight_shape}")
    is_transposed = name == "Linear" and np.shape(_at(built, weight[0])) == (n_out, n_in) and n_in != n_out
    if name == "Linear" and n_in == n_out:
        is_transposed = _lies_transposed(built, weight[0], n_in)
    x = _numbers((_SAMPLES, n_in) if name == "Linear" else (1, n_in, kernel[0] + 1, kernel[0] + 1))
    output = np.asarray(_forward(built)(x.copy()))
    gradient = _numbers(output.shape)
    built.backward(gradient.copy())
    sums = gradient.sum(tuple(axis for axis in range(gradient.ndim) if axis != 1))
    expected = {"weight": x.T @ gradient if name == "Linear" else None, "bias": sums}
    for shown, path, shape in (("weight", weight[0], weight_shape), ("bias", bias[0] if bias else (), (n_out,))):
        if path:
            turned = is_transposed and shown == "weight"
            place = _gradient_of(built, path, expected[shown], turned)
            layer.show(shown, Parameter(built, path, place, shape, turned))
    return layer


def _gradient_of(built: Any, path: Path, expected: Array | None, is_transposed: bool) -> Path | None:
    """Where a layer keeps the gradient of a parameter: what has its shape, is called so, and is it."""
    shape = np.shape(_at(built, path))
    same = [place for place in _arrays(built) if place != path and np.shape(_at(built, place)) == shape]
    named = [place for place in same if _speaks_of_gradient(place, path)]
    if expected is None:
        return named[0] if named else None
    wanted = (expected.T if is_transposed else expected).reshape(shape)
    for place in (*named, *same):
        if np.allclose(_at(built, place), wanted, atol=1e-4):
            return place
    for place in named:
        held = _at(built, place)
        factor = float((held * wanted).sum() / (wanted * wanted).sum())
        if factor and np.allclose(held, factor * wanted, atol=1e-4):
            raise TypeError(f"the gradient of its parameters is {factor:.3g} times that of its output, as of a mean")
    return named[0] if named else None


def _speaks_of_gradient(place: Path, path: Path) -> bool:
    words = synonyms.plain("".join(place))
    return any(word in words for word in ("grad", f"d{synonyms.plain(path[-1])}"))


def _lies_transposed(built: Any, path: Path, length: int) -> bool:
    """Whether a square weight maps the first input to its first column."""
    kept = np.array(_at(built, path))
    probe = np.zeros(kept.shape, dtype=kept.dtype)
    probe[0, -1] = 1
    _put(built, path, probe)
    one = np.zeros((1, length), dtype=np.float32)
    base = np.asarray(_forward(built)(one.copy()))
    one[0, 0] = 1
    moved = np.asarray(_forward(built)(one)) - base
    _put(built, path, kept)
    return not np.any(moved)


def _slots(built: Any, size: int, known: tuple[str, ...]) -> list[Path]:
    """Where a layer keeps arrays of so many values, the likeliest first; never those that are gradients by name."""
    paths = [
        path
        for path in _arrays(built)
        if np.size(_at(built, path)) == size and "grad" not in synonyms.plain("".join(path))
    ]
    order = synonyms.ordered([path[-1] for path in paths], known)
    words = {synonyms.plain(word) for word in known}
    fitting = [path for path in paths if synonyms.plain(path[-1].strip("_")) in words]
    return sorted(fitting or paths[:1], key=lambda path: order.index(path[-1]))


def _arrays(built: Any) -> Iterator[Path]:
    for name, value in list(vars(built).items()):
        if isinstance(value, np.ndarray):
            yield (name,)
        elif isinstance(value, dict):
            yield from ((name, key) for key, entry in value.items() if isinstance(entry, np.ndarray))


def _at(built: Any, path: Path) -> Any:
    first, *keys = path
    value = getattr(built, first)
    for key in keys:
        value = value[key]
    return value


def _put(built: Any, path: Path, values: Array) -> None:
    if len(path) > 1:
        getattr(built, path[0])[path[1]] = values
    elif path:
        setattr(built, path[0], values)


def _forward(built: Any) -> Callable[..., Any]:
    forward = getattr(built, "forward", None)
    return forward if callable(forward) else built  # type: ignore[no-any-return]


def _numbers(shape: tuple[int, ...]) -> Array:
    values: Array = (np.sin(np.arange(int(np.prod(shape))) * 1.3) + 0.2).astype(np.float32).reshape(shape)
    return values
