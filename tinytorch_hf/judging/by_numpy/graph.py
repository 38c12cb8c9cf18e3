"""The nodes of a computation, and the way back through it: reverse-mode automatic differentiation."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array

# From the gradient of a result to that of one of its sources; broadcasting and types are seen to by `gradients`.
Pull = Callable[[Array], Array]

_numbers = itertools.count()


class Node:
    """Values, and what they were computed from.

    Arrays are shared and never written to, but for those that ``x[...] = y`` is called on.

    Parameters
    ----------
    values
        An array, or a NumPy scalar.
    requires_grad
        Whether `backward` leaves a gradient here.

    Attributes
    ----------
    data
        The values.
    grad
        The gradient that `backward` left, or None.
    requires_grad
        Whether gradients go through here.
    sources
        What it was computed from, as far as gradients go there, each with its way back; nothing for a leaf.
    number
        What is computed later has a larger one.
    """

    __slots__ = ("__weakref__", "data", "grad", "number", "requires_grad", "sources")

    # NumPy leaves operators with an array or a NumPy scalar on the left to this class.
    __array_ufunc__ = None

    def __init__(self, values: Any, requires_grad: bool = False) -> None:
        self.data: Array = values if type(values) is np.ndarray else np.asarray(values)
        self.grad: Any = None
        self.requires_grad = requires_grad
        self.sources: tuple[tuple[Node, Pull], ...] = ()
        self.number = next(_numbers)

    def result(self, values: Any, *sources: tuple[Node, Pull]) -> Any:
        """A node of values that were computed from these sources."""
        made = type(self)(values)
        if not sources:
            return made
        # Ways back hold arrays and no nodes, so that a long graph is freed without recursion.
        kept = tuple(source for source in sources if source[0].requires_grad)
        if kept:
            made.sources, made.requires_grad = kept, True
        return made

    def detach(self) -> Any:
        """The same values, which no gradient goes through."""
        return type(self)(self.data)

    def requires_grad_(self) -> Any:
        """Make a leaf receive gradients; gives it back."""
        self.requires_grad = True
        return self

    def backward(self, gradient: Node | None = None) -> None:
        """Add the gradient of this by every leaf to what the leaf has.

        Parameters
        ----------
        gradient
            What arrives from behind, of this one's shape; it may be left out for a single value.
        """
        for node, values in gradients(self, gradient).values():
            if not node.sources:
                total = values if node.grad is None else node.grad.data + values
                node.grad = type(node)(total)


def gradients(output: Node, gradient: Node | None = None) -> dict[int, tuple[Node, Array]]:
    """The gradient with respect to every node that leads to an output, by the node's number, each with its node.

    Raises
    ------
    RuntimeError
        No gradient leads back from the output, or what is sent back does not have its shape.
    """
    if not output.requires_grad:
        raise RuntimeError("no gradient leads back from here: nothing that it was computed from requires one")
    if gradient is None:
        if output.data.size != 1:
            raise RuntimeError(f"backward without a gradient needs a single value, and not {output.data.shape}")
        start = np.ones_like(output.data)
    elif gradient.data.shape != output.data.shape:
        raise RuntimeError(f"a gradient of the shape {gradient.data.shape} for an output of {output.data.shape}")
    else:
        start = gradient.data.astype(output.data.dtype, copy=False)
    arrived = {output.number: start}
    reached = _reached(output)
    for node in reached:
        own = arrived[node.number]
        for source, pull in node.sources:
            share = _fitted(pull(own), source.data)
            before = arrived.get(source.number)
            arrived[source.number] = share if before is None else before + share
    return {node.number: (node, arrived[node.number]) for node in reached}


def _reached(output: Node) -> list[Node]:
    """All nodes that lead to an output, later ones first: whoever comes has got all of its gradient."""
    found = {output.number: output}
    waiting = [output]
    while waiting:
        for source, _ in waiting.pop().sources:
            if source.number not in found:
                found[source.number] = source
                waiting.append(source)
    return [found[number] for number in sorted(found, reverse=True)]


def _fitted(share: Array, values: Array) -> Array:
    """A gradient in the shape and the type of the values: what was repeated by broadcasting adds up."""
    if share.shape != values.shape:
        added = share.ndim - values.ndim
        repeated = tuple(added + axis for axis, length in enumerate(values.shape) if length == 1)
        share = np.add.reduce(share, axis=(*range(added), *repeated)).reshape(values.shape)
    return share if share.dtype == values.dtype else share.astype(values.dtype)
