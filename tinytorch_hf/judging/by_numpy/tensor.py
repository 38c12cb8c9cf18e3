"""The tensor: sums and the like along axes, products of matrices, and what changes its type."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.by_numpy.arithmetic import Arithmetic
from tinytorch_hf.judging.by_numpy.graph import Node
from tinytorch_hf.judging.by_numpy.shapes import Shaped

# Sums an array along axes; NumPy's own stubs do not take ``keepdims`` as a variable.
_add: Any = np.add.reduce

# One axis, several, or None for all.
Axes = int | tuple[int, ...] | None


class Tensor(Arithmetic, Shaped):
    """The part of torch.Tensor that the cases use."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"tensor({self.data}, {self.data.dtype}, requires_grad={self.requires_grad})"

    def __bool__(self) -> bool:
        if self.data.size != 1:
            raise RuntimeError(f"whether a tensor of the shape {self.data.shape} is true is not defined")
        return bool(self.data)

    def sum(self, dim: Axes = None, keepdim: bool = False, *, axis: Axes = None) -> Any:
        """The sum along axes."""
        x, axes = self.data, _axes(self, axis if dim is None else dim)
        values = _add(x, axis=axes, keepdims=keepdim)
        return self.result(values, (self, lambda g: np.broadcast_to(_kept(g, x, axes), x.shape)))

    def mean(self, dim: Axes = None, keepdim: bool = False, *, axis: Axes = None) -> Any:
        """The mean along axes."""
        x, axes = self.data, _axes(self, axis if dim is None else dim)
        n = _count(x, axes)
        values = _add(x, axis=axes, keepdims=keepdim) / n
        return self.result(values, (self, lambda g: np.broadcast_to(_kept(g / n, x, axes), x.shape)))

    def var(self, dim: Axes = None, *, unbiased: bool, keepdim: bool = False) -> Any:
        """The mean square distance from the mean along axes; unbiased, one value less is counted."""
        x, axes = self.data, _axes(self, dim)
        n = _count(x, axes)
        apart = x - _add(x, axis=axes, keepdims=True) / n
        n_free = n - n.dtype.type(unbiased)
        values = _add(apart * apart, axis=axes, keepdims=keepdim) / n_free
        return self.result(values, (self, lambda g: _kept(2 * g / n_free, x, axes) * apart))

    def amax(self, dim: Axes = None, keepdim: bool = False) -> Any:
        """The largest value along axes; where several are, they share the gradient evenly."""
        return self._extreme(np.maximum, dim, keepdim)

    def amin(self, dim: Axes = None, keepdim: bool = False) -> Any:
        """The smallest value along axes; where several are, they share the gradient evenly."""
        return self._extreme(np.minimum, dim, keepdim)

    def _extreme(self, which: np.ufunc, dim: Axes, keepdim: bool) -> Any:
        x, axes = self.data, _axes(self, dim)
        kept = which.reduce(x, axis=axes, keepdims=True)

        def pull(gradient: Array) -> Array:
            receives = x == kept
            share: Array = _kept(gradient, x, axes) * receives / _add(receives, axis=axes, keepdims=True)
            return share

        return self.result(kept if keepdim else kept.squeeze(axes), (self, pull))

    def all(self, dim: int, keepdim: bool = False) -> Any:
        """Whether no value along an axis is 0."""
        return self.result(self.data.all(dim, keepdims=keepdim))

    def any(self, dim: int, keepdim: bool = False) -> Any:
        """Whether some value along an axis is not 0."""
        return self.result(self.data.any(dim, keepdims=keepdim))

    def __matmul__(self, other: Any) -> Any:
        return self.matmul(other) if isinstance(other, Tensor) else NotImplemented

    def matmul(self, other: Tensor) -> Any:
        """The product of matrices in the last two axes; a vector is a row on the left and a column on the right."""
        if self.data.ndim == 1:
            made = self.reshape(1, -1).matmul(other)
            return made.reshape(*made.shape[:-2], made.shape[-1]) if other.data.ndim > 1 else made.reshape(())
        if other.data.ndim == 1:
            made = self.matmul(other.reshape(-1, 1))
            return made.reshape(made.shape[:-1])
        if self.data.dtype != other.data.dtype:
            raise RuntimeError(f"a product of matrices of {self.data.dtype} and of {other.data.dtype}")
        x, y = self.data, other.data
        if y.ndim > 2:
            return self.result(
                x @ y, (self, lambda g: g @ y.swapaxes(-1, -2)), (other, lambda g: x.swapaxes(-1, -2) @ g)
            )
        # One matrix for all: one product of all rows is faster than many, and so is its gradient.
        rows = x.reshape(-1, x.shape[-1])
        return self.result(
            (rows @ y).reshape(*x.shape[:-1], y.shape[-1]),
            (self, lambda g: (g.reshape(-1, y.shape[-1]) @ y.T).reshape(x.shape)),
            (other, lambda g: rows.T @ g.reshape(-1, y.shape[-1])),
        )

    def to(self, dtype: Any) -> Any:
        """The same values in another type; whole numbers have no gradient."""
        values = self.data.astype(dtype)
        return self.result(values, (self, lambda g: g)) if values.dtype.kind == "f" else self.result(values)

    def long(self) -> Any:
        """The whole parts as int64."""
        return self.to(np.int64)

    def new_tensor(self, values: Any) -> Any:
        """Other values in the type of this one."""
        return self.result(np.array(values, dtype=self.data.dtype))

    def clone(self) -> Any:
        """The same values in memory of their own."""
        return self.result(self.data.copy(), (self, lambda g: g))

    def numpy(self) -> Array:
        """The values, of which nobody asks for a gradient any more."""
        if self.requires_grad:
            raise RuntimeError("the values of what requires a gradient are had by detach() first")
        return self.data


def _axes(node: Node, dim: Axes) -> tuple[int, ...]:
    if dim is None:
        return tuple(range(node.data.ndim))
    n = node.data.ndim
    return (dim % n,) if isinstance(dim, int) else tuple(axis % n for axis in dim)


def _count(x: Array, axes: tuple[int, ...]) -> Any:
    """How many values lie along axes, in the type of the values."""
    n = 1
    for axis in axes:
        n *= x.shape[axis]
    return x.dtype.type(n)


def _kept(reduced: Array, x: Array, axes: tuple[int, ...]) -> Array:
    """What was reduced along axes of x, with these axes of length 1 again."""
    return reduced.reshape([1 if axis in axes else length for axis, length in enumerate(x.shape)])
