"""Tensors: what their operations compute. Their gradients are in `autograd`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import features
from tinytorch_hf.judging.case import Case, Draw, Inputs, Results
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student

# The same expression in TinyTorch and in torch.
Expression = Callable[[Any, Any], Any]


def _values(
    name: str,
    a: tuple[int, ...],
    b: tuple[int, ...],
    expressions: Mapping[str, Expression],
    needs: tuple[str, ...] = ("Tensor",),
) -> Case:
    """A case of expressions in two tensors, written alike on both sides."""

    def inputs(draw: Draw) -> Inputs:
        right = features(draw, *b)
        # Division wants numbers away from 0.
        return {"a": features(draw, *a), "b": right + np.sign(right)}

    def run_tinytorch(student: Student, values: Inputs) -> Results:
        left, right = student.tensor(values["a"]), student.tensor(values["b"])
        return {text: student.array(compute(left, right)) for text, compute in expressions.items()}

    def run_torch(judge: Judge, values: Inputs) -> Results:
        tensors = judge.tensors(values, ())
        return {text: judge.array(compute(tensors["a"], tensors["b"])) for text, compute in expressions.items()}

    return Case(name, "tensor", needs, inputs, run_tinytorch, run_torch)


_ARITHMETIC: Mapping[str, Expression] = {
    "a + b": lambda a, b: a + b,
    "a - b": lambda a, b: a - b,
    "a * b": lambda a, b: a * b,
    "a / b": lambda a, b: a / b,
}


def _reduction(name: str, in_torch: Callable[[Any, int | None, bool], Any]) -> Case:
    """A case of a reduction over all axes, over one, and with the axis kept."""
    ways: dict[str, tuple[int | None, bool]] = {
        f"{name}()": (None, False),
        f"{name}(axis=0)": (0, False),
        f"{name}(axis=1, keepdims=True)": (1, True),
        f"{name}(axis=-1)": (-1, False),
    }

    def run_tinytorch(student: Student, values: Inputs) -> Results:
        x = student.tensor(values["x"])
        results: Results = {}
        for text, (axis, keepdims) in ways.items():
            arguments: dict[str, Any] = {} if axis is None else {"axis": axis}
            results[text] = student.array(getattr(x, name)(**arguments, **({"keepdims": True} if keepdims else {})))
        return results

    def run_torch(judge: Judge, values: Inputs) -> Results:
        x = judge.tensor(values["x"])
        return {text: judge.array(in_torch(x, axis, keepdims)) for text, (axis, keepdims) in ways.items()}

    return Case(
        f"tensor-{name}",
        "tensor",
        ("Tensor", f"Tensor.{name}"),
        # Features have the mean 0; a sum that cancels is nothing but rounding.
        lambda draw: {"x": features(draw, 4, 5, 6) + np.float32(1)},
        run_tinytorch,
        run_torch,
    )


def _max(x: Any, axis: int | None, keepdims: bool) -> Any:
    return x.amax() if axis is None else x.amax(dim=axis, keepdim=keepdims)


def _shapes_tinytorch(student: Student, values: Inputs) -> Results:
    x = student.tensor(values["x"])
    return {
        "reshape(6, 20)": student.array(x.reshape(6, 20)),
        "reshape(4, -1)": student.array(x.reshape(4, -1)),
        "transpose(0, 1)": student.array(x.transpose(0, 1)),
        "transpose()": student.array(x.transpose()),
    }


def _shapes_torch(judge: Judge, values: Inputs) -> Results:
    x = judge.tensor(values["x"])
    return {
        "reshape(6, 20)": judge.array(x.reshape(6, 20)),
        "reshape(4, -1)": judge.array(x.reshape(4, -1)),
        "transpose(0, 1)": judge.array(x.transpose(0, 1)),
        "transpose()": judge.array(x.transpose(-1, -2)),
    }


CASES = (
    _values("tensor-arithmetic", (4, 5), (4, 5), _ARITHMETIC),
    _values("tensor-broadcasting", (4, 5), (5,), {**_ARITHMETIC, "b - a": lambda a, b: b - a}),
    _values(
        "tensor-numbers",
        (4, 5),
        (4, 5),
        {
            "a + 2": lambda a, _: a + 2,
            "3 * a": lambda a, _: 3 * a,
            "a - 0.5": lambda a, _: a - 0.5,
            "1 - a": lambda a, _: 1 - a,
            "a / 4": lambda a, _: a / 4,
        },
    ),
    _values("tensor-matmul", (8, 64), (64, 10), {"a.matmul(b)": lambda a, b: a.matmul(b), "a @ b": lambda a, b: a @ b}),
    _values("tensor-matmul-batched", (3, 4, 5), (3, 5, 6), {"a.matmul(b)": lambda a, b: a.matmul(b)}),
    _reduction("sum", lambda x, axis, keep: x.sum() if axis is None else x.sum(dim=axis, keepdim=keep)),
    _reduction("mean", lambda x, axis, keep: x.mean() if axis is None else x.mean(dim=axis, keepdim=keep)),
    _reduction("max", _max),
    Case(
        "tensor-shapes",
        "tensor",
        ("Tensor", "Tensor.reshape", "Tensor.transpose"),
        lambda draw: {"x": features(draw, 4, 5, 6)},
        _shapes_tinytorch,
        _shapes_torch,
    ),
    _values(
        "tensor-indexing",
        (4, 5),
        (4, 5),
        {"a[1]": lambda a, _: a[1], "a[1:3, 2:]": lambda a, _: a[1:3, 2:]},
        ("Tensor", "Tensor.__getitem__"),
    ),
)
