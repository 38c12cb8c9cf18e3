"""Automatic differentiation: the gradient of every operation on tensors. Longer situations are in `state_gradients`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.check.cases.rearranging import TRANSPOSES, indices, reshape_claims, reshapes, transposes
from tinytorch_hf.check.cases.tensor import (
    BATCH_SHAPES,
    BATCHES,
    BROADCAST_SHAPES,
    BROADCASTS,
    NUMBERS,
    PRODUCTS,
    VECTORS,
    arrays,
    away_from_zero,
    product,
    reductions,
)
from tinytorch_hf.check.expressions import Compute, Expression, Table
from tinytorch_hf.check.inputs import digits, sizes, weights
from tinytorch_hf.check.operation import InTorch, MakeClaims, operation
from tinytorch_hf.check.state import gradient_of
from tinytorch_hf.judging.case import Case, Claim, Draw, Inputs, Results, upstream
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student

NEEDS = ("Tensor", "autograd")
_Expression = Callable[[Mapping[str, Any]], Any]


def _gradient(
    name: str,
    shapes: Mapping[str, tuple[int, ...]],
    expression: _Expression,
    in_torch: _Expression | None = None,
    mistakes: Mapping[str, InTorch] | None = None,
    needs: tuple[str, ...] = (),
    claims: MakeClaims | None = None,
) -> Case:
    """A case of one expression, written alike on both sides unless torch spells it otherwise."""
    return operation(
        f"gradient-{name}",
        "autograd",
        (*NEEDS, *needs),
        arrays(**shapes),
        lambda _, v: expression(v),
        lambda _, v: (in_torch or expression)(v),
        leaves=tuple(shapes),
        mistakes=mistakes,
        claims=claims,
    )


def _gradients(
    name: str,
    shapes: Mapping[str, tuple[int, ...]],
    expressions: Sequence[Expression],
    *needs: str,
    mistakes: Mapping[str, Mapping[str, Compute]] | None = None,
    claims: MakeClaims = lambda _inputs, _results: (),
) -> Case:
    """A case of several expressions, each judged by itself."""
    table = Table(expressions, with_gradients=True, mistakes=mistakes or {}, claims=claims)
    return table.case(f"gradient-{name}", "autograd", (*NEEDS, *needs), arrays(**shapes))


_PAIR = {"a": (5, 7), "b": (5, 7)}
_CUBE = {"a": (3, 4, 7)}

_DETACHED: Mapping[str, Compute] = {
    "2 + a": lambda v: 2 + v["a"].detach(),
    "0.5 - a": lambda v: 0.5 - v["a"].detach(),
    "3 * a": lambda v: 3 * v["a"].detach(),
    "4 / a": lambda v: 4 / v["a"].detach(),
}


def _with_number(name: str) -> Case:
    """An operator with a number on its right, and on its left where tensors have that."""
    ways = NUMBERS[name]
    detached = {ways[1].text: _DETACHED[ways[1].text]}
    return _gradients(f"{name}-number", {"a": (5, 7)}, ways, mistakes={"REFLECTED-DETACHED": detached})


_FORMULAS = (
    Expression("(a * b + a) / b", lambda v: (v["a"] * v["b"] + v["a"]) / v["b"], leaves=("a", "b")),
    Expression("-a", lambda v: -v["a"], method="__neg__"),
    Expression("a ** 2", lambda v: v["a"] ** 2, method="__pow__"),
    Expression("a ** 3", lambda v: v["a"] ** 3, method="__pow__"),
    Expression("a ** -1", lambda v: v["a"] ** -1, method="__pow__"),
    Expression("a ** 0 * a", lambda v: v["a"] ** 0 * v["a"], method="__pow__"),
    Expression("positive ** 0.5", lambda v: v["positive"] ** 0.5, leaves=("positive",), method="__pow__"),
    Expression("zeros ** 2", lambda v: v["zeros"] ** 2, leaves=("zeros",), method="__pow__"),
    Expression("a.exp()", lambda v: v["a"].exp(), method="exp"),
    Expression("positive.log()", lambda v: v["positive"].log(), leaves=("positive",), method="log"),
    Expression("positive.sqrt()", lambda v: v["positive"].sqrt(), leaves=("positive",), method="sqrt"),
)


def _formula_inputs(draw: Draw) -> Inputs:
    drawn = {name: away_from_zero(draw, 5, 7) for name in ("a", "b", "positive", "zeros")}
    drawn["zeros"][::2] = 0
    return {**drawn, "positive": np.abs(drawn["positive"])}


def _flatten_inputs(draw: Draw) -> Inputs:
    n, width = sizes(draw, 6, 5)
    return {"x": digits(draw, n)[0], "first": weights(draw, 64, 4 * width), "second": weights(draw, 2 * width, 11)}


def _flattened(v: Mapping[str, Any], cut: bool = False) -> Any:
    maps = product(v["x"], v["first"])
    maps = maps.detach() if cut else maps
    return product(maps.reshape(-1, v["second"].shape[0]), v["second"])


def _diamond(v: Mapping[str, Any]) -> Any:
    """Two ways from the same intermediate result to the output, of different lengths."""
    shared = v["a"] * v["b"]
    return shared * v["a"] + shared


def _diamond_claims(inputs: Inputs, results: Results) -> list[Claim]:
    """That the shared result sends its gradient on once, when both ways have brought theirs.

    Sent on earlier, only one way counts, or some twice.
    """
    found = [results.get(gradient_of(leaf)) for leaf in ("a", "b")]
    a, b = inputs["a"], inputs["b"]
    gradient = upstream(a.shape)
    too_early = [
        ways
        for ways in ((1, 0), (0, 1), (1, 2), (2, 1), (2, 2))
        if _sent_on(found, a, b, gradient * a * b, (ways[0] * a + ways[1]) * gradient)
    ]
    # Where leaves, too, are visited before the longer way, that one brings nothing at all.
    all_too_early = _sent_on(found, a, b, 0 * gradient, gradient)
    is_once = not too_early and not all_too_early
    return [Claim("what is used twice sends its gradient on once, with both shares", is_once, "BACKWARD-ORDER")]


def _sent_on(found: Sequence[Any], a: Any, b: Any, direct: Any, sent: Any) -> bool:
    """Whether these are the leaves' gradients if the shared a * b sent ``sent`` on and a received ``direct`` beside."""
    expected = (sent * b + direct, sent * a)
    return all(
        value is not None and value.shape == right.shape and np.allclose(value, right, rtol=1e-3, atol=1e-3)
        for value, right in zip(found, expected, strict=True)
    )


def _row_broadcast(v: Mapping[str, Any]) -> Any:
    return v["a"] * v["b"] + v["b"]


def _column_broadcast(v: Mapping[str, Any]) -> Any:
    return (v["a"] - v["b"]) / v["b"]


def _first_alone(judge: Judge, v: Mapping[str, Any], axis: int) -> Any:
    """b, repeated along an axis so that only its first copy receives a gradient."""
    repeated = v["b"].expand(v["a"].shape)
    others = repeated.detach().narrow(axis, 1, repeated.shape[axis] - 1)
    return judge.torch.cat([repeated.narrow(axis, 0, 1), others], axis)


def _chain(v: Mapping[str, Any]) -> Any:
    made = product(v["a"], v["b"])
    return ((made + 1) * made / 3 - made).sum(axis=0)


def _last_place(v: Mapping[str, Any]) -> Any:
    """Only the last of the equal rows counts."""
    a = v["a"]
    return a.detach()[[0, 2, 2, 4, 2]] + (a - a.detach())[[0, 2, 2, 4, 2]] * a.new_tensor([1, 0, 0, 1, 1])[:, None]


def _last_column(v: Mapping[str, Any]) -> Any:
    """Only the last of the equal columns counts."""
    a, columns = v["a"], [0, 2, 2, 4, 2]
    return a.detach()[1:, columns] + (a - a.detach())[1:, columns] * a.new_tensor([1, 0, 0, 1, 1])


def _equal_values(student: Student, values: Inputs) -> Results:
    x = student.tensor(values["x"], gradient=True)
    output = x.max(axis=1)
    results: Results = {"output": np.array(student.array(output))}
    if student.has_autograd:
        student.backward(output, upstream(results["output"].shape))
        arrived = student.gradient(x)
        results["gradient of x"] = None if arrived is None else np.array(arrived)
    return results


def _equal_claims(inputs: Inputs, results: Results) -> list[Claim]:
    """Where the largest values are equal, one of them may receive the gradient, or some may share it."""
    if "gradient of x" not in results:
        return []
    x, gradient = inputs["x"], results["gradient of x"]
    if gradient is None or gradient.shape != x.shape:
        return [Claim("the gradient of the largest values arrives", False, "NO-GRADIENT" if gradient is None else "")]
    elsewhere = gradient[x != x.max(axis=1, keepdims=True)]
    sums = np.allclose(gradient.sum(axis=1), upstream(results["output"].shape), rtol=1e-4, atol=1e-5)
    return [
        Claim("what is not the largest has no gradient", not elsewhere.any(), "SHOULD-BE-ZERO"),
        Claim("the gradients of equal largest values sum to what arrives", sums),
    ]


def _equal_inputs(draw: Draw) -> Inputs:
    return {"x": draw.rng.integers(0, 3, sizes(draw, 7, 9)).astype(np.float32)}


def _largest(judge: Judge, values: Inputs) -> Results:
    return {"output": judge.array(judge.tensor(values["x"]).amax(dim=1))}


CASES = (
    _gradient("add", _PAIR, lambda v: v["a"] + v["b"]),
    _gradient("sub", _PAIR, lambda v: v["a"] - v["b"]),
    _gradient("mul", _PAIR, lambda v: v["a"] * v["b"]),
    _gradient("div", _PAIR, lambda v: v["a"] / v["b"]),
    *(_with_number(name) for name in NUMBERS),
    _gradient(
        "broadcast-row",
        {"a": (5, 7), "b": (7,)},
        _row_broadcast,
        mistakes={"BROADCAST-FIRST-ROW": lambda judge, v: _row_broadcast({**v, "b": _first_alone(judge, v, 0)})},
    ),
    _gradient(
        "broadcast-column",
        {"a": (5, 7), "b": (5, 1)},
        _column_broadcast,
        mistakes={"BROADCAST-FIRST-ROW": lambda judge, v: _column_broadcast({**v, "b": _first_alone(judge, v, 1)})},
    ),
    _gradients("broadcast", BROADCAST_SHAPES, BROADCASTS),
    _gradient("matmul", {"a": (7, 64), "b": (64, 11)}, lambda v: product(v["a"], v["b"])),
    _gradients("matmul-ways", {"a": (5, 7), "b": (7, 4), "vector": (7,)}, [*PRODUCTS, *VECTORS]),
    _gradient("matmul-batched", {"a": (3, 4, 5), "b": (3, 5, 7)}, lambda v: product(v["a"], v["b"])),
    _gradients("matmul-broadcast", BATCH_SHAPES, BATCHES),
    _gradient("sum", {"a": (5, 7)}, lambda v: v["a"].sum(), needs=("Tensor.sum",)),
    _gradient("sum-axis", {"a": (4, 5, 7)}, lambda v: v["a"].sum(axis=1), needs=("Tensor.sum",)),
    _gradients("sum-ways", {"a": (4, 5, 7)}, reductions("sum"), "Tensor.sum"),
    _gradient("mean", {"a": (5, 7)}, lambda v: v["a"].mean(), needs=("Tensor.mean",)),
    _gradient("mean-axis", {"a": (4, 5, 7)}, lambda v: v["a"].mean(axis=-1), needs=("Tensor.mean",)),
    _gradients("mean-ways", {"a": (4, 5, 7)}, reductions("mean"), "Tensor.mean"),
    _gradients("max", {"a": (4, 5, 7)}, [*reductions("max"), *reductions("min")], "Tensor.max"),
    Case(
        "gradient-max-equal-values",
        "autograd",
        (*NEEDS, "Tensor.max"),
        _equal_inputs,
        _equal_values,
        _largest,
        claims=_equal_claims,
    ),
    _gradients("reshape", _CUBE, reshapes(), "Tensor.reshape", claims=reshape_claims),
    _gradients("transpose", _CUBE, transposes(), "Tensor.transpose", mistakes=TRANSPOSES),
    _gradient("indexing", {"a": (6, 5)}, lambda v: v["a"][1:4], needs=("Tensor.__getitem__",)),
    _gradients(
        "indexing-ways",
        {"a": (5, 7)},
        indices(),
        "Tensor.__getitem__",
        mistakes={"INDEX-LAST-PLACE": {"a[[0, 2, 2, 4, 2]]": _last_place, "a[1:, [0, 2, 2, 4, 2]]": _last_column}},
    ),
    Table(_FORMULAS, with_gradients=True).case("gradient-formulas", "autograd", NEEDS, _formula_inputs),
    _gradient(
        "used-twice",
        _PAIR,
        lambda v: v["a"] * v["b"] + v["a"],
        mistakes={
            "BRANCH-LOST-SUM": lambda _, v: v["a"] * v["b"] + v["a"].detach(),
            "BRANCH-LOST-PRODUCT": lambda _, v: v["a"].detach() * v["b"] + v["a"],
        },
    ),
    _gradient(
        "square",
        {"a": (5, 7)},
        lambda v: v["a"] * v["a"],
        mistakes={"BRANCH-LOST": lambda _, v: v["a"] * v["a"].detach()},
    ),
    _gradient("diamond", _PAIR, _diamond, claims=_diamond_claims),
    _gradient(
        "sum-of-sums",
        _PAIR,
        lambda v: (v["a"] + v["b"]) + v["a"],
        mistakes={
            "BRANCH-LOST": lambda _, v: v["a"] + v["b"],
            "GRADIENT-SHARED": lambda _, v: (v["a"] + v["b"]) + v["a"] + (v["b"] - v["b"].detach()),
        },
    ),
    _gradient("chain", {"a": (9, 7), "b": (7, 5)}, _chain),
    operation(
        "gradient-flatten",
        "autograd",
        (*NEEDS, "Tensor.reshape"),
        _flatten_inputs,
        lambda _, v: _flattened(v),
        lambda _, v: _flattened(v),
        leaves=("x", "first", "second"),
        mistakes={"GRAPH-CUT-FLATTEN": lambda _, v: _flattened(v, cut=True)},
    ),
)
