"""Scenes of what is called with more than one tensor: softmax, losses, attention, embeddings, loaders."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.mutated_reference.scenes.values import Scene, Values, numbers


def _softmax_axes(p: Any) -> Values:
    found: Values = []
    for dim in (0, 1, -1, -2):
        x = p.Tensor(numbers((3, 4, 5), dim % 5) * 50, requires_grad=True)
        y = p.Softmax()(x, dim)
        y.backward(numbers(y.shape, 8))
        found += [y.data, x.grad]
    return found


def _losses(p: Any) -> Values:
    found: Values = []
    logits, rows = numbers((5, 4)) * 20, numbers((5, 4), 1)
    edges = np.array([[0, 1, 1e-8], [1 - 1e-7, 0.5, 1e-7]], np.float32)
    kept = [np.float32(x) for x in (5e-8, 1e-7, 1.5e-7, 3e-7, 1e-6, 1 - 3e-7, 1 - 1e-7)]
    for loss, given, target in (
        (p.MSELoss(), rows, numbers((5, 4), 2)),
        (p.MSELoss(), rows[:1, :1], numbers((1, 1), 2)),
        (p.CrossEntropyLoss(), logits, [0, 3, 1, 1, 2]),
        (p.CrossEntropyLoss(), logits[:1], [3]),
        (p.BinaryCrossEntropyLoss(), edges, [[0, 0, 1], [1, 1, 0]]),
        (p.BinaryCrossEntropyLoss(), np.array([kept]), [[1, 0, 1, 0, 1, 0, 1]]),
        (p.BinaryCrossEntropyLoss(), np.array([kept]), [[0, 1, 0, 1, 0, 1, 0]]),
    ):
        x = p.Tensor(given, requires_grad=True)
        y = loss(x, p.Tensor(target))
        y.backward()
        more = loss(x, p.Tensor(target)) * 0.25
        more.backward()
        found += [y.data, y.shape, x.grad, more.data, loss.parameters()]
    return found


def _attention(p: Any) -> Values:
    found: Values = []
    for mask in (None, np.tril(np.ones((4, 4))), np.zeros((4, 4)), np.array([1, 0, 1, 1.0])):
        q, k, v = (p.Tensor(numbers((2, 4, 3), number), requires_grad=True) for number in range(3))
        given = None if mask is None else p.Tensor(mask)
        y, weights = p.scaled_dot_product_attention(q, k, v, given)
        y.backward(numbers(y.shape, 9))
        found += [y.data, weights.data, q.grad, k.grad, v.grad]
    layer = p.MultiHeadAttention(6, 2)
    for mask in (p.create_causal_mask(5), p.Tensor(np.arange(50).reshape(2, 5, 5) % 3 > 0)):
        x = p.Tensor(numbers((2, 5, 6)), requires_grad=True)
        y = layer(x, mask)
        y.backward(numbers(y.shape, 9))
        found += [y.data, x.grad, [one.grad for one in layer.parameters()]]
    block = p.TransformerBlock(6, 3)
    found += [block(x, p.create_causal_mask(5)).data, p.create_causal_mask(3).data]
    return found


def _embeddings(p: Any) -> Values:
    table = p.Embedding(7, 3)
    found: Values = []
    for ids in ([0, 6, 6], [[1, 2], [2, 2]], [[[5]]], p.Tensor([3, 0, 3])):
        y = table(ids)
        y.backward(numbers(y.shape, 9))
        found += [y.data, table.weight.grad]
    shapes = ((1, 1), (1, 2), (7, 6), (5, 5), (12, 3))
    return [*found, [p.create_sinusoidal_embeddings(*shape).data for shape in shapes]]


def _loader(p: Any) -> Values:
    rows, labels = p.Tensor(numbers((10, 2))), p.Tensor(np.arange(10))
    dataset = p.TensorDataset(rows, labels)

    class Own(p.Dataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 7

        def __getitem__(self, index: int) -> Any:
            return p.Tensor([index, index + 1]), p.Tensor(index)

    found: Values = [len(dataset), [one.data for one in dataset[0]], [one.data for one in dataset[9]]]
    for given in (dataset, Own()):
        for size in (1, 3, 5, 10, 20):
            for shuffle in (False, True):
                loader = p.DataLoader(given, size, shuffle=shuffle)
                found += [len(loader), [[one.data for one in batch] for _ in range(2) for batch in loader]]
        found += [[[one.data for one in batch] for batch in p.DataLoader(given, batch_size=4)]]
    return found


SCENES: dict[str, Scene] = {
    "softmax along axes": _softmax_axes,
    "losses": _losses,
    "attention": _attention,
    "embeddings": _embeddings,
    "loaders": _loader,
}
"""The scenes, by name."""
