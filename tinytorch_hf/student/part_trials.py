"""Whether something of a fitting name is the part that is meant: called as TinyTorch's, on small numbers.

What is computed there is known. A part that gives other numbers is taken all the same, as it may be wrong, unless they
are those of another definition in use, such as a loss of probabilities where TinyTorch's takes logits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student.view import Student

# Makes a part's object, as TinyTorch's is made.
Make = Callable[[], Any]

X: Array = np.array([[0.5, -1.0, 2.0], [-0.25, 1.5, 0.75]], dtype=np.float32)
PROBABILITIES: Array = np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]], dtype=np.float32)
TARGETS: Array = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]], dtype=np.float32)
LABELS = [2.0, 1.0]
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Seen:
    """What a trial has shown.

    Attributes
    ----------
    fits
        Whether it can be called as TinyTorch's.
    is_right
        Whether it computes what it should.
    reason
        Why it cannot be tried, where it is not to be taken.
    """

    fits: bool
    is_right: bool = False
    reason: str = ""


def call(made: Any, *arguments: Any) -> Any:
    """What a layer gives, called directly or by its forward."""
    return made(*arguments) if callable(made) else made.forward(*arguments)


def activation(student: Student, name: str, make: Make) -> Seen:
    """An activation of a matrix."""
    found = student.array(_of_tensor(student, call(make(), student.float_tensor(X.copy()))))
    if found.shape != X.shape:
        return Seen(False, reason=f"it gives the shape {found.shape} for {X.shape}")
    if name == "Softmax" and _close(found, _softmax(X.astype(np.float64).T).T):
        is_told = any(student.takes(name, axis, method) for axis in ("axis", "dim") for method in ("", "forward"))
        return Seen(is_told, is_told, "it is over the first axis, and TinyTorch's over the last")
    return Seen(True, any(_close(found, right) for right in _ACTIVATIONS[name](X.astype(np.float64))))


def mean_squared(student: Student, make: Make) -> Seen:
    """MSELoss."""
    difference = X.astype(np.float64) - TARGETS
    others = {
        "it gives the sum of the squares, and no mean": (difference**2).sum(),
        "it gives half of the mean": (difference**2).mean() / 2,
        "it gives half of the sum": (difference**2).sum() / 2,
        "it gives the mean over samples of the sums": (difference**2).sum(1).mean(),
        "it gives half of the mean over samples of the sums": (difference**2).sum(1).mean() / 2,
    }
    loss = _loss(make())
    found = _of_tensor(student, loss(student.float_tensor(X.copy()), student.float_tensor(TARGETS.copy())))
    return _judged(student, found, float((difference**2).mean()), others)


def binary(student: Student, make: Make) -> Seen:
    """BinaryCrossEntropyLoss, of probabilities."""
    loss = _loss(make())
    targets = student.float_tensor(TARGETS.copy())
    found = _of_tensor(student, loss(student.float_tensor(PROBABILITIES.copy()), targets))
    right = _of_probabilities(PROBABILITIES)

    def turned() -> Any:
        return loss(targets, student.float_tensor(PROBABILITIES.copy()))

    if not _close(student.array(found), right) and _is_right(student, turned, right):
        return Seen(False, reason="it takes targets before predictions")
    others = {
        "it takes logits, and TinyTorch's takes probabilities": _of_probabilities(_sigmoid(PROBABILITIES)),
        "it gives a sum, and no mean": right * TARGETS.size,
        "it gives the mean over samples of the sums": right * TARGETS.shape[1],
    }
    return _judged(student, found, right, others)


def cross_entropy(student: Student, make: Make) -> Seen:
    """CrossEntropyLoss, of logits and labels in the form in which the student takes them."""
    loss = _loss(make())
    rows, labels = np.arange(2), np.array(LABELS, dtype=int)

    def of(values: Array, given: Any) -> Any:
        return _of_tensor(student, loss(student.float_tensor(values.copy()), given))

    logs = np.log(_softmax(X.astype(np.float64)))
    right = float(-logs[rows, labels].mean())
    picked = -np.log(np.float64(PROBABILITIES)[rows, labels])
    try:
        found = of(X, student.labels(LABELS))
    except Exception as error:
        one_hot = np.eye(3, dtype=np.float32)[labels]
        if _is_right(student, lambda: of(X, student.float_tensor(one_hot)), right):
            return Seen(False, reason="it takes targets as rows of 0 and 1, and TinyTorch's takes labels")
        raise error
    if not np.isfinite(student.array(found)).all() or not _close(student.array(found), right):
        if _is_right(student, lambda: of(PROBABILITIES, student.labels(LABELS)), float(picked.mean())):
            return Seen(False, reason="it takes probabilities, and TinyTorch's takes logits")
        if _is_right(student, lambda: of(np.float32(logs), student.labels(LABELS)), right) and not _close(
            student.array(found), right
        ):
            return Seen(False, reason="it takes logarithms of probabilities, and TinyTorch's takes logits")
    return _judged(student, found, right, {"it gives a sum, and no mean": 2 * right})


def shaped(student: Student, made: Any, given: Any, wanted: tuple[int, ...]) -> Seen:
    """A layer of which the shape of the output is known."""
    found = student.array(_of_tensor(student, call(made, given)))
    return Seen(True, True) if found.shape == wanted else Seen(False, reason=f"it gives the shape {found.shape}")


def optimizer(student: Student, name: str) -> Seen:
    """An optimizer takes a list of parameters, a learning rate, and a step."""
    parameter = student.tensor(X.copy(), gradient=True)
    made = student.part(name)([parameter], lr=0.5)
    student.set_gradient(parameter, np.ones_like(X))
    made.step()
    after = student.array(parameter)
    if np.array_equal(after, X):
        return Seen(False, reason="a step of it changes nothing")
    return Seen(True, name == "SGD" and _close(after, X - 0.5))


def reason_of(error: BaseException) -> str:
    """What a trial ended with, in one line."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:160]


def _of_tensor(student: Student, output: Any) -> Any:
    if not student.is_tensor(output):
        raise TypeError(f"it gives a {type(output).__name__} and no tensor")
    return output


def _judged(student: Student, found: Any, right: float, others: Mapping[str, float]) -> Seen:
    values = student.array(found)
    if values.size != 1:
        return Seen(False, reason=f"it gives the shape {values.shape}, and no single value")
    reason = next((text for text, other in others.items() if _close(values, other)), "")
    if reason and not _close(values, right):
        return Seen(False, reason=reason)
    return Seen(True, _close(values, right))


def _is_right(student: Student, compute: Callable[[], Any], right: float) -> bool:
    try:
        return _close(student.array(compute()), right)
    except Exception:
        return False


def _loss(made: Any) -> Callable[..., Any]:
    loss: Callable[..., Any] = getattr(made, "forward", made)
    return loss


def _close(found: Array, right: Any) -> bool:
    return bool(np.allclose(np.asarray(found, dtype=np.float64).reshape(np.shape(right)), right, atol=_TOLERANCE))


def _softmax(x: Array) -> Array:
    powers = np.exp(x)
    shares: Array = powers / powers.sum(-1, keepdims=True)
    return shares


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def _of_probabilities(p: Array) -> float:
    p = p.astype(np.float64)
    return float(-(TARGETS * np.log(p) + (1 - TARGETS) * np.log(1 - p)).mean())


def _gelus(x: Array) -> list[Array]:
    tanh = x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return [tanh, x * _sigmoid(1.702 * x)]


_ACTIVATIONS: Mapping[str, Callable[[Array], list[Array]]] = {
    "Sigmoid": lambda x: [_sigmoid(x)],
    "ReLU": lambda x: [np.maximum(x, 0)],
    "Tanh": lambda x: [np.tanh(x)],
    "GELU": _gelus,
    "Softmax": lambda x: [_softmax(x)],
}
ACTIVATIONS = tuple(_ACTIVATIONS)
