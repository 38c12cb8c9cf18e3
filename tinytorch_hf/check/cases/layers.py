"""Linear, Dropout and what strings layers together, on digits and on what layers make of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import digits, features, sizes, weights
from tinytorch_hf.check.modes import in_mode
from tinytorch_hf.check.operation import InTorch, layer
from tinytorch_hf.judging.case import Case, Claim, Draw, Inputs, Results, upstream
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.calls import arguments_of
from tinytorch_hf.student.view import Student, UnbuiltError

_P = 0.3


def _linear_inputs(n_rows: int) -> Any:
    def draw_them(draw: Draw) -> Inputs:
        (n, n_out) = sizes(draw, n_rows, 11)
        return {"x": digits(draw, n)[0], "weight": weights(draw, 64, n_out), "bias": weights(draw, n_out)}

    return draw_them


def _sequence_inputs(draw: Draw) -> Inputs:
    n, length, n_in, n_out = sizes(draw, 4, 7, 13, 5)
    return {"x": features(draw, n, length, n_in), "weight": weights(draw, n_in, n_out), "bias": weights(draw, n_out)}


def _linear(_: Judge, v: Any) -> Any:
    return v["x"] @ v["weight"] + v["bias"]


_LINEAR_MISTAKES = {
    "BIAS-NOT-ADDED": lambda _, v: v["x"] @ v["weight"] + 0 * v["bias"],
    "BIAS-NOT-IN-GRAPH": lambda _, v: v["x"] @ v["weight"] + v["bias"].detach(),
    "BIAS-SUBTRACTED": lambda _, v: v["x"] @ v["weight"] - v["bias"],
}


def _linear_case(name: str, inputs: Any, mistakes: Mapping[str, InTorch] | None = None) -> Case:
    return layer(
        name,
        "layers",
        ("Tensor", "Linear"),
        inputs,
        lambda student, v: student.part("Linear")(*v["weight"].shape),
        _linear,
        mistakes=_LINEAR_MISTAKES if mistakes is None else mistakes,
    )


def _two_layers(student: Student, values: Inputs) -> Any:
    linear = student.part("Linear")
    first, second = (linear(*values[f"layers.{place}.weight"].shape) for place in (0, 2))
    return student.part("Sequential")(first, student.part("ReLU")(), second)


def _two_layers_inputs(draw: Draw) -> Inputs:
    n, hidden, n_out = sizes(draw, 7, 17, 11)
    return {
        "x": digits(draw, n)[0],
        "layers.0.weight": weights(draw, 64, hidden),
        "layers.0.bias": weights(draw, hidden),
        "layers.2.weight": weights(draw, hidden, n_out),
        "layers.2.bias": weights(draw, n_out),
    }


def _in_two_layers(judge: Judge, v: Any) -> Any:
    hidden = judge.F.relu(v["x"] @ v["layers.0.weight"] + v["layers.0.bias"])
    return hidden @ v["layers.2.weight"] + v["layers.2.bias"]


def _away_from_zero(draw: Draw) -> Inputs:
    """So that a value which is zero afterwards was dropped; so many that the share that is dropped is near p."""
    x = features(draw, *sizes(draw, 47, 53))
    return {"x": x + np.sign(x), "upstream": features(draw, *x.shape) + np.float32(3)}


def _in_training(student: Student, dropout: Any, training: Mapping[str, bool]) -> Callable[[Any], Any]:
    """Dropout as it is called in training or in evaluation; a mapped framework may have its own way to tell."""
    if student.is_mapped and training and not student.takes("Dropout", "training", "forward"):
        return in_mode(dropout, training["training"])
    return lambda x: dropout.forward(x, **training)


def _dropped(*p: float, **training: bool) -> Any:
    """Runs Dropout: what comes out of two calls, and what comes back of the first."""

    def run(student: Student, values: Inputs) -> Results:
        part = student.part("Dropout")
        dropout = part(*p)
        x = student.tensor(values["x"], gradient=True)
        call = _in_training(student, dropout, training)
        output = call(x)
        results: Results = {"output": np.array(student.array(output))}
        if student.has_autograd:
            student.backward(output, values["upstream"])
            arrived = student.gradient(x)
            results["arrived at x"] = None if arrived is None else np.array(arrived)
        results["x after both"] = np.array(student.array(x))
        again = call(student.tensor(values["x"]))
        return {
            **results,
            "output of another call": np.array(student.array(again)),
            "arguments of Dropout": [] if student.is_mapped else arguments_of(part),
        }

    return run


def _dropout_claims(p: float, default: bool = False) -> Any:
    """That a share of p is dropped, what is kept is scaled, another call drops others, and the gradient as the values.

    The limits are more than five standard deviations away from what chance does.
    """

    def claims(inputs: Inputs, results: Results) -> list[Claim]:
        if default and results["arguments of Dropout"][:1] != ["p"]:
            # With another interface than TinyTorch's it has defaults of its own.
            return []
        x, output, again = inputs["x"], results["output"], results["output of another call"]
        if output.shape != x.shape or again.shape != x.shape:
            return [Claim("the output has the shape of the input", False)]
        kept = output != 0
        share, factors = 1 - kept.mean(), output[kept] / x[kept]
        factor = float(np.median(factors)) if kept.any() else 0.0
        is_share = abs(share - p) < 0.05
        code = "DEFAULT-ARGUMENT" if default else ""
        if not is_share and abs(share - (1 - p)) < 0.05 and not default:
            code = "DROPOUT-P-IS-KEPT"
        found = [
            Claim("x keeps its values", np.array_equal(results["x after both"], x), "DATA-CHANGED"),
            Claim(f"a share of {p:g} is dropped, and not {share:.2f}", is_share, code),
            Claim("what is kept is scaled by one factor", np.allclose(factors, factor, rtol=1e-4)),
            Claim(
                f"what is kept is scaled by 1 / (1 - p), and not by {factor:.3f}",
                bool(np.isclose(factor, 1 / (1 - share), rtol=0.15)) and (not is_share or _is(factor, 1 / (1 - p))),
                "DROPOUT-NOT-SCALED" if _is(factor, 1.0) else "",
            ),
            Claim("another call drops others", bool(((again != 0) != kept).any()), "DROPOUT-SAME-MASK"),
        ]
        if "arrived at x" in results:
            found.append(_gradient_claim(inputs, results))
        return found

    return claims


def _is(found: float, right: float) -> bool:
    return bool(np.isclose(found, right, rtol=1e-4))


def _gradient_claim(inputs: Inputs, results: Results) -> Claim:
    arrived = results["arrived at x"]
    what = "the gradient is scaled and dropped as the values are"
    if arrived is None:
        return Claim(what, False, "NO-GRADIENT")
    as_the_values = inputs["upstream"] * results["output"] / inputs["x"]
    is_right = arrived.shape == as_the_values.shape and np.allclose(arrived, as_the_values, rtol=1e-3, atol=1e-4)
    return Claim(what, bool(is_right), "DROPOUT-GRADIENT")


def _dropout(name: str, run: Any, claims: Any) -> Case:
    return Case(name, "layers", ("Tensor", "Dropout"), _away_from_zero, run, lambda *_: {}, claims=claims)


def _nothing_dropped(name: str, p: float, training: bool) -> Case:
    def claims(inputs: Inputs, results: Results) -> list[Claim]:
        output = results["output"]
        is_dropped = output.shape == inputs["x"].shape and bool((output == 0).any())
        return [Claim("no value is dropped", not is_dropped, "DROPOUT-EVALUATION-DROPS" if not training else "")]

    scaled = {} if training else {"DROPOUT-EVALUATION-SCALES": lambda _, v: v["x"] * (1 - p)}
    return layer(
        name,
        "layers",
        ("Tensor", "Dropout"),
        lambda draw: {"x": _away_from_zero(draw)["x"][:9]},
        lambda student, _: student.part("Dropout")(p),
        lambda _, v: v["x"] * 1,
        parameters=(),
        call=lambda student, dropout, v: _in_training(student, dropout, {"training": training})(v["x"]),
        mistakes=scaled,
        claims=claims,
    )


def _flatten(student: Student, values: Inputs) -> Results:
    """By the tensor's own reshape, and by the layer, where there is one: the course does not ask for it."""
    results: Results = {}
    ways: dict[str, Callable[[Any], Any]] = {"x.reshape(n, -1)": lambda x: x.reshape(len(values["x"]), -1)}
    with contextlib.suppress(UnbuiltError):
        ways["Flatten()(x)"] = student.part("Flatten")()
    for text, flattened in ways.items():
        x = student.tensor(values["x"], gradient=True)
        output = flattened(x)
        results[text] = np.array(student.array(output))
        if student.has_autograd:
            student.backward(output, upstream(results[text].shape))
            arrived = student.gradient(x)
            results[f"gradient of x in {text}"] = None if arrived is None else np.array(arrived)
    return results


def _flatten_in_torch(cut: bool) -> Any:
    def run(judge: Judge, values: Inputs) -> Results:
        x = judge.tensor(values["x"])
        flat = x.reshape(len(x), -1)
        gradient = judge.tensor(upstream(tuple(flat.shape))).reshape(x.shape)
        outputs = dict.fromkeys(("x.reshape(n, -1)", "Flatten()(x)"), judge.array(flat))
        slopes = {"x.reshape(n, -1)": 1, "Flatten()(x)": 0 if cut else 1}
        return {
            **outputs,
            **{f"gradient of x in {text}": judge.array(gradient * slope) for text, slope in slopes.items()},
        }

    return run


def _all_dropped(student: Student, values: Inputs) -> Results:
    asked: Results = {"asked for": not student.is_mapped}
    try:
        call = _in_training(student, student.part("Dropout")(1.0), {"training": True})
        output = call(student.tensor(values["x"]))
    except (ValueError, ArithmeticError, AssertionError) as error:
        return {**asked, "p = 1": type(error).__name__}
    return {**asked, "p = 1": "", "output": np.array(student.array(output))}


def _all_dropped_claims(_: Inputs, results: Results) -> list[Claim]:
    """TinyTorch's documentation and tests ask for p = 1; elsewhere a refusal is worth a note."""
    refused = results["p = 1"]
    was_taken = not refused and results["output"] is not None
    if results["asked for"]:
        return [Claim("p = 1 drops everything, and is taken", was_taken, seen=f"it ends in {refused}")]
    return [Claim(f"refuses p = 1, which PyTorch takes ({refused})", was_taken, is_note=True)]


CASES = (
    Case(
        "flatten",
        "layers",
        ("Tensor", "Tensor.reshape"),
        lambda draw: {"x": features(draw, *sizes(draw, 5, 3, 7))},
        _flatten,
        _flatten_in_torch(cut=False),
        mistakes={"GRAPH-CUT-FLATTEN": _flatten_in_torch(cut=True)},
        optional=frozenset(["Flatten()(x)", "gradient of x in Flatten()(x)"]),
    ),
    _linear_case("linear", _linear_inputs(7)),
    _linear_case("linear-one-row", _linear_inputs(1)),
    layer(
        "linear-without-bias",
        "layers",
        ("Tensor", "Linear"),
        _linear_inputs(7),
        lambda student, v: student.part("Linear")(*v["weight"].shape, bias=False),
        lambda _, v: v["x"] @ v["weight"],
        parameters=("weight",),
        other_parameter="BIAS-NOT-LEFT-OUT",
    ),
    _linear_case("linear-on-sequences", _sequence_inputs),
    _dropout("dropout-training", _dropped(_P, training=True), _dropout_claims(_P)),
    _dropout("dropout-by-default", _dropped(), _dropout_claims(0.5, default=True)),
    _nothing_dropped("dropout-evaluation", _P, training=False),
    _nothing_dropped("dropout-of-nothing", 0.0, training=True),
    Case(
        "dropout-of-everything",
        "layers",
        ("Tensor", "Dropout"),
        lambda draw: {"x": features(draw, *sizes(draw, 5, 7))},
        _all_dropped,
        lambda judge, values: {"output": judge.array(0 * judge.tensor(values["x"]))},
        mistakes={"DROPOUT-P-IS-KEPT": lambda judge, values: {"output": judge.array(judge.tensor(values["x"]))}},
        claims=_all_dropped_claims,
        optional=frozenset(["output"]),
    ),
    layer(
        "sequential",
        "layers",
        ("Tensor", "Linear", "ReLU", "Sequential"),
        _two_layers_inputs,
        _two_layers,
        _in_two_layers,
        parameters=("layers.0.weight", "layers.0.bias", "layers.2.weight", "layers.2.bias"),
    ),
)
