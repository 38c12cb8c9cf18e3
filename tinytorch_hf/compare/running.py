"""What the student's side runs for the judge: one step of the training, or one operation alone.

Each function leaves what it computes in ``results`` as it goes: arrays by name, whatever their dtype; None for a
gradient that never arrived; the name of a type for what is not a tensor. Nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch_hf.compare.layers import Part, Residual, forward
from tinytorch_hf.compare.plain import numbered
from tinytorch_hf.compare.settings import Settings, optimizer_choice
from tinytorch_hf.compare.tinytorch_side import TinyTorchSide
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student.view import DiffersError, Student

Results = dict[str, Any]
# What is said of an error that the student's backward pass raised.
Told = Callable[[BaseException], str]


def judged_step(side: TinyTorchSide, batch: tuple[Any, Any], results: Results, told: Told) -> None:
    """Forward, loss and gradients of a batch: ``output N`` by part, ``loss``, ``gradient N`` by parameter.

    ``complaint`` is what backward() raised, ``strangers`` how many tensors each layer's parameters() lists that are
    none of its known parameters and have received no gradient.
    """
    seen: dict[str, Any] = {}
    student = side.student
    try:
        output = side.forward(batch[0], seen)
    finally:
        results.update(numbered("output", (_values(student, value) for value in seen.values())))
    loss = side.loss(output, batch[1])
    results["loss"] = _values(student, loss)
    results["complaint"] = _backward(side, loss, None, told)
    results.update(numbered("gradient", (side.gradient(*pair) for pair in side.parameters())))
    results["strangers"] = [
        sum(not student.has_gradient(tensor) for tensor in tensors) for tensors in strangers(side).values()
    ]


def strangers(side: TinyTorchSide) -> dict[str, list[Any]]:
    """By layer, the tensors that its parameters() lists beside its known parameters."""
    return {
        layer.name: [
            tensor
            for tensor in side.listed[layer.name] or ()
            if not any(_is_same(side, tensor, side.tensor(layer, parameter)) for parameter in layer.parameters)
        ]
        for layer in side.model.layers
    }


def listings(side: TinyTorchSide) -> list[list[int] | None]:
    """By layer, how often its parameters() lists each of its known parameters; None where there is no such method."""
    return [
        None
        if (listed := side.listed[layer.name]) is None
        else [
            sum(_is_same(side, tensor, side.tensor(layer, parameter)) for tensor in listed)
            for parameter in layer.parameters
        ]
        for layer in side.model.layers
    ]


def part_alone(side: TinyTorchSide, part: Part, x: Array, gradient: Array, results: Results, told: Told) -> None:
    """Run one part forward and backward: ``input`` and ``gradient N``, in the order of its layers' parameters."""
    student = side.student
    layers = part.layers if isinstance(part, Residual) else (part,)
    pairs = [(layer, parameter) for layer in layers for parameter in layer.parameters]
    for pair in pairs:
        setattr(side.tensor(*pair), student.conventions.grad, None)
    is_leaf = x.dtype != np.int64
    tensor = _leaf(student, x) if is_leaf else student.tensor(x)
    output = forward((part,), side.called, tensor, {})
    results["complaint"] = _backward(side, output, gradient, told)
    results["input"] = student.gradient(tensor) if is_leaf else None
    results.update(numbered("gradient", (side.gradient(*pair) for pair in pairs)))


def output_alone(side: TinyTorchSide, x: Array, results: Results) -> None:
    """The model's ``output`` for an input."""
    results["output"] = _values(side.student, side.forward(side.student.tensor(x)))


def loss_alone(side: TinyTorchSide, outputs: Array, targets: Array, results: Results, told: Told) -> None:
    """The ``loss`` of these outputs of a model, and the gradient with respect to them, ``input``."""
    x = _leaf(side.student, outputs)
    loss = side.loss(x, side.student.tensor(targets))
    results["loss"] = _values(side.student, loss)
    results["complaint"] = _backward(side, loss, None, told)
    results["input"] = side.student.gradient(x)


def update(side: TinyTorchSide, gradients: list[Array], results: Results) -> None:
    """Let the optimizer change the parameters by these gradients, and forget them: ``value N``."""
    for (layer, parameter), gradient in zip(side.parameters(), gradients, strict=True):
        side.set_gradient(layer, parameter, gradient)
    side.take_step()
    results.update(numbered("value", (side.value(*pair) for pair in side.parameters())))
    side.zero_grad()


def optimizer_alone(student: Student, settings: Settings, start: Array, gradients: Array, results: Results) -> None:
    """Let an optimizer of one parameter take a step for each gradient: its value ``after``."""
    tensor = _leaf(student, start)
    choice = optimizer_choice(settings.optimizer)
    mine = student.part(choice.class_name)([tensor], lr=settings.lr, **choice.arguments)
    for gradient in gradients:
        student.set_gradient(tensor, gradient)
        mine.step()
    results["after"] = _values(student, tensor)


def _leaf(student: Student, values: Array) -> Any:
    tensor = student.tensor(values)
    if not getattr(tensor, student.conventions.requires_grad, True):
        setattr(tensor, student.conventions.requires_grad, True)
    return tensor


def _backward(side: TinyTorchSide, output: Any, gradient: Array | None, told: Told) -> str:
    """Start the student's backward pass at an output; what it complains of, or nothing.

    A tensor that knows no way back may refuse; then there are no gradients, which is what is looked at.
    """
    student = side.student
    try:
        try:
            student.backward(output, gradient)
        except TypeError:
            if gradient is None:
                raise
            # A backward without an argument starts from a single value.
            student.backward((output * student.tensor(gradient)).sum())
    except Exception as error:
        return told(error)
    return ""


def _values(student: Student, value: Any) -> Any:
    if value is None:
        return None
    try:
        return student.array(value)
    except DiffersError:
        return f"a {type(value).__name__}"


def _is_same(side: TinyTorchSide, tensor: Any, other: Any) -> bool:
    """Whether two tensors are one, or have one memory."""
    if tensor is other:
        return True
    mine, theirs = (getattr(one, side.student.conventions.data, None) for one in (tensor, other))
    return isinstance(mine, np.ndarray) and isinstance(theirs, np.ndarray) and np.shares_memory(mine, theirs)
