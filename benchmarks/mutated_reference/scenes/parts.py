"""Scenes of the parts: what each is built with, and its outputs and gradients."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.mutated_reference.scenes.values import Scene, Values, held, numbers

Build = Callable[[Any], Any]

_BUILT: dict[str, Build] = {
    "Linear(5, 3)": lambda p: p.Linear(5, 3),
    "Linear(3, 5, bias=False)": lambda p: p.Linear(3, 5, bias=False),
    "Dropout()": lambda p: p.Dropout(),
    "Flatten()": lambda p: p.Flatten(),
    "Sequential(...)": lambda p: p.Sequential(p.Linear(2, 3), p.ReLU(), p.Linear(3, 1)),
    "Conv2d(2, 3, 3)": lambda p: p.Conv2d(2, 3, 3),
    "Conv2d(3, 2, (2, 3), stride=(2, 1), padding=(1, 0), bias=False)": lambda p: p.Conv2d(
        3, 2, (2, 3), stride=(2, 1), padding=(1, 0), bias=False
    ),
    "MaxPool2d(2)": lambda p: p.MaxPool2d(2),
    "AvgPool2d((2, 3), 1)": lambda p: p.AvgPool2d((2, 3), 1),
    "BatchNorm2d(3)": lambda p: p.BatchNorm2d(3),
    "LayerNorm(5)": lambda p: p.LayerNorm(5),
    "Embedding(7, 4)": lambda p: p.Embedding(7, 4),
    "Embedding(2, 9)": lambda p: p.Embedding(2, 9),
    "PositionalEncoding(7, 4)": lambda p: p.PositionalEncoding(7, 4),
    "MultiHeadAttention(6, 2)": lambda p: p.MultiHeadAttention(6, 2),
    "MLP(4)": lambda p: p.MLP(4),
    "MLP(4, 7)": lambda p: p.MLP(4, 7),
    "TransformerBlock(6, 2)": lambda p: p.TransformerBlock(6, 2),
    "TransformerBlock(6, 3, mlp_ratio=2)": lambda p: p.TransformerBlock(6, 3, mlp_ratio=2),
    "GPT(11, 8, 2, 2)": lambda p: p.GPT(11, 8, 2, 2),
    "GPT(11, 6, 1, 3, max_seq_len=5)": lambda p: p.GPT(11, 6, 1, 3, max_seq_len=5),
    "SGD([])": lambda p: p.SGD([]),
    "Adam([])": lambda p: p.Adam([]),
    "AdamW([])": lambda p: p.AdamW([]),
    "Tensor": lambda p: p.Tensor([1, 2, 3]),
    "CharTokenizer": lambda p: p.CharTokenizer("abc"),
}

_IMAGES = (3, 2, 6, 7)
_ROWS = (4, 6)
_SEQUENCES = (2, 5, 6)


def _named(name: str, given: dict[str, Any], p: Any) -> Any:
    return getattr(p, name)(**given)


_POOLED: dict[str, dict[str, Any]] = {
    "of squares": {"kernel_size": 2},
    "of rectangles": {"kernel_size": (2, 3)},
    "with steps": {"kernel_size": (3, 2), "stride": (1, 2)},
    "padded": {"kernel_size": (2, 3), "stride": (2, 1), "padding": (1, 0)},
}

# How each is built, and the shape that it takes.
_USED: dict[str, tuple[Build, tuple[int, ...]]] = {
    **{f"{name}()": (partial(_named, name, {}), _ROWS) for name in ("ReLU", "Sigmoid", "Tanh", "GELU")},
    "Softmax()": (lambda p: p.Softmax(), _SEQUENCES),
    "Linear(6, 3) of rows": (lambda p: p.Linear(6, 3), _ROWS),
    "Linear(6, 3) of sequences": (lambda p: p.Linear(6, 3), _SEQUENCES),
    "Linear(6, 3, bias=False)": (lambda p: p.Linear(6, 3, bias=False), _SEQUENCES),
    "Dropout()": (lambda p: p.Dropout(), _ROWS),
    "Dropout(0.2)": (lambda p: p.Dropout(0.2), _ROWS),
    "Dropout(1)": (lambda p: p.Dropout(1), _ROWS),
    "Dropout(0)": (lambda p: p.Dropout(0), _ROWS),
    "Flatten()": (lambda p: p.Flatten(), _IMAGES),
    "Conv2d(2, 3, 3)": (lambda p: p.Conv2d(2, 3, 3), _IMAGES),
    "Conv2d, padded": (lambda p: p.Conv2d(2, 3, (3, 2), padding=(2, 1)), _IMAGES),
    "Conv2d, padded one way": (lambda p: p.Conv2d(2, 3, (3, 2), padding=(0, 1), bias=False), _IMAGES),
    "Conv2d with steps": (lambda p: p.Conv2d(2, 3, (2, 3), stride=(2, 3), padding=1), _IMAGES),
    "BatchNorm2d(2)": (lambda p: p.BatchNorm2d(2), _IMAGES),
    "BatchNorm2d(2, 0.1, 0.3)": (lambda p: p.BatchNorm2d(2, 0.1, 0.3), _IMAGES),
    "LayerNorm(6)": (lambda p: p.LayerNorm(6), _SEQUENCES),
    "LayerNorm(6, 0.1)": (lambda p: p.LayerNorm(6, 0.1), _SEQUENCES),
    "PositionalEncoding(5, 6)": (lambda p: p.PositionalEncoding(5, 6), _SEQUENCES),
    "PositionalEncoding(9, 6)": (lambda p: p.PositionalEncoding(9, 6), _SEQUENCES),
    "MultiHeadAttention(6, 2)": (lambda p: p.MultiHeadAttention(6, 2), _SEQUENCES),
    "MultiHeadAttention(6, 6)": (lambda p: p.MultiHeadAttention(6, 6), _SEQUENCES),
    "MLP(6)": (lambda p: p.MLP(6), _SEQUENCES),
    "TransformerBlock(6, 3)": (lambda p: p.TransformerBlock(6, 3), _SEQUENCES),
    **{
        f"{name} {text}": (partial(_named, name, given), _IMAGES)
        for name in ("MaxPool2d", "AvgPool2d")
        for text, given in _POOLED.items()
    },
}


def _constructed(build: Build, p: Any) -> Values:
    return held(build(p))


def _used(build: Build, shape: tuple[int, ...], p: Any) -> Values:
    """Outputs and gradients of a layer: of a batch, once more, of another length, and in evaluation."""
    layer = build(p)
    found: Values = []
    for number, lengths in enumerate((shape, shape, (1, *shape[1:]), (*shape[:1], *shape[1:]))):
        x = p.Tensor(numbers(lengths, number), requires_grad=number != 3)
        y = layer(x)
        if y.requires_grad:
            y.backward(numbers(y.shape, 9))
        found += [y.data, y.grad, x.data, x.grad, [one.grad for one in layer.parameters()], held(layer)]
    x = p.Tensor(numbers(shape, 4), requires_grad=True)
    if hasattr(layer, "eval"):
        layer.eval()
        y = layer(x)
        y.backward(numbers(y.shape, 9))
        layer.train()
        found += [y.data, x.grad, layer(x).data]
    elif type(layer).__name__ == "Dropout":
        found += [layer(x, training=False).data, layer(x, False) is x]
    return found


SCENES: dict[str, Scene] = {
    **{f"construction of {text}": partial(_constructed, build) for text, build in _BUILT.items()},
    **{f"use of {text}": partial(_used, build, shape) for text, (build, shape) in _USED.items()},
}
"""The scenes, by name."""
