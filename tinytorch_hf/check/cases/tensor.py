"""Tensors: what their operations compute. Their gradients are in `autograd`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.check.cases.rearranging import TRANSPOSES, indices, reshape_claims, reshapes, transposes
from tinytorch_hf.check.expressions import Expression, Table
from tinytorch_hf.check.inputs import features, sizes
from tinytorch_hf.judging.case import Case, Claim, Draw, Inputs, Results
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student

_BOTH = ("a", "b")
AXES: Mapping[str, dict[str, Any]] = {
    "": {},
    "axis=0": {"axis": 0},
    "axis=1": {"axis": 1},
    "axis=-1": {"axis": -1},
    "axis=1, keepdims=True": {"axis": 1, "keepdims": True},
    "axis=(0, 2)": {"axis": (0, 2)},
    "keepdims=True": {"keepdims": True},
}
"""The ways to take a sum, a mean or a maximum, as they are written and as arguments."""


def away_from_zero(draw: Draw, *lengths: int) -> Any:
    """Features from 1 on in magnitude, as division wants them; of no mean 0, so that no sum of them cancels."""
    shape = sizes(draw, *lengths)
    # Features are scaled by their spread, which one value alone does not have.
    values = features(draw, *shape) if np.prod(shape) > 1 else features(draw, 3)[:1].reshape(shape)
    return np.asarray(values + 2 * np.sign(values) + np.float32(1))


def arrays(**shapes: tuple[int, ...]) -> Callable[[Draw], Inputs]:
    """Draws an array for each name, and the lengths of the first, which expressions may need."""

    def draw_them(draw: Draw) -> Inputs:
        drawn = {name: away_from_zero(draw, *shape) for name, shape in shapes.items()}
        return {**drawn, "lengths": list(next(iter(drawn.values())).shape)}

    return draw_them


def _with_small(draw_others: Callable[[Draw], Inputs]) -> Callable[[Draw], Inputs]:
    """Beside other arrays one of small values: what is added to a divisor shows there."""

    def draw_them(draw: Draw) -> Inputs:
        drawn = draw_others(draw)
        return {**drawn, "small": (away_from_zero(draw, 5, 7) * 1e-3).astype(np.float32)}

    return draw_them


def _division_claims(inputs: Inputs, results: Results) -> Sequence[Claim]:
    """That nothing is added to what is divided by."""
    a, small, found = (np.asarray(values) for values in (inputs["a"], inputs["small"], results["a / small"]))
    if found.shape != a.shape or found.dtype.kind != "f" or not found.all():
        return []
    added = a.astype(np.float64) / found - small
    # Rounding alone leaves less than this.
    is_added = np.abs(added).min() > 1e-5 * np.abs(small).max() and np.ptp(added) < 0.2 * np.abs(added).min()
    return [Claim("nothing is added to the divisor", not is_added, "DIVISION-EPS")]


def reductions(name: str) -> list[Expression]:
    """A sum, a mean or a maximum over all axes, over one, over several, with and without the axis kept."""

    def in_torch(values: Mapping[str, Any], arguments: Mapping[str, Any]) -> Any:
        a = values["a"]
        axis = arguments.get("axis", tuple(range(a.ndim)))
        method = {"max": "amax", "min": "amin"}.get(name, name)
        return getattr(a, method)(dim=axis, keepdim=arguments.get("keepdims", False))

    def reduce(values: Mapping[str, Any], arguments: Mapping[str, Any]) -> Any:
        return getattr(values["a"], name)(**arguments)

    return [
        Expression(
            f"a.{name}({text})",
            functools.partial(reduce, arguments=arguments),
            functools.partial(in_torch, arguments=arguments),
            may_be_refused=text in ("axis=(0, 2)", "keepdims=True"),
            method="min" if name == "min" else "",
            default_of="" if "axis" in text else name,
        )
        for text, arguments in AXES.items()
    ]


def single_values(_: Inputs, results: Results) -> list[Claim]:
    """That what is left of all axes has none; with some it serves as well, and is worth a note."""
    return [
        Claim(f"{text} has the shape {found.shape}, where PyTorch gives ()", False, is_note=True)
        for text, found in results.items()
        if text.endswith("()") and isinstance(found, np.ndarray) and found.size == 1 and found.ndim
    ]


def _reduction(name: str, *more: Expression) -> Case:
    return Table([*reductions(name), *more], with_gradients=False, claims=single_values).case(
        f"tensor-{name}", "tensor", ("Tensor", f"Tensor.{name}"), arrays(a=(4, 5, 7))
    )


def _values(name: str, inputs: Callable[[Draw], Inputs], expressions: Sequence[Expression], *needs: str) -> Case:
    return Table(expressions, with_gradients=False).case(name, "tensor", ("Tensor", *needs), inputs)


def _operators(left: str, right: str) -> list[Expression]:
    both = (left, right)
    return [
        Expression(f"{left} + {right}", lambda v: v[left] + v[right], leaves=both),
        Expression(f"{left} - {right}", lambda v: v[left] - v[right], leaves=both),
        Expression(f"{left} * {right}", lambda v: v[left] * v[right], leaves=both),
        Expression(f"{left} / {right}", lambda v: v[left] / v[right], leaves=both),
    ]


BROADCAST_SHAPES: Mapping[str, tuple[int, ...]] = {
    "a": (5, 7),
    "row": (7,),
    "column": (5, 1),
    "wide": (1, 7),
    "cube": (3, 5, 7),
    "one": (1,),
    "single": (),
}
BROADCASTS = (
    *_operators("a", "row"),
    Expression("row - a", lambda v: v["row"] - v["a"], leaves=("row", "a")),
    Expression("a / column", lambda v: v["a"] / v["column"], leaves=("a", "column")),
    Expression("column * wide", lambda v: v["column"] * v["wide"], leaves=("column", "wide")),
    Expression("cube - column", lambda v: v["cube"] - v["column"], leaves=("cube", "column")),
    Expression("one / a", lambda v: v["one"] / v["a"], leaves=("one", "a")),
    Expression("a * single", lambda v: v["a"] * v["single"], leaves=("a", "single")),
)

NUMBERS: Mapping[str, tuple[Expression, Expression]] = {
    "add": (
        Expression("a + 2", lambda v: v["a"] + 2),
        Expression("2 + a", lambda v: 2 + v["a"], method="__radd__"),
    ),
    "sub": (
        Expression("a - 0.5", lambda v: v["a"] - 0.5),
        Expression("0.5 - a", lambda v: 0.5 - v["a"], method="__rsub__"),
    ),
    "mul": (
        Expression("a * 3", lambda v: v["a"] * 3),
        Expression("3 * a", lambda v: 3 * v["a"], method="__rmul__"),
    ),
    "div": (
        Expression("a / 4", lambda v: v["a"] / 4),
        Expression("4 / a", lambda v: 4 / v["a"], method="__rtruediv__"),
    ),
}
"""Each operator with a number on its right, and on its left, which the course does not ask for."""


def product(a: Any, b: Any) -> Any:
    """The matrix product, by the method or by the operator, whichever there is."""
    return a.matmul(b) if hasattr(a, "matmul") else a @ b


PRODUCTS = (
    Expression("product of a and b", lambda v: product(v["a"], v["b"]), leaves=_BOTH),
    Expression("a @ b", lambda v: v["a"] @ v["b"], leaves=_BOTH, method="__matmul__"),
)
VECTORS = (
    Expression(
        "product of a and vector",
        lambda v: product(v["a"], v["vector"]),
        leaves=("a", "vector"),
        may_be_refused=True,
    ),
    Expression(
        "product of vector and b",
        lambda v: product(v["vector"], v["b"]),
        leaves=("vector", "b"),
        may_be_refused=True,
    ),
)
BATCHES = (
    Expression("product of many a and b", lambda v: product(v["batch"], v["b"]), leaves=("batch", "b")),
    Expression(
        "product of a and many b", lambda v: product(v["a"], v["many"]), leaves=("a", "many"), may_be_refused=True
    ),
    Expression(
        "product of (1, n, m) and many b",
        lambda v: product(v["one"], v["many"]),
        leaves=("one", "many"),
        may_be_refused=True,
    ),
)
BATCH_SHAPES: Mapping[str, tuple[int, ...]] = {
    "a": (5, 7),
    "b": (7, 4),
    "batch": (3, 5, 7),
    "many": (3, 7, 4),
    "one": (1, 5, 7),
}
"""Matrices and batches of matrices; what has one matrix serves all of the other's."""


def _other_types(student: Student, values: Inputs) -> Results:
    """Whole numbers and float64, as they come from labels and from NumPy's generators."""
    student.require_own_tensors("the type of numbers")
    whole, double = values["whole"], values["double"].astype(np.float64)
    integers, doubles = student.tensor(whole, keeps_type=True), student.tensor(double, keeps_type=True)
    return {
        "integers": np.array(student.array(integers)),
        "integers + 0.5": np.array(student.array(integers + 0.5)),
        "integers / 4": np.array(student.array(integers / 4)),
        "integers * float64": np.array(student.array(integers * doubles)),
        "type of a tensor of integers": str(student.array(integers).dtype),
        "type of a tensor of float64": str(student.array(doubles).dtype),
        "asked for": not student.is_mapped,
    }


def _other_types_in_torch(judge: Judge, values: Inputs) -> Results:
    integers, doubles = judge.tensor(values["whole"].astype(np.float32)), judge.tensor(values["double"])
    return {
        "integers": judge.array(integers),
        "integers + 0.5": judge.array(integers + 0.5),
        "integers / 4": judge.array(integers / 4),
        "integers * float64": judge.array(integers * doubles),
    }


def _rounded_down(judge: Judge, values: Inputs) -> Results:
    return {name: np.trunc(value) for name, value in _other_types_in_torch(judge, values).items()}


def _type_claims(_: Inputs, results: Results) -> list[Claim]:
    """That tensors are of float32, as TinyTorch's documentation and tests have it; elsewhere it is worth a note."""
    claims = []
    for what in ("integers", "float64"):
        found = results[f"type of a tensor of {what}"]
        if results["asked for"]:
            sentence = f"a tensor of {what} is of float32, as all of TinyTorch's are"
            claims.append(Claim(sentence, found == "float32", "DTYPE", seen=f"it is of {found}"))
        else:
            sentence = f"type of a tensor of {what} is {found}; TinyTorch's tensors are all float32"
            claims.append(Claim(sentence, found == "float32", is_note=True))
    return claims


CASES = (
    Table(
        [*_operators("a", "b"), Expression("a / small", lambda v: v["a"] / v["small"], leaves=("a", "small"))],
        with_gradients=False,
        claims=_division_claims,
    ).case("tensor-arithmetic", "tensor", ("Tensor",), _with_small(arrays(a=(5, 7), b=(5, 7)))),
    _values("tensor-broadcasting", arrays(**BROADCAST_SHAPES), BROADCASTS),
    _values("tensor-numbers", arrays(a=(5, 7)), [way for ways in NUMBERS.values() for way in ways]),
    _values("tensor-matmul", arrays(a=(5, 7), b=(7, 4), vector=(7,)), [*PRODUCTS, *VECTORS]),
    _values(
        "tensor-matmul-batched",
        arrays(**BATCH_SHAPES),
        [
            Expression(
                "product of many a and many b", lambda v: product(v["batch"], v["many"]), leaves=("batch", "many")
            ),
            *BATCHES,
        ],
    ),
    _reduction("sum"),
    _reduction("mean"),
    _reduction("max", *reductions("min")),
    Table(reshapes(), with_gradients=False, claims=reshape_claims).case(
        "tensor-reshape", "tensor", ("Tensor", "Tensor.reshape"), arrays(a=(3, 4, 7))
    ),
    Table(transposes(), with_gradients=False, mistakes=TRANSPOSES).case(
        "tensor-transpose", "tensor", ("Tensor", "Tensor.transpose"), arrays(a=(3, 4, 7))
    ),
    _values("tensor-indexing", arrays(a=(5, 7)), indices(), "Tensor.__getitem__"),
    Case(
        "tensor-other-types",
        "tensor",
        ("Tensor",),
        lambda draw: {
            "whole": draw.rng.integers(-9, 10, sizes(draw, 5, 7)),
            "double": away_from_zero(draw, 5, 7),
        },
        _other_types,
        _other_types_in_torch,
        mistakes={"DTYPE": _rounded_down},
        claims=_type_claims,
    ),
)
