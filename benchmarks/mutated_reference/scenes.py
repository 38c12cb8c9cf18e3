"""What is computed beside generated programs to tell packages apart: construction, use and training of every part.

It uses the package ``tinytorch`` that can be imported in this process: the reference, or a changed copy of it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Values = list[Any]
Scene = Callable[[Any], Values]


def played() -> Iterator[tuple[str, Values]]:
    """Every scene by name, with what came of it; an error is what came of it, too."""
    package = importlib.import_module("tinytorch")
    for name, scene in _scenes(package):
        package.seed(3)
        importlib.import_module("tinytorch.data")._random.seed(5)
        try:
            yield name, scene(package)
        except Exception as error:  # a changed package may raise anything
            yield name, [type(error).__name__]


def _scenes(package: Any) -> Iterator[tuple[str, Scene]]:
    for text, build in _BUILT.items():
        yield f"construction of {text}", lambda p, build=build: _held(build(p))  # type: ignore[misc]
    for text, build, shape in _USED:
        yield f"use of {text}", lambda p, build=build, shape=shape: _used(p, build(p), shape)  # type: ignore[misc]
    for text, scene in _SCENES.items():
        yield text, scene
    for optimizer, make in _OPTIMIZERS.items():
        for model, train in _TRAININGS.items():
            yield (
                f"training of {model} by {optimizer}",
                lambda p, make=make, train=train: train(p, make),  # type: ignore[misc]
            )


_BUILT: dict[str, Callable[[Any], Any]] = {
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

_USED: list[tuple[str, Callable[[Any], Any], tuple[int, ...]]] = [
    *((f"{name}()", lambda p, name=name: getattr(p, name)(), _ROWS) for name in ("ReLU", "Sigmoid", "Tanh", "GELU")),  # type: ignore[misc]
    ("Softmax()", lambda p: p.Softmax(), _SEQUENCES),
    ("Linear(6, 3) of rows", lambda p: p.Linear(6, 3), _ROWS),
    ("Linear(6, 3) of sequences", lambda p: p.Linear(6, 3), _SEQUENCES),
    ("Linear(6, 3, bias=False)", lambda p: p.Linear(6, 3, bias=False), _SEQUENCES),
    ("Dropout()", lambda p: p.Dropout(), _ROWS),
    ("Dropout(0.2)", lambda p: p.Dropout(0.2), _ROWS),
    ("Dropout(1)", lambda p: p.Dropout(1), _ROWS),
    ("Dropout(0)", lambda p: p.Dropout(0), _ROWS),
    ("Flatten()", lambda p: p.Flatten(), _IMAGES),
    ("Conv2d(2, 3, 3)", lambda p: p.Conv2d(2, 3, 3), _IMAGES),
    ("Conv2d, padded", lambda p: p.Conv2d(2, 3, (3, 2), padding=(2, 1)), _IMAGES),
    ("Conv2d, padded one way", lambda p: p.Conv2d(2, 3, (3, 2), padding=(0, 1), bias=False), _IMAGES),
    ("Conv2d with steps", lambda p: p.Conv2d(2, 3, (2, 3), stride=(2, 3), padding=1), _IMAGES),
    *(
        (f"{name} {text}", lambda p, name=name, given=given: getattr(p, name)(**given), _IMAGES)  # type: ignore[misc]
        for name in ("MaxPool2d", "AvgPool2d")
        for text, given in {
            "of squares": {"kernel_size": 2},
            "of rectangles": {"kernel_size": (2, 3)},
            "with steps": {"kernel_size": (3, 2), "stride": (1, 2)},
            "padded": {"kernel_size": (2, 3), "stride": (2, 1), "padding": (1, 0)},
        }.items()
    ),
    ("BatchNorm2d(2)", lambda p: p.BatchNorm2d(2), _IMAGES),
    ("BatchNorm2d(2, 0.1, 0.3)", lambda p: p.BatchNorm2d(2, 0.1, 0.3), _IMAGES),
    ("LayerNorm(6)", lambda p: p.LayerNorm(6), _SEQUENCES),
    ("LayerNorm(6, 0.1)", lambda p: p.LayerNorm(6, 0.1), _SEQUENCES),
    ("PositionalEncoding(5, 6)", lambda p: p.PositionalEncoding(5, 6), _SEQUENCES),
    ("PositionalEncoding(9, 6)", lambda p: p.PositionalEncoding(9, 6), _SEQUENCES),
    ("MultiHeadAttention(6, 2)", lambda p: p.MultiHeadAttention(6, 2), _SEQUENCES),
    ("MultiHeadAttention(6, 6)", lambda p: p.MultiHeadAttention(6, 6), _SEQUENCES),
    ("MLP(6)", lambda p: p.MLP(6), _SEQUENCES),
    ("TransformerBlock(6, 3)", lambda p: p.TransformerBlock(6, 3), _SEQUENCES),
]


def _held(made: Any, seen: tuple[int, ...] = ()) -> Values:
    """Everything that an object holds: numbers, arrays, flags, and what the objects in it hold."""
    if isinstance(made, np.ndarray | np.generic | int | float | str | bool | None):
        return [made]
    if isinstance(made, list | tuple):
        return [_held(one, seen) for one in made]
    if isinstance(made, dict):
        return [[key, _held(value, seen)] for key, value in made.items()]
    if id(made) in seen or callable(made) and not hasattr(made, "__dict__"):
        return []
    fields = vars(made) if hasattr(made, "__dict__") else {}
    named = [[name, _held(value, (*seen, id(made)))] for name, value in fields.items()]
    parameters = made.parameters() if hasattr(made, "parameters") else []
    return [type(made).__name__, named, [parameter.data for parameter in parameters]]


def _numbers(shape: tuple[int, ...], seed: int = 0) -> Any:
    # Large ones and small ones, and some that are equal.
    drawn = np.random.default_rng(seed).standard_normal(shape) * 2
    return np.where(np.abs(drawn) < 0.5, np.round(drawn), drawn).astype(np.float32)


def _used(p: Any, layer: Any, shape: tuple[int, ...]) -> Values:
    """Outputs and gradients of a layer: of a batch, once more, of another length, and in evaluation."""
    found: Values = []
    for number, lengths in enumerate((shape, shape, (1, *shape[1:]), (*shape[:1], *shape[1:]))):
        x = p.Tensor(_numbers(lengths, number), requires_grad=number != 3)
        y = layer(x)
        if y.requires_grad:
            y.backward(_numbers(y.shape, 9))
        found += [y.data, y.grad, x.data, x.grad, [one.grad for one in layer.parameters()], _held(layer)]
    x = p.Tensor(_numbers(shape, 4), requires_grad=True)
    if hasattr(layer, "eval"):
        layer.eval()
        y = layer(x)
        y.backward(_numbers(y.shape, 9))
        layer.train()
        found += [y.data, x.grad, layer(x).data]
    elif type(layer).__name__ == "Dropout":
        found += [layer(x, training=False).data, layer(x, False) is x]
    return found


def _softmax_axes(p: Any) -> Values:
    found: Values = []
    for dim in (0, 1, -1, -2):
        x = p.Tensor(_numbers((3, 4, 5), dim % 5) * 50, requires_grad=True)
        y = p.Softmax()(x, dim)
        y.backward(_numbers(y.shape, 8))
        found += [y.data, x.grad]
    return found


def _losses(p: Any) -> Values:
    found: Values = []
    logits, rows = _numbers((5, 4)) * 20, _numbers((5, 4), 1)
    edges = np.array([[0, 1, 1e-8], [1 - 1e-7, 0.5, 1e-7]], np.float32)
    kept = [np.float32(x) for x in (5e-8, 1e-7, 1.5e-7, 3e-7, 1e-6, 1 - 3e-7, 1 - 1e-7)]
    for loss, given, target in (
        (p.MSELoss(), rows, _numbers((5, 4), 2)),
        (p.MSELoss(), rows[:1, :1], _numbers((1, 1), 2)),
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
        q, k, v = (p.Tensor(_numbers((2, 4, 3), number), requires_grad=True) for number in range(3))
        given = None if mask is None else p.Tensor(mask)
        y, weights = p.scaled_dot_product_attention(q, k, v, given)
        y.backward(_numbers(y.shape, 9))
        found += [y.data, weights.data, q.grad, k.grad, v.grad]
    layer = p.MultiHeadAttention(6, 2)
    for mask in (p.create_causal_mask(5), p.Tensor(np.arange(50).reshape(2, 5, 5) % 3 > 0)):
        x = p.Tensor(_numbers(_SEQUENCES), requires_grad=True)
        y = layer(x, mask)
        y.backward(_numbers(y.shape, 9))
        found += [y.data, x.grad, [one.grad for one in layer.parameters()]]
    block = p.TransformerBlock(6, 3)
    found += [block(x, p.create_causal_mask(5)).data, p.create_causal_mask(3).data]
    return found


def _embeddings(p: Any) -> Values:
    table = p.Embedding(7, 3)
    found: Values = []
    for ids in ([0, 6, 6], [[1, 2], [2, 2]], [[[5]]], p.Tensor([3, 0, 3])):
        y = table(ids)
        y.backward(_numbers(y.shape, 9))
        found += [y.data, table.weight.grad]
    shapes = ((1, 1), (1, 2), (7, 6), (5, 5), (12, 3))
    return [*found, [p.create_sinusoidal_embeddings(*shape).data for shape in shapes]]


def _tensors(p: Any) -> Values:
    """What tensors can do beyond programs: odd indices, exponents, operands and shapes."""
    found: Values = []
    index = ([2, 0, 2], [1, 1, 0])
    for compute in (
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
        lambda x: x @ p.Tensor(_numbers((3, 2))),
        lambda x: p.Tensor(_numbers((2, 5, 4))) @ x,
        lambda x: x.reshape(2, 2, 3) @ p.Tensor(_numbers((3, 1))),
        lambda x: x.reshape(1, 4, 3).matmul(p.Tensor(_numbers((2, 3, 2)), requires_grad=True)),
        lambda x: x - x.mean(axis=0, keepdims=True),
        lambda x: -x + x.sum() * x,
    ):
        x = p.Tensor(_numbers((4, 3), 5), requires_grad=True)
        y = compute(x)
        y.backward(_numbers(y.shape, 9))
        again = None if x.grad is None else x.grad.copy()
        y.backward(_numbers(y.shape, 8))
        found += [y.data, y.shape, y.size, y.dtype.name, y.requires_grad, again, x.grad, x.grad.flags.writeable]
        x.grad *= 0.5
        found += [x.grad, y.grad, y.data]
        x.zero_grad()
        found += [x.grad, _held(p.Tensor(x)), len(x), x.numpy() is x.data, repr(y)]
    return found


def _graphs(p: Any) -> Values:
    """Sharing, passing back twice and from parts, deep graphs, and memory that nobody else may have."""
    x, w = (p.Tensor(_numbers((3, 3), number), requires_grad=True) for number in range(2))
    plain = p.Tensor(_numbers((3, 3), 2))
    y = x @ w + plain
    z = (y * y + x).sum()
    z.backward()
    found = [one.grad for one in (x, w, y, z, plain)]
    found += [np.shares_memory(one.grad, other.grad) for one, other in ((x, y), (x, w), (y, z))]
    z.backward(2.0)
    y.backward(_numbers((3, 3), 3))
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
    found += [plain.requires_grad, (plain + plain).requires_grad, (plain + plain)._parents, _held(plain * 2)]
    return [*found, _held(y.shape)]


def _loader(p: Any) -> Values:
    rows, labels = p.Tensor(_numbers((10, 2))), p.Tensor(np.arange(10))
    dataset = p.TensorDataset(rows, labels)

    class Own(p.Dataset):  # type: ignore[misc, name-defined]
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


def _late(p: Any) -> Values:
    """Optimizers of which some parameters get gradients late, or never, and gradients are set to zero in place."""
    found: Values = []
    for make in _OPTIMIZERS.values():
        first, second, third = (p.Tensor(_numbers((3,), number)) for number in range(3))
        optimizer = make(p, [first, second, third])
        for step in range(5):
            loss = (first * first).sum() + ((second * second).sum() if step > 2 else 0)
            loss.backward()
            optimizer.step()
            if step % 2:
                optimizer.zero_grad()
            else:
                first.grad[...] = 0
        found += [first.data, second.data, third.data, first.data.dtype, third.requires_grad, _held(optimizer)]
        scalar = p.Tensor(2.0)
        optimizer = make(p, (one for one in [scalar]))
        for _ in range(2):
            (scalar * scalar).backward()
            optimizer.step()
        found += [scalar.data, scalar.grad]
    return found


_SCENES: dict[str, Scene] = {
    "softmax along axes": _softmax_axes,
    "losses": _losses,
    "attention": _attention,
    "embeddings": _embeddings,
    "tensors": _tensors,
    "graphs": _graphs,
    "loaders": _loader,
    "late gradients": _late,
}

_OPTIMIZERS: dict[str, Callable[[Any, Any], Any]] = {
    "SGD": lambda p, given: p.SGD(given),
    "SGD with momentum": lambda p, given: p.SGD(given, lr=0.05, momentum=0.9, weight_decay=0.01),
    "SGD with decay": lambda p, given: p.SGD(given, 0.1, 0.0, 0.05),
    "Adam": lambda p, given: p.Adam(given),
    "Adam with decay": lambda p, given: p.Adam(given, 0.02, (0.7, 0.9), 1e-4, 0.1),
    "AdamW": lambda p, given: p.AdamW(given),
    "AdamW with decay": lambda p, given: p.AdamW(given, 0.02, (0.7, 0.9), 1e-4, 0.1),
}


def _trained(p: Any, model: Any, loss: Any, inputs: Any, targets: Any, make: Any) -> Values:
    optimizer = make(p, model.parameters())
    found: Values = []
    for _ in range(3):
        for x, y in p.DataLoader(p.TensorDataset(p.Tensor(inputs), p.Tensor(targets)), batch_size=4, shuffle=True):
            optimizer.zero_grad()
            made = model(x)
            error = loss(made.reshape(-1, made.shape[-1]), y.reshape(-1) if loss is not mse(p, loss) else y)
            error.backward()
            found.append(error.data)
            optimizer.step()
    return [*found, [one.data for one in model.parameters()], _held(optimizer)]


def mse(p: Any, loss: Any) -> Any:
    """The loss itself if it takes targets of the predictions' shape."""
    return loss if isinstance(loss, p.MSELoss | p.BinaryCrossEntropyLoss) else None


def _perceptron(p: Any, make: Any) -> Values:
    model = p.Sequential(p.Linear(4, 6), p.ReLU(), p.Dropout(0.25), p.Linear(6, 3))
    return _trained(p, model, p.CrossEntropyLoss(), _numbers((10, 4)), np.arange(10) % 3, make)


def _binary(p: Any, make: Any) -> Values:
    model = p.Sequential(p.Linear(4, 5), p.Tanh(), p.Linear(5, 1), p.Sigmoid())
    targets = np.arange(10).reshape(10, 1) % 2
    return _trained(p, model, p.BinaryCrossEntropyLoss(), _numbers((10, 4)), targets, make)


def _convolutional(p: Any, make: Any) -> Values:
    convolution = p.Conv2d(1, 3, 3, padding=1)
    model = p.Sequential(convolution, p.BatchNorm2d(3), p.ReLU(), p.MaxPool2d(2), p.AvgPool2d(2), p.Flatten())
    model.layers.append(p.Linear(3, 3))
    return [_trained(p, model, p.CrossEntropyLoss(), _numbers((10, 1, 5, 4)), np.arange(10) % 3, make), _held(model)]


def _language(p: Any, make: Any) -> Values:
    model = p.GPT(5, 6, 2, 2, max_seq_len=4)
    ids = np.arange(40).reshape(10, 4) * 7 % 5
    return _trained(p, model, p.CrossEntropyLoss(), ids, (ids * 2 + 1) % 5, make)


_TRAININGS: dict[str, Callable[[Any, Any], Values]] = {
    "a perceptron": _perceptron,
    "a binary classifier": _binary,
    "a convolutional network": _convolutional,
    "a GPT": _language,
}
