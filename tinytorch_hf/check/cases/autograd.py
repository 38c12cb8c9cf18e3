"""Automatic differentiation: the gradient of every operation on tensors, and the situations in which it goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import digits, features, weights
from tinytorch_hf.check.operation import InTorch, gradient_of, operation
from tinytorch_hf.judging.case import Case, Draw, Inputs, Results, upstream
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student

_NEEDS = ("Tensor", "autograd")
Expression = Callable[[Mapping[str, Any]], Any]


def _gradient(
    name: str,
    shapes: Mapping[str, tuple[int, ...]],
    expression: Expression,
    in_torch: Expression | None = None,
    mistakes: Mapping[str, InTorch] | None = None,
    needs: tuple[str, ...] = (),
) -> Case:
    """A case of an expression, written alike on both sides unless torch spells it otherwise."""

    def inputs(draw: Draw) -> Inputs:
        drawn = {leaf: features(draw, *shape) for leaf, shape in shapes.items()}
        # Division wants numbers away from 0, and a sum that cancels would be nothing but rounding.
        return {leaf: values + 2 * np.sign(values) + np.float32(1) for leaf, values in drawn.items()}

    return operation(
        f"gradient-{name}",
        "autograd",
        (*_NEEDS, *needs),
        inputs,
        lambda _, v: expression(v),
        lambda _, v: (in_torch or expression)(v),
        leaves=tuple(shapes),
        mistakes=mistakes,
    )


_PAIR = {"a": (4, 5), "b": (4, 5)}


def _flatten_inputs(draw: Draw) -> Inputs:
    return {"x": digits(draw, 4)[0], "first": weights(draw, 64, 12), "second": weights(draw, 6, 10)}


def _flattened(v: Mapping[str, Any]) -> Any:
    return (v["x"] @ v["first"]).reshape(8, 6) @ v["second"]


def _diamond(v: Mapping[str, Any]) -> Any:
    """Two ways from the same intermediate result to the output, of different lengths."""
    shared = v["a"] * v["b"]
    return shared * v["a"] + shared


def _chain(v: Mapping[str, Any]) -> Any:
    product = v["a"] @ v["b"]
    return ((product + 1) * product / 3 - product).sum(axis=0)


def _twice_backward(student: Student, values: Inputs) -> Results:
    """Gradients add up over calls of backward until they are reset."""
    a, b = student.tensor(values["a"], gradient=True), student.tensor(values["b"], gradient=True)
    gradient = upstream(values["a"].shape)
    student.backward(a * b, gradient)
    student.backward(a * b, gradient)
    return {gradient_of("a"): student.gradient(a), gradient_of("b"): student.gradient(b)}


def _twice_backward_expected(times: int) -> Callable[[Judge, Inputs], Results]:
    def run(judge: Judge, values: Inputs) -> Results:
        a, b = judge.tensor(values["a"]), judge.tensor(values["b"])
        gradient = times * judge.tensor(upstream(values["a"].shape))
        return {gradient_of("a"): judge.array(gradient * b), gradient_of("b"): judge.array(gradient * a)}

    return run


def _zero_grad(student: Student, values: Inputs) -> Results:
    """After a reset, the next gradient is as the first."""
    a = student.tensor(values["a"], gradient=True)
    gradient = upstream(values["a"].shape)
    student.backward(a * a, gradient)
    getattr(a, student.conventions.zero_grad)()
    student.backward(a * a, gradient)
    return {gradient_of("a"): student.gradient(a)}


def _zero_grad_expected(times: int) -> Callable[[Judge, Inputs], Results]:
    def run(judge: Judge, values: Inputs) -> Results:
        gradient = times * judge.tensor(upstream(values["a"].shape))
        return {gradient_of("a"): judge.array(gradient * 2 * judge.tensor(values["a"]))}

    return run


def _not_asked(student: Student, values: Inputs) -> Results:
    """A tensor that wants no gradient gets none, and does not keep others from theirs."""
    a, b = student.tensor(values["a"], gradient=True), student.tensor(values["b"])
    if hasattr(b, student.conventions.requires_grad):
        setattr(b, student.conventions.requires_grad, False)
    student.backward(a * b, upstream(values["a"].shape))
    return {
        gradient_of("a"): student.gradient(a),
        "a tensor that asked for no gradient has none": not student.has_gradient(b),
    }


def _data_kept(student: Student, values: Inputs) -> Results:
    """A backward pass changes gradients and nothing else."""
    a, b = student.tensor(values["a"], gradient=True), student.tensor(values["b"], gradient=True)
    gradient = upstream(values["a"].shape)
    student.backward((a * b + a) / b, gradient)
    return {
        "the tensors keep their values": np.array_equal(student.array(a), values["a"])
        and np.array_equal(student.array(b), values["b"]),
        "the gradient that is sent back keeps its values": np.array_equal(gradient, upstream(values["a"].shape)),
    }


def _situation(name: str, run: Any, right: Any, mistakes: Mapping[str, Any] | None = None, *needs: str) -> Case:
    return Case(
        f"gradient-{name}",
        "autograd",
        (*_NEEDS, *needs),
        lambda draw: {"a": features(draw, 4, 5), "b": features(draw, 4, 5) + np.float32(3)},
        run,
        right,
        mistakes=mistakes or {},
    )


CASES = (
    _gradient("add", _PAIR, lambda v: v["a"] + v["b"]),
    _gradient("sub", _PAIR, lambda v: v["a"] - v["b"]),
    _gradient("mul", _PAIR, lambda v: v["a"] * v["b"]),
    _gradient("div", _PAIR, lambda v: v["a"] / v["b"]),
    _gradient("numbers", {"a": (4, 5)}, lambda v: 2 * (1 - v["a"]) + v["a"] / 4 - 0.5),
    _gradient("broadcast-row", {"a": (4, 5), "b": (5,)}, lambda v: v["a"] * v["b"] + v["b"]),
    _gradient("broadcast-column", {"a": (4, 5), "b": (4, 1)}, lambda v: (v["a"] - v["b"]) / v["b"]),
    _gradient("matmul", {"a": (8, 64), "b": (64, 10)}, lambda v: v["a"].matmul(v["b"])),
    _gradient("matmul-batched", {"a": (3, 4, 5), "b": (3, 5, 6)}, lambda v: v["a"].matmul(v["b"])),
    _gradient("sum", {"a": (4, 5)}, lambda v: v["a"].sum(), needs=("Tensor.sum",)),
    _gradient("sum-axis", {"a": (4, 5, 6)}, lambda v: v["a"].sum(axis=1), needs=("Tensor.sum",)),
    _gradient("mean", {"a": (4, 5)}, lambda v: v["a"].mean(), needs=("Tensor.mean",)),
    _gradient("mean-axis", {"a": (4, 5, 6)}, lambda v: v["a"].mean(axis=-1), needs=("Tensor.mean",)),
    _gradient("reshape", {"a": (4, 6)}, lambda v: v["a"].reshape(8, 3), needs=("Tensor.reshape",)),
    _gradient("transpose", {"a": (4, 5, 6)}, lambda v: v["a"].transpose(0, 2), needs=("Tensor.transpose",)),
    _gradient("indexing", {"a": (6, 5)}, lambda v: v["a"][1:4], needs=("Tensor.__getitem__",)),
    _gradient(
        "used-twice",
        {"a": (4, 5), "b": (4, 5)},
        lambda v: v["a"] * v["b"] + v["a"],
        mistakes={
            "BRANCH-LOST-SUM": lambda _, v: v["a"] * v["b"] + v["a"].detach(),
            "BRANCH-LOST-PRODUCT": lambda _, v: v["a"].detach() * v["b"] + v["a"],
        },
    ),
    _gradient(
        "square",
        {"a": (4, 5)},
        lambda v: v["a"] * v["a"],
        mistakes={"BRANCH-LOST": lambda _, v: v["a"] * v["a"].detach()},
    ),
    _gradient("diamond", {"a": (4, 5), "b": (4, 5)}, _diamond),
    _gradient("chain", {"a": (8, 6), "b": (6, 5)}, _chain),
    operation(
        "gradient-flatten",
        "autograd",
        (*_NEEDS, "Tensor.reshape"),
        _flatten_inputs,
        lambda _, v: _flattened(v),
        lambda _, v: _flattened(v),
        leaves=("x", "first", "second"),
        mistakes={"GRAPH-CUT-FLATTEN": lambda _, v: (v["x"] @ v["first"]).detach().reshape(8, 6) @ v["second"]},
    ),
    _situation(
        "adds-up",
        _twice_backward,
        _twice_backward_expected(2),
        {
            "BACKWARD-OVERWRITES": _twice_backward_expected(1),
            "BACKWARD-REPEATS": _twice_backward_expected(3),
        },
    ),
    _situation(
        "zero-grad",
        _zero_grad,
        _zero_grad_expected(1),
        {"ZERO-GRAD": _zero_grad_expected(2)},
        "Tensor.zero_grad",
    ),
    _situation(
        "not-asked",
        _not_asked,
        lambda judge, v: {gradient_of("a"): judge.array(judge.tensor(upstream(v["a"].shape)) * judge.tensor(v["b"]))},
    ),
    _situation("leaves-values", _data_kept, lambda *_: {}),
)
