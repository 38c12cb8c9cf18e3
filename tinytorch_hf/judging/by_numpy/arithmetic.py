"""Operators between tensors and numbers, element by element, and functions of one tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.by_numpy.graph import Node, Pull

_NUMBERS = (int, float, np.number, np.bool_)
_DEFAULT = np.dtype(np.float32)
"""The type that whole numbers become where there are fractions, as in PyTorch."""


class Arithmetic(Node):
    """A node that can be calculated with. Types are promoted as by PyTorch: a number never changes a tensor's kind."""

    __slots__ = ()

    def _with(self, other: Any) -> tuple[Array, Any] | None:
        """The values of both in one type; None where the other one is neither a tensor nor a number."""
        if isinstance(other, Node):
            if other.data.dtype == self.data.dtype:
                return self.data, other.data
            kind = promoted(self.data, other.data)
            return self.data.astype(kind, copy=False), other.data.astype(kind, copy=False)
        if not isinstance(other, _NUMBERS):
            return None
        kind = self.data.dtype
        if kind.kind != "f":
            kind = _with_number(kind, other)
            return self.data.astype(kind, copy=False), kind.type(other)
        return self.data, kind.type(other)

    def _of_both(self, other: Any, values: Any, by_self: Pull, by_other: Pull) -> Any:
        if isinstance(other, Node):
            if self.requires_grad or other.requires_grad:
                return self.result(values, (self, by_self), (other, by_other))
        elif self.requires_grad:
            return self.result(values, (self, by_self))
        return type(self)(values)

    def __add__(self, other: Any) -> Any:
        if (both := self._with(other)) is None:
            return NotImplemented
        return self._of_both(other, both[0] + both[1], _same, _same)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if (both := self._with(other)) is None:
            return NotImplemented
        return self._of_both(other, both[0] - both[1], _same, np.negative)

    def __rsub__(self, other: Any) -> Any:
        if (both := self._with(other)) is None:
            return NotImplemented
        return self.result(both[1] - both[0], (self, np.negative))

    def __mul__(self, other: Any) -> Any:
        if (both := self._with(other)) is None:
            return NotImplemented
        x, y = both
        return self._of_both(other, x * y, lambda g: g * y, lambda g: g * x)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if (both := self._with(other)) is None:
            return NotImplemented
        x, y = _fractions(*both)
        values = x / y
        return self._of_both(other, values, lambda g: g / y, lambda g: -g * values / y)

    def __rtruediv__(self, other: Any) -> Any:
        if (both := self._with(other)) is None:
            return NotImplemented
        x, y = _fractions(*both)
        values = y / x
        return self.result(values, (self, lambda g: -g * values / x))

    def __pow__(self, exponent: Any) -> Any:
        if isinstance(exponent, Node) or (both := self._with(exponent)) is None:
            return NotImplemented
        x, n = both
        one = x.dtype.type(1)
        return self.result(_power(x, n), (self, lambda g: g * n * _power(x, n - one) if n else np.zeros_like(g)))

    def __neg__(self) -> Any:
        return self.result(-self.data, (self, np.negative))

    def __eq__(self, other: object) -> Any:
        return NotImplemented if (both := self._with(other)) is None else self.result(both[0] == both[1])

    def __gt__(self, other: Any) -> Any:
        return NotImplemented if (both := self._with(other)) is None else self.result(both[0] > both[1])

    # Equality is told of each value; what finds a tensor in a table is which one it is.
    __hash__ = object.__hash__

    def abs(self) -> Any:
        """The magnitude; its slope at 0 is 0."""
        x = self.data
        return self.result(np.abs(x), (self, lambda g: g * np.sign(x)))

    def exp(self) -> Any:
        """The exponential."""
        values = np.exp(self.data)
        return self.result(values, (self, lambda g: g * values))

    def log(self) -> Any:
        """The natural logarithm."""
        x = self.data
        return self.result(np.log(x), (self, lambda g: g / x))

    def sqrt(self) -> Any:
        """The square root."""
        values = np.sqrt(self.data)
        return self.result(values, (self, lambda g: g / (2 * values)))

    def trunc(self) -> Any:
        """The whole part; its slope is 0."""
        return self.result(np.trunc(self.data), (self, np.zeros_like))

    def clamp_min(self, least: float) -> Any:
        """What is smaller becomes ``least``; only what is larger has a gradient."""
        x = self.data
        bound = x.dtype.type(least)
        return self.result(np.maximum(x, bound), (self, lambda g: np.where(x > bound, g, g.dtype.type(0))))

    def masked_fill(self, mask: Node, value: float) -> Any:
        """``value`` where the mask is true; no gradient goes there."""
        x, where = self.data, mask.data
        values = np.where(where, x.dtype.type(value), x)
        return self.result(values, (self, lambda g: np.where(where, g.dtype.type(0), g)))


def promoted(x: Array, y: Array) -> np.dtype[Any]:
    """The type of a result of both: a fraction's rather than a whole number's; then that of what has axes."""
    one: np.dtype[Any] = x.dtype
    other: np.dtype[Any] = y.dtype
    if (one.kind == "f") != (other.kind == "f"):
        return one if one.kind == "f" else other
    if one.kind == other.kind and (x.ndim == 0) != (y.ndim == 0):
        return other if x.ndim == 0 else one
    return np.promote_types(one, other)


def _with_number(kind: np.dtype[Any], number: Any) -> np.dtype[Any]:
    """The type of a result of whole numbers, or truths, and a number."""
    if not isinstance(number, int | np.integer | np.bool_):
        return _DEFAULT
    becomes_whole = kind.kind == "b" and not isinstance(number, bool | np.bool_)
    return np.dtype(np.int64) if becomes_whole else kind


def _same(gradient: Array) -> Array:
    return gradient


def _fractions(x: Array, y: Any) -> tuple[Array, Any]:
    """Both as they are divided: whole numbers give fractions."""
    return (x, y) if x.dtype.kind == "f" else (x.astype(_DEFAULT), y.astype(_DEFAULT))


def _power(x: Array, exponent: Any) -> Array:
    """Common powers by what is exact for them: NumPy's power is slower, and rounds once more."""
    if exponent == 2:
        return x * x
    if exponent == 1:
        return x
    if exponent == 0.5:
        return np.sqrt(x)
    values: Array = np.power(x, exponent)
    return values
