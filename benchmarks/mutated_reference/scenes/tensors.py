"""Scenes of tensors: what programs do not do with them, and graphs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.mutated_reference.scenes.values import Scene, Values, held, numbers

Compute = Callable[[Any], Any]


def _tensors(p: Any) -> Values:
    """What tensors can do beyond programs: odd indices, exponents, operands and shapes."""
    found: Values = []
    index = ([2, 0, 2], [1, 1, 0])
    computed: list[Compute] = [
        lambda x: x[index],
        lambda x: x[x.data > 0],
        lambda x: x[..., None, 1:],
        lambda x: x[np.array([0, 0, 1])],
        lambda x: x[True],
        lambda x: x[-1, ::-1],
        lambda x: x**0,
        lambda x: x**3,
        lambda x: x**1,
        lambda x: (x * x) ** 0.5,
        lambda x: (x * x + 1) ** -1.5,
        lambda x: x.max(),
        lambda x: x.max(axis=(0, 1)),
        lambda x: x.max(axis=0, keepdims=True),
        lambda x: (x * 0).max(axis=1),
        lambda x: x.sum(axis=(0, 1), keepdims=True),
        lambda x: x.mean(axis=(0, 1)),
        lambda x: x.mean(axis=-1, keepdims=True),
        lambda x: x.reshape((3, 4)),
        lambda x: x.reshape(-1),
        lambda x: x.reshape(2, -1, 2),
        lambda x: x.transpose(0, 1),
        lambda x: x.reshape(2, 2, 3).transpose(),
        lambda x: x.reshape(2, 2, 3).transpose(0, 2),
        lambda x: np.float32(2) - x / 4,
        lambda x: np.ones((4, 3), np.float32) * x + [1, 2, 3],
        lambda x: 2 / (x * x + 1),
        lambda x: (x * x + 1).log() + (x * x + 2).sqrt() + x.exp(),
        lambda x: x @ p.Tensor(numbers((3, 2))),
        lambda x: p.Tensor(numbers((2, 5, 4))) @ x,
        lambda x: x.reshape(2, 2, 3) @ p.Tensor(numbers((3, 1))),
        lambda x: x.reshape(1, 4, 3).matmul(p.Tensor(numbers((2, 3, 2)), requires_grad=True)),
        lambda x: x - x.mean(axis=0, keepdims=True),
        lambda x: -x + x.sum() * x,
    ]
    for compute in computed:
        x = p.Tensor(numbers((4, 3), 5), requires_grad=True)
        y = compute(x)
        y.backward(numbers(y.shape, 9))
        again = None if x.grad is None else x.grad.copy()
        y.backward(numbers(y.shape, 8))
        found += [y.data, y.shape, y.size, y.dtype.name, y.requires_grad, again, x.grad]
        x.grad *= 0.5
        found += [x.grad, y.grad, y.data]
        x.zero_grad()
        found += [x.grad, held(p.Tensor(x)), len(x), x.numpy() is x.data, repr(y)]
    return found


def _graphs(p: Any) -> Values:
    """Sharing, passing back twice and from parts, deep graphs, and memory that nobody else may have."""
    x, w = (p.Tensor(numbers((3, 3), number), requires_grad=True) for number in range(2))
    plain = p.Tensor(numbers((3, 3), 2))
    y = x @ w + plain
    z = (y * y + x).sum()
    z.backward()
    found = [one.grad for one in (x, w, y, z, plain)]
    found += [np.shares_memory(one.grad, other.grad) for one, other in ((x, y), (x, w), (y, z))]
    z.backward(2.0)
    y.backward(numbers((3, 3), 3))
    found += [one.grad for one in (x, w, y, z)]
    total = p.Tensor([1.0], requires_grad=True)
    deep = total
    for _ in range(3000):
        deep = deep * 1.0001 + total * 0.0001
    deep.backward()
    found += [deep.data, total.grad]
    one, other = (p.Tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    both = one + other
    gradient = np.ones(2, np.float32)
    both.backward(gradient)
    one.grad *= 3
    gradient *= 5
    found += [one.grad, other.grad, both.grad]
    found += [plain.requires_grad, (plain + plain).requires_grad, (plain + plain)._parents, held(plain * 2)]
    return [*found, held(y.shape)]


SCENES: dict[str, Scene] = {"tensors": _tensors, "graphs": _graphs}
"""The scenes, by name."""
