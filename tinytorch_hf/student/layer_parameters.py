"""Parameters of layers without tensors: the arrays that they keep, found by their sizes, and their gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student import layer_calls, synonyms

Path = tuple[str, ...]
"""Attributes, and keys of dicts, that lead to an array."""


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
        return self._laid_out(at(self._built, self._path))

    @data.setter
    def data(self, values: Array) -> None:
        present = at(self._built, self._path)
        wanted = np.asarray(values).T if self._is_transposed else np.asarray(values)
        put(self._built, self._path, wanted.reshape(present.shape).astype(present.dtype))

    def forget(self) -> None:
        """Let the layer begin with a gradient of 0, whether it adds to it or not."""
        held = at(self._built, self._gradient_path) if self._gradient_path else None
        if isinstance(held, np.ndarray):
            put(self._built, self._gradient_path or (), np.zeros_like(held))

    @property
    def is_misshapen(self) -> bool:
        """Whether the gradient that the layer has kept is of another size."""
        held = at(self._built, self._gradient_path) if self._gradient_path else None
        return isinstance(held, np.ndarray) and held.size != self.data.size

    def receive(self, before: Array | None = None) -> None:
        """Take the gradient that the layer has kept; or by which it has changed the parameter, which is set back."""
        if before is not None:
            arrived = (before - self.data) / layer_calls.RATE
            self.data = before
            self.grad = arrived if self.grad is None else self.grad + arrived
            return
        held = at(self._built, self._gradient_path) if self._gradient_path else None
        if isinstance(held, np.ndarray) and held.size == self.data.size:
            arrived = self._laid_out(held)
            self.grad = arrived if self.grad is None else self.grad + arrived

    def _laid_out(self, values: Any) -> Array:
        array = np.array(values)
        return (array.T if self._is_transposed else array).reshape(self._shape)


def gradient_of(built: Any, path: Path, expected: Array | None, is_transposed: bool) -> Path | None:
    """Where a layer keeps the gradient of a parameter: what has its shape, is called so, and is it."""
    shape = np.shape(at(built, path))
    same = [place for place in _arrays(built) if place != path and np.shape(at(built, place)) == shape]
    named = [place for place in same if _speaks_of_gradient(place, path)]
    if expected is None:
        return named[0] if named else None
    wanted = (expected.T if is_transposed else expected).reshape(shape)
    for place in (*named, *same):
        if np.allclose(at(built, place), wanted, atol=1e-4):
            return place
    for place in named:
        held = at(built, place)
        factor = float((held * wanted).sum() / (wanted * wanted).sum())
        if factor and np.allclose(held, factor * wanted, atol=1e-4):
            raise TypeError(f"the gradient of its parameters is {factor:.3g} times that of its output, as of a mean")
    return named[0] if named else None


def _speaks_of_gradient(place: Path, path: Path) -> bool:
    words = synonyms.plain("".join(place))
    return any(word in words for word in ("grad", f"d{synonyms.plain(path[-1])}"))


def slots(built: Any, size: int, known: tuple[str, ...]) -> list[Path]:
    """Where a layer keeps arrays of so many values, the likeliest first; never those that are gradients by name."""
    paths = [
        path
        for path in _arrays(built)
        if np.size(at(built, path)) == size and "grad" not in synonyms.plain("".join(path))
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


def at(built: Any, path: Path) -> Any:
    """What stands at a path."""
    first, *keys = path
    value = getattr(built, first)
    for key in keys:
        value = value[key]
    return value


def put(built: Any, path: Path, values: Array) -> None:
    """Let a path lead to other values."""
    if len(path) > 1:
        getattr(built, path[0])[path[1]] = values
    elif path:
        setattr(built, path[0], values)
