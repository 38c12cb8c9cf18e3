"""Automatic differentiation: values that remember how they were made, and gradients that flow back through them.

Reverse mode: every operation leaves its result the tensors it took and a function for the chain rule; `backward`
walks that graph from the last result to the first, each tensor once all that was made from it is done.

References
----------
A. G. Baydin, B. A. Pearlmutter, A. A. Radul and J. M. Siskind (2018), Automatic Differentiation in Machine
Learning: a Survey, Journal of Machine Learning Research 18. https://jmlr.org/papers/v18/17-468.html
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float32]
# Takes the gradient of the result, which it must not change; gives one gradient for each parent, None where a
# parent needs none. A gradient may have the result's shape where the parent was broadcast to it.
Backward = Callable[[Array], tuple["Array | None", ...]]
Self = TypeVar("Self", bound="Differentiable")

# A step of training frees its graph, and the next builds one alike. But glibc, the C library of most Linux systems,
# gives freed memory back beyond twice the largest block that was ever freed, and getting it again, page by page, takes
# a GPT up to half its time. Freeing one block of 16 MB here keeps up to 32 MB; never written to, it takes none itself.
if sys.platform == "linux":
    np.empty(2**24, np.uint8)


class Differentiable:
    """What `Tensor` is to automatic differentiation: values, their gradient, and where they came from.

    Attributes
    ----------
    data
        The float32 array.
    requires_grad
        Whether `backward` leaves a gradient here.
    grad
        The gradient as a bare array of the same shape, or None before the first `backward`. It adds up over
        calls until it is reset. That of a result, other than that of a parameter, may share its memory.
    """

    data: Array
    requires_grad: bool
    grad: Array | None
    _parents: tuple[Differentiable, ...]
    _backward: Backward | None

    @classmethod
    def from_operation(cls: type[Self], data: Array, parents: tuple[Differentiable, ...], backward: Backward) -> Self:
        """Make the result of an operation; it remembers its parents only if one of them needs a gradient."""
        result = cls.__new__(cls)
        result.data = np.asarray(data, dtype=np.float32)
        result.requires_grad = any(parent.requires_grad for parent in parents)
        result.grad = None
        result._parents = parents if result.requires_grad else ()
        result._backward = backward if result.requires_grad else None
        return result

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
            Nothing here needs a gradient, or a tensor of several values was given none or one that does not fit.
        """
        if not self.requires_grad:
            raise RuntimeError("backward() was called on a tensor that no tensor with requires_grad=True leads to.")
        arriving = {id(self): _first_gradient(self.data, gradient)}
        for tensor in reversed(_parents_first(self)):
            incoming = arriving.pop(id(tensor), None)
            if incoming is None:
                continue
            tensor._keep(incoming)
            if tensor._backward is None:
                continue
            for parent, outgoing in zip(tensor._parents, tensor._backward(incoming), strict=True):
                if outgoing is None or not parent.requires_grad:
                    continue
                share = _unbroadcast(outgoing, parent.data.shape)
                # A tensor used twice receives the sum of both gradients.
                already = arriving.get(id(parent))
                arriving[id(parent)] = share if already is None else already + share

    def _keep(self, gradient: Array) -> None:
        if self.grad is not None:
            gradient = self.grad + gradient
        elif self._backward is None:
            # Users scale gradients of parameters in place (clipping), and this array may be others' gradient too.
            gradient = gradient.copy()
        # Arithmetic on arrays without axes gives NumPy's scalars, in old NumPy of float64.
        self.grad = np.asarray(gradient, dtype=np.float32)


def _first_gradient(data: Array, gradient: ArrayLike | None) -> Array:
    if gradient is None:
        if data.size != 1:
            raise RuntimeError(f"backward() on shape {data.shape} needs a gradient of that shape.")
        return np.ones_like(data)
    given = np.asarray(gradient, dtype=np.float32)
    try:
        return np.broadcast_to(given, data.shape)
    except ValueError:
        raise RuntimeError(f"backward() on shape {data.shape} got a gradient of shape {given.shape}.") from None


def _unbroadcast(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Sum a gradient over the axes along which a tensor of ``shape`` was repeated."""
    if gradient.shape == shape:
        return gradient
    added = gradient.ndim - len(shape)
    repeated = tuple(added + axis for axis, length in enumerate(shape) if length == 1)
    summed: Array = gradient.sum(axis=(*range(added), *repeated), keepdims=True)
    return summed.reshape(shape)


def _parents_first(last: Differentiable) -> list[Differentiable]:
    """Every tensor that ``last`` was made from and that needs a gradient, parents before children."""
    order: list[Differentiable] = []
    seen: set[int] = set()
    # A stack instead of recursion: deep graphs must not reach Python's recursion limit.
    stack: list[tuple[Differentiable, bool]] = [(last, False)]
    while stack:
        tensor, parents_done = stack.pop()
        if parents_done:
            order.append(tensor)
        elif id(tensor) not in seen:
            seen.add(id(tensor))
            stack.append((tensor, True))
            stack.extend((parent, False) for parent in tensor._parents if parent.requires_grad)
    return order
