"""Tensor: a float32 array that remembers how it was made, so that gradients can flow back through it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float32]
# Takes the gradient of the result, gives the gradient of each parent; None where a parent needs none.
Backward = Callable[[Array], tuple["Array | None", ...]]


class Tensor:
    """An array of float32 with automatic differentiation.

    Parameters
    ----------
    data
        Numbers of any shape; copied and cast to float32, labels too, as TinyTorch does.
    requires_grad
        Whether `backward` leaves a gradient here.

    Attributes
    ----------
    data
        The float32 array.
    grad
        The gradient as a bare array of the same shape, or None before the first `backward`. It adds up over
        calls until it is reset.
    """

    # NumPy must let our operators handle `array + tensor`.
    __array_ufunc__ = None

    def __init__(self, data: ArrayLike | Tensor, requires_grad: bool = False) -> None:
        values = data.data if isinstance(data, Tensor) else data
        self.data: Array = np.array(values, dtype=np.float32)
        self.requires_grad = requires_grad
        self.grad: Array | None = None
        self._parents: tuple[Tensor, ...] = ()
        self._backward: Backward | None = None

    @classmethod
    def from_operation(cls, data: Array, parents: tuple[Tensor, ...], backward: Backward) -> Tensor:
        """Make the result of an operation; it remembers its parents only if one of them needs a gradient."""
        result = cls.__new__(cls)
        result.data = np.asarray(data, dtype=np.float32)
        result.requires_grad = any(parent.requires_grad for parent in parents)
        result.grad = None
        result._parents = parents if result.requires_grad else ()
        result._backward = backward if result.requires_grad else None
        return result

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return self.data.shape

    @property
    def size(self) -> int:
        """Number of values."""
        return self.data.size

    @property
    def dtype(self) -> np.dtype[np.float32]:
        """Always float32."""
        return self.data.dtype

    def numpy(self) -> Array:
        """The values as an array, not copied."""
        return self.data

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        return f"Tensor({self.data}, requires_grad={self.requires_grad})"

    def zero_grad(self) -> None:
        """Forget the gradient."""
        self.grad = None

    def backward(self, gradient: ArrayLike | None = None) -> None:
        """Leave, in every tensor this one was made from, the gradient of this one's value.

        Parameters
        ----------
        gradient
            Gradient of the final quantity by this tensor, of the same shape; 1 for a single value.

        Raises
        ------
        RuntimeError
            Nothing here needs a gradient, or a tensor of several values was given no gradient.
        """
        if not self.requires_grad:
            raise RuntimeError("backward() was called on a tensor that no tensor with requires_grad=True leads to.")
        if gradient is None:
            if self.size != 1:
                raise RuntimeError(f"backward() on shape {self.shape} needs a gradient of that shape.")
            gradient = np.ones_like(self.data)
        arriving = {id(self): np.broadcast_to(np.asarray(gradient, dtype=np.float32), self.shape)}
        for tensor in reversed(_parents_first(self)):
            incoming = arriving.pop(id(tensor))
            tensor.grad = incoming.copy() if tensor.grad is None else tensor.grad + incoming
            if tensor._backward is None:
                continue
            for parent, outgoing in zip(tensor._parents, tensor._backward(incoming), strict=True):
                if outgoing is None or not parent.requires_grad:
                    continue
                # A tensor used twice receives the sum of both gradients.
                already = arriving.get(id(parent))
                arriving[id(parent)] = outgoing if already is None else already + outgoing

    def __add__(self, other: Tensor | ArrayLike) -> Tensor:
        a, b = self, _tensor(other)
        return Tensor.from_operation(
            a.data + b.data, (a, b), lambda g: (_unbroadcast(g, a.shape), _unbroadcast(g, b.shape))
        )

    def __sub__(self, other: Tensor | ArrayLike) -> Tensor:
        a, b = self, _tensor(other)
        return Tensor.from_operation(
            a.data - b.data, (a, b), lambda g: (_unbroadcast(g, a.shape), _unbroadcast(-g, b.shape))
        )

    def __mul__(self, other: Tensor | ArrayLike) -> Tensor:
        a, b = self, _tensor(other)
        return Tensor.from_operation(
            a.data * b.data,
            (a, b),
            lambda g: (_unbroadcast(g * b.data, a.shape), _unbroadcast(g * a.data, b.shape)),
        )

    def __truediv__(self, other: Tensor | ArrayLike) -> Tensor:
        a, b = self, _tensor(other)
        return Tensor.from_operation(
            a.data / b.data,
            (a, b),
            lambda g: (
                _unbroadcast(g / b.data, a.shape),
                _unbroadcast(-g * a.data / (b.data * b.data), b.shape),
            ),
        )

    def __neg__(self) -> Tensor:
        return Tensor.from_operation(-self.data, (self,), lambda g: (-g,))

    def __radd__(self, other: ArrayLike) -> Tensor:
        return _tensor(other) + self

    def __rsub__(self, other: ArrayLike) -> Tensor:
        return _tensor(other) - self

    def __rmul__(self, other: ArrayLike) -> Tensor:
        return _tensor(other) * self

    def __rtruediv__(self, other: ArrayLike) -> Tensor:
        return _tensor(other) / self

    def matmul(self, other: Tensor) -> Tensor:
        """Matrix product of (..., n, k) and (..., k, m); leading axes broadcast. Vectors are not taken."""
        a, b = self, _tensor(other)
        if a.data.ndim < 2 or b.data.ndim < 2:
            raise ValueError(f"matmul takes matrices, got shapes {a.shape} and {b.shape}; reshape vectors first.")

        def backward(g: Array) -> tuple[Array | None, Array | None]:
            # The two products are the expensive part, so the one nobody asked for is left out.
            grad_a = _unbroadcast(g @ b.data.swapaxes(-1, -2), a.shape) if a.requires_grad else None
            grad_b = _unbroadcast(a.data.swapaxes(-1, -2) @ g, b.shape) if b.requires_grad else None
            return grad_a, grad_b

        return Tensor.from_operation(a.data @ b.data, (a, b), backward)

    def __matmul__(self, other: Tensor) -> Tensor:
        return self.matmul(other)

    def sum(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        """Sum over the given axes, or over all."""

        def backward(g: Array) -> tuple[Array]:
            if axis is not None and not keepdims:
                g = np.expand_dims(g, axis)
            return (np.broadcast_to(g, self.shape),)

        # NumPy's stubs know no call whose axis and keepdims are both open.
        values: Any = self.data
        return Tensor.from_operation(values.sum(axis=axis, keepdims=keepdims), (self,), backward)

    def mean(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        """Mean over the given axes, or over all."""
        total = self.sum(axis=axis, keepdims=keepdims)
        return total * (total.size / self.size)

    def reshape(self, *shape: int | tuple[int, ...]) -> Tensor:
        """The same values in another shape; one length may be -1."""
        lengths: Any = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape
        return Tensor.from_operation(
            self.data.reshape(lengths),
            (self,),
            lambda g: (g.reshape(self.shape),),
        )

    def transpose(self, axis_a: int = -2, axis_b: int = -1) -> Tensor:
        """Exchange two axes, by default the last two."""
        return Tensor.from_operation(
            self.data.swapaxes(axis_a, axis_b), (self,), lambda g: (g.swapaxes(axis_a, axis_b),)
        )

    def __getitem__(self, index: Any) -> Tensor:
        def backward(g: Array) -> tuple[Array]:
            full = np.zeros_like(self.data)
            # An index may name the same place twice; plain assignment would keep only the last gradient.
            np.add.at(full, index, g)
            return (full,)

        return Tensor.from_operation(self.data[index], (self,), backward)


def _tensor(value: Tensor | ArrayLike) -> Tensor:
    return value if isinstance(value, Tensor) else Tensor(value)


def _unbroadcast(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Sum a gradient over the axes along which a tensor of ``shape`` was repeated."""
    if gradient.shape == shape:
        return gradient
    added = gradient.ndim - len(shape)
    repeated = tuple(added + axis for axis, length in enumerate(shape) if length == 1)
    summed: Array = gradient.sum(axis=(*range(added), *repeated), keepdims=True)
    return summed.reshape(shape)


def _parents_first(last: Tensor) -> list[Tensor]:
    """Every tensor that ``last`` was made from and that needs a gradient, parents before children."""
    order: list[Tensor] = []
    seen: set[int] = set()
    # A stack instead of recursion: deep graphs must not reach Python's recursion limit.
    stack: list[tuple[Tensor, bool]] = [(last, False)]
    while stack:
        tensor, parents_done = stack.pop()
        if parents_done:
            order.append(tensor)
        elif id(tensor) not in seen:
            seen.add(id(tensor))
            stack.append((tensor, True))
            stack.extend((parent, False) for parent in tensor._parents if parent.requires_grad)
    return order
