"""What rearranges values and takes some of them: nothing is computed, and gradients go back where values came from."""

from __future__ import annotations

from collections.abc import Sequence
from types import EllipsisType
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.by_numpy.graph import Node


class Shaped(Node):
    """A node with axes."""

    __slots__ = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        shape: tuple[int, ...] = self.data.shape
        return shape

    @property
    def ndim(self) -> int:
        """How many axes there are."""
        return self.data.ndim

    def numel(self) -> int:
        """How many values there are."""
        return self.data.size

    def __len__(self) -> int:
        return len(self.data)

    def reshape(self, *shape: Any) -> Any:
        """The same values in their order; one length may be -1."""
        before = self.data.shape
        return self.result(self.data.reshape(*shape), (self, lambda g: g.reshape(before)))

    def flatten(self, start: int = 0, end: int = -1) -> Any:
        """One axis instead of those from ``start`` to ``end``."""
        shape = self.data.shape
        behind = end % len(shape) + 1
        return self.reshape(*shape[:start], -1, *shape[behind:])

    def permute(self, *axes: int) -> Any:
        """The axes in another order."""
        back = np.argsort(axes)
        return self.result(self.data.transpose(axes), (self, lambda g: g.transpose(back)))

    def transpose(self, first: int, second: int) -> Any:
        """Two axes exchanged."""
        return self.result(self.data.swapaxes(first, second), (self, lambda g: g.swapaxes(first, second)))

    @property
    def T(self) -> Any:
        """A matrix with its axes exchanged."""
        return self.transpose(0, 1)

    def flip(self, *axes: int) -> Any:
        """The order along some axes reversed."""
        return self.result(np.flip(self.data, axes), (self, lambda g: np.flip(g, axes)))

    def expand(self, *sizes: Any) -> Any:
        """Repeated along axes of length 1 and along new ones in front; -1 keeps a length."""
        wanted = sizes[0] if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes
        added = len(wanted) - self.data.ndim
        shape = [self.data.shape[axis - added] if length == -1 else length for axis, length in enumerate(wanted)]
        return self.result(np.broadcast_to(self.data, shape), (self, lambda g: g))

    def expand_as(self, other: Node) -> Any:
        """Repeated to the shape of another one."""
        return self.expand(other.data.shape)

    def repeat_interleave(self, times: int, axis: int) -> Any:
        """Each value so many times in a row along an axis."""
        shape = self.data.shape
        behind = axis % len(shape) + 1

        def pull(gradient: Array) -> Array:
            total: Array = np.add.reduce(gradient.reshape(*shape[:behind], times, *shape[behind:]), axis=behind)
            return total

        return self.result(np.repeat(self.data, times, axis), (self, pull))

    def narrow(self, axis: int, start: int, length: int) -> Any:
        """Some neighbours along an axis."""
        return self[(slice(None),) * (axis % self.data.ndim) + (slice(start, start + length),)]

    def triu(self, diagonal: int = 0) -> Any:
        """Zeros below a diagonal of the last two axes."""
        return self.result(np.triu(self.data, diagonal), (self, lambda g: np.triu(g, diagonal)))

    def tril(self, diagonal: int = 0) -> Any:
        """Zeros above a diagonal of the last two axes."""
        return self.result(np.tril(self.data, diagonal), (self, lambda g: np.tril(g, diagonal)))

    def __getitem__(self, index: Any) -> Any:
        places = _as_arrays(index)
        shape = self.data.shape

        def pull(gradient: Array) -> Array:
            before = np.zeros(shape, gradient.dtype)
            if _is_basic(places):
                before[places] = gradient
            else:
                # A place that is named twice receives both gradients.
                np.add.at(before, places, gradient)
            return before

        return self.result(self.data[places], (self, pull))

    def __setitem__(self, index: Any, value: Any) -> None:
        if self.requires_grad:
            raise RuntimeError("values that gradients go through are not written to")
        self.data[_as_arrays(index)] = value

    def __iter__(self) -> Any:
        return (self[place] for place in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return bool((self.data == _as_arrays(value)).any())


def joined(nodes: Sequence[Node], axis: int) -> Any:
    """Nodes in a row along an axis."""
    ends = np.cumsum([node.data.shape[axis] for node in nodes])
    before = (slice(None),) * (axis % nodes[0].data.ndim)
    places = [(*before, slice(end - node.data.shape[axis], end)) for node, end in zip(nodes, ends, strict=True)]
    sources = [(node, lambda g, place=place: g[place]) for node, place in zip(nodes, places, strict=True)]
    return nodes[0].result(np.concatenate([node.data for node in nodes], axis), *sources)


def _as_arrays(index: Any) -> Any:
    """An index with arrays in place of tensors."""
    if isinstance(index, tuple):
        return tuple(map(_as_arrays, index))
    return index.data if isinstance(index, Node) else index


def _is_basic(index: Any) -> bool:
    """Whether it names no place twice, as it has no list of places."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or isinstance(part, int | np.integer | slice | EllipsisType) for part in parts)
