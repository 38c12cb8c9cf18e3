"""Tensor: a float32 array with the operations that models are made of, each with its gradient."""

from __future__ import annotations

from types import EllipsisType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tinytorch_hf.reference.autograd import Array, Differentiable

Axes = int | tuple[int, ...] | None


class Tensor(Differentiable):
    """An array of float32 with automatic differentiation.

    Parameters
    ----------
    data
        Numbers of any shape; copied and cast to float32, labels too, as TinyTorch does.
    requires_grad
        Whether `backward` leaves a gradient here.

    Raises
    ------
    ValueError
        From operations on shapes that do not fit together.
    """

    # NumPy must let our operators handle `array + tensor`.
    __array_ufunc__ = None

    def __init__(self, data: ArrayLike | Tensor, requires_grad: bool = False) -> None:
        values = data.data if isinstance(data, Tensor) else data
        self.data = np.array(values, dtype=np.float32)
        self.requires_grad = requires_grad
        self.grad = None
        self._parents = ()
        self._backward = None

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

    def __add__(self, other: Tensor | ArrayLike) -> Tensor:
        a, b = self, as_tensor(other)
        return Tensor.from_operation(_broadcast(np.add, a, b), (a, b), lambda g: (g, g))

    def __sub__(self, other: Tensor | ArrayLike) -> Tensor:
        a, b = self, as_tensor(other)
        return Tensor.from_operation(
            _broadcast(np.subtract, a, b), (a, b), lambda g: (g, -g if b.requires_grad else None)
        )

    def __mul__(self, other: Tensor | ArrayLike) -> Tensor:
        a, b = self, as_tensor(other)
        return Tensor.from_operation(
            _broadcast(np.multiply, a, b),
            (a, b),
            lambda g: (g * b.data if a.requires_grad else None, g * a.data if b.requires_grad else None),
        )

    def __truediv__(self, other: Tensor | ArrayLike) -> Tensor:
        a, b = self, as_tensor(other)
        return Tensor.from_operation(
            _broadcast(np.divide, a, b),
            (a, b),
            lambda g: (
                g / b.data if a.requires_grad else None,
                -g * a.data / (b.data * b.data) if b.requires_grad else None,
            ),
        )

    def __neg__(self) -> Tensor:
        return Tensor.from_operation(-self.data, (self,), lambda g: (-g,))

    def __pow__(self, exponent: float) -> Tensor:
        """Each value to the power of a number."""
        if isinstance(exponent, Tensor):
            raise TypeError("The exponent must be a number, not a tensor.")

        def backward(g: Array) -> tuple[Array]:
            # The slope of x ** 0 is 0 everywhere; the formula would give 0 * infinity at x = 0.
            slope = exponent * self.data ** (exponent - 1) if exponent else np.zeros_like(self.data)
            return (g * slope,)

        return Tensor.from_operation(self.data**exponent, (self,), backward)

    def __radd__(self, other: ArrayLike) -> Tensor:
        return as_tensor(other) + self

    def __rsub__(self, other: ArrayLike) -> Tensor:
        return as_tensor(other) - self

    def __rmul__(self, other: ArrayLike) -> Tensor:
        return as_tensor(other) * self

    def __rtruediv__(self, other: ArrayLike) -> Tensor:
        return as_tensor(other) / self

    def exp(self) -> Tensor:
        """The exponential of each value."""
        result: Array = np.exp(self.data)
        return Tensor.from_operation(result, (self,), lambda g: (g * result,))

    def log(self) -> Tensor:
        """The natural logarithm of each value."""
        return Tensor.from_operation(np.log(self.data), (self,), lambda g: (g / self.data,))

    def sqrt(self) -> Tensor:
        """The square root of each value."""
        root: Array = np.sqrt(self.data)
        return Tensor.from_operation(root, (self,), lambda g: (g / (2 * root),))

    def matmul(self, other: Tensor) -> Tensor:
        """Matrix product of (..., n, k) and (..., k, m); leading axes broadcast. Vectors are not taken."""
        a, b = self, as_tensor(other)
        if a.data.ndim < 2 or b.data.ndim < 2:
            raise ValueError(f"matmul takes matrices, got shapes {a.shape} and {b.shape}; reshape vectors first.")
        if a.shape[-1] != b.shape[-2]:
            raise ValueError(
                f"matmul takes (..., n, k) and (..., k, m), got {a.shape} and {b.shape}: {a.shape[-1]} is not "
                f"{b.shape[-2]}."
            )

        def backward(g: Array) -> tuple[Array | None, Array | None]:
            # The two products are the expensive part, so the one nobody asked for is left out.
            grad_a = g @ b.data.swapaxes(-1, -2) if a.requires_grad else None
            grad_b = a.data.swapaxes(-1, -2) @ g if b.requires_grad else None
            return grad_a, grad_b

        return Tensor.from_operation(a.data @ b.data, (a, b), backward)

    def __matmul__(self, other: Tensor) -> Tensor:
        return self.matmul(other)

    def sum(self, axis: Axes = None, keepdims: bool = False) -> Tensor:
        """Sum over the given axes, or over all."""
        # NumPy's stubs know no call whose axis and keepdims are both open.
        values: Any = self.data
        return Tensor.from_operation(
            values.sum(axis=axis, keepdims=keepdims),
            (self,),
            lambda g: (np.broadcast_to(_with_axes(g, axis, keepdims), self.shape),),
        )

    def mean(self, axis: Axes = None, keepdims: bool = False) -> Tensor:
        """Mean over the given axes, or over all."""
        total = self.sum(axis=axis, keepdims=keepdims)
        return total * (total.size / self.size)

    def max(self, axis: Axes = None, keepdims: bool = False) -> Tensor:
        """Largest value over the given axes, or over all; equal ones share the gradient, as in torch.amax."""
        values: Any = self.data
        largest = values.max(axis=axis, keepdims=True)

        def backward(g: Array) -> tuple[Array]:
            chosen: Any = self.data == largest
            return (_with_axes(g, axis, keepdims) * (chosen / chosen.sum(axis=axis, keepdims=True, dtype=np.float32)),)

        return Tensor.from_operation(values.max(axis=axis, keepdims=keepdims), (self,), backward)

    def reshape(self, *shape: int | tuple[int, ...]) -> Tensor:
        """The same values in another shape; one length may be -1."""
        lengths: Any = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape
        try:
            values = self.data.reshape(lengths)
        except ValueError:
            raise ValueError(
                f"{self.size} values of shape {self.shape} cannot be reshaped to {tuple(lengths)}."
            ) from None
        return Tensor.from_operation(values, (self,), lambda g: (g.reshape(self.shape),))

    def transpose(self, axis_a: int = -2, axis_b: int = -1) -> Tensor:
        """Exchange two axes, by default the last two."""
        return Tensor.from_operation(
            self.data.swapaxes(axis_a, axis_b), (self,), lambda g: (g.swapaxes(axis_a, axis_b),)
        )

    def __getitem__(self, index: Any) -> Tensor:
        def backward(g: Array) -> tuple[Array]:
            full = np.zeros_like(self.data)
            if _names_places_once(index):
                full[index] = g
            else:
                # Plain assignment would keep only the last gradient of a place that is named twice.
                np.add.at(full, index, g)
            return (full,)

        return Tensor.from_operation(self.data[index], (self,), backward)


def as_tensor(value: Tensor | ArrayLike) -> Tensor:
    """The tensor itself, or a tensor of these numbers."""
    return value if isinstance(value, Tensor) else Tensor(value)


def _broadcast(operation: np.ufunc, a: Tensor, b: Tensor) -> Array:
    """Apply an operation to two tensors, of which axes that are missing or of length 1 are repeated."""
    try:
        result: Array = operation(a.data, b.data)
    except ValueError:
        raise ValueError(
            f"{operation.__name__} takes tensors whose shapes fit, got {a.shape} and {b.shape}: counted from the "
            f"last axis, lengths must be equal or 1."
        ) from None
    return result


def _with_axes(gradient: Array, axis: Axes, keepdims: bool) -> Array:
    """The gradient of a reduction, with the axes it dropped put back as axes of length 1."""
    return gradient if axis is None or keepdims else np.expand_dims(gradient, axis)


def _names_places_once(index: Any) -> bool:
    """Whether an index is of whole numbers and slices alone."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or isinstance(part, int | slice | EllipsisType) for part in parts)
