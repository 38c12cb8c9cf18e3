"""Scenes of training: every model by every optimizer, and gradients that come late or are reset in place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.mutated_reference.scenes.values import Scene, Values, held, numbers

Make = Callable[[Any, Any], Any]

_OPTIMIZERS: dict[str, Make] = {
    "SGD": lambda p, given: p.SGD(given),
    "SGD with momentum": lambda p, given: p.SGD(given, lr=0.05, momentum=0.9, weight_decay=0.01),
    "SGD with decay": lambda p, given: p.SGD(given, 0.1, 0.0, 0.05),
    "Adam": lambda p, given: p.Adam(given),
    "Adam with decay": lambda p, given: p.Adam(given, 0.02, (0.7, 0.9), 1e-4, 0.1),
    "AdamW": lambda p, given: p.AdamW(given),
    "AdamW with decay": lambda p, given: p.AdamW(given, 0.02, (0.7, 0.9), 1e-4, 0.1),
}


def _late(p: Any) -> Values:
    """Optimizers of which some parameters get gradients late, or never, and gradients are set to zero in place."""
    found: Values = []
    for make in _OPTIMIZERS.values():
        first, second, third = (p.Tensor(numbers((3,), number)) for number in range(3))
        optimizer = make(p, [first, second, third])
        for step in range(5):
            loss = (first * first).sum() + ((second * second).sum() if step > 2 else 0)
            loss.backward()
            optimizer.step()
            if step % 2:
                optimizer.zero_grad()
            else:
                first.grad[...] = 0
        found += [first.data, second.data, third.data, first.data.dtype, third.requires_grad, held(optimizer)]
        scalar = p.Tensor(2.0)
        optimizer = make(p, (one for one in [scalar]))
        for _ in range(2):
            (scalar * scalar).backward()
            optimizer.step()
        found += [scalar.data, scalar.grad]
    return found


def _trained(p: Any, model: Any, loss: Any, inputs: Any, targets: Any, make: Make) -> Values:
    optimizer = make(p, model.parameters())
    found: Values = []
    for _ in range(3):
        for x, y in p.DataLoader(p.TensorDataset(p.Tensor(inputs), p.Tensor(targets)), batch_size=4, shuffle=True):
            optimizer.zero_grad()
            made = model(x)
            error = loss(made.reshape(-1, made.shape[-1]), y.reshape(-1) if isinstance(loss, p.CrossEntropyLoss) else y)
            error.backward()
            found.append(error.data)
            optimizer.step()
    return [*found, [one.data for one in model.parameters()], held(optimizer)]


def _perceptron(p: Any, make: Make) -> Values:
    model = p.Sequential(p.Linear(4, 6), p.ReLU(), p.Dropout(0.25), p.Linear(6, 3))
    return _trained(p, model, p.CrossEntropyLoss(), numbers((10, 4)), np.arange(10) % 3, make)


def _binary(p: Any, make: Make) -> Values:
    model = p.Sequential(p.Linear(4, 5), p.Tanh(), p.Linear(5, 1), p.Sigmoid())
    targets = np.arange(10).reshape(10, 1) % 2
    return _trained(p, model, p.BinaryCrossEntropyLoss(), numbers((10, 4)), targets, make)


def _convolutional(p: Any, make: Make) -> Values:
    convolution = p.Conv2d(1, 3, 3, padding=1)
    model = p.Sequential(convolution, p.BatchNorm2d(3), p.ReLU(), p.MaxPool2d(2), p.AvgPool2d(2), p.Flatten())
    model.layers.append(p.Linear(3, 3))
    return [_trained(p, model, p.CrossEntropyLoss(), numbers((10, 1, 5, 4)), np.arange(10) % 3, make), held(model)]


def _language(p: Any, make: Make) -> Values:
    model = p.GPT(5, 6, 2, 2, max_seq_len=4)
    ids = np.arange(40).reshape(10, 4) * 7 % 5
    return _trained(p, model, p.CrossEntropyLoss(), ids, (ids * 2 + 1) % 5, make)


_TRAININGS: dict[str, Callable[[Any, Make], Values]] = {
    "a perceptron": _perceptron,
    "a binary classifier": _binary,
    "a convolutional network": _convolutional,
    "a GPT": _language,
}


def _training(train: Callable[[Any, Make], Values], make: Make, p: Any) -> Values:
    return train(p, make)


SCENES: dict[str, Scene] = {
    "late gradients": _late,
    **{
        f"training of {model} by {optimizer}": partial(_training, train, make)
        for optimizer, make in _OPTIMIZERS.items()
        for model, train in _TRAININGS.items()
    },
}
"""The scenes, by name."""
