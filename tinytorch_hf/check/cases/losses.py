"""Loss functions, on logits of digits and their labels: their value and their gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.check.cases.loss_mistakes import (
    BINARY_MISTAKES,
    CROSS_ENTROPY_MISTAKES,
    MSE_MISTAKES,
    OF_BATCHES,
    OF_SAMPLES,
    LossInTorch,
    bce,
    cross_entropy,
    mse,
    without,
)
from tinytorch_hf.check.inputs import digits, features, weights
from tinytorch_hf.check.operation import InTorch, in_torch, output_and_gradients
from tinytorch_hf.check.state_claims import kept_in_float32
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Case, Claim, Draw, Inputs, Results
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.judging.rounding import as_kept
from tinytorch_hf.student.view import Student

# Computes a loss from predictions and targets.
Loss = Callable[[Any, Any], Any]

MSE, CROSS_ENTROPY, BINARY = "MSELoss", "CrossEntropyLoss", "BinaryCrossEntropyLoss"
# What the loss in a sum with another is multiplied by, and the other one.
_SHARES = (3.0, 0.5)
# Smallest numbers that people add inside a logarithm.
_EPS = [10.0**-power for power in range(3, 17)]


def loss_function(student: Student, part: str) -> Loss:
    """A loss of TinyTorch; those that are functions have no forward."""
    made = student.part(part)()
    function: Loss = getattr(made, "forward", made)
    return function


def classification(draw: Draw, scale: float = 3.0) -> Inputs:
    """Logits of digits, and the digits' labels in float32, as TinyTorch's tensors hold them."""
    pixels, labels = digits(draw, draw.size(7))
    return {"predictions": pixels @ weights(draw, 64, 10) * np.float32(scale), "targets": labels}


def regression(draw: Draw) -> Inputs:
    """Predictions and targets of both signs."""
    shape = draw.size(7), draw.size(3)
    return {"predictions": features(draw, *shape), "targets": features(draw, *shape)}


def binary(draw: Draw) -> Inputs:
    """Probabilities, neither near 0 nor near 1, and targets 0 and 1."""
    shape = draw.size(7), draw.size(3)
    p = 1 / (1 + np.exp(-features(draw, *shape)))
    targets = features(draw, *shape) > 0
    return {"predictions": p.astype(np.float32), "targets": targets.astype(np.float32)}


def _one(inputs: Callable[[Draw], Inputs]) -> Callable[[Draw], Inputs]:
    """A batch of one."""
    return lambda draw: {name: values[:1] for name, values in inputs(draw).items()}


def _large(draw: Draw) -> Inputs:
    """Logits whose exponentials overflow."""
    return classification(draw, 500.0)


def _extreme(draw: Draw) -> Inputs:
    """Logits of which some are ±1e5, in favour of the right class and against it."""
    inputs = dict(classification(draw))
    logits, labels = inputs["predictions"].copy(), inputs["targets"].astype(int)
    logits[0, (labels[0] + 1) % 10] = 1e5
    logits[1, labels[1]] = 1e5
    logits[2, labels[2]] = -1e5
    return {**inputs, "predictions": logits}


def _two(inputs: Callable[[Draw], Inputs]) -> Callable[[Draw], Inputs]:
    """Two batches."""

    def draw_both(draw: Draw) -> Inputs:
        first, second = inputs(draw), inputs(draw)
        return {**first, "others": second["predictions"], "targets of others": second["targets"]}

    return draw_both


def targets_of(student: Student, part: str) -> Callable[[Array], Any]:
    """What makes the targets of a loss."""
    return student.labels if part == CROSS_ENTROPY else student.tensor


def _run(
    student: Student,
    part: str,
    values: Inputs,
    leaves: Sequence[str],
    compute: Callable[[Mapping[str, Any]], Any],
) -> Results:
    """Loss and gradients, and what the arguments hold afterwards."""
    make = targets_of(student, part)
    tensors = {
        name: student.tensor(array.copy(), gradient=True) if name in leaves else make(array.copy())
        for name, array in values.items()
    }
    output = compute(tensors)
    results = output_and_gradients(student, output, lambda leaf: student.gradient(tensors[leaf]), tuple(leaves))
    return {**results, **{f"{name} afterwards": student.array(tensor) for name, tensor in tensors.items()}}


def _unchanged(inputs: Inputs, results: Results) -> list[Claim]:
    kept = {name: (values, results[f"{name} afterwards"]) for name, values in inputs.items()}
    changed = [name for name, (before, after) in kept.items() if not np.array_equal(after, as_kept(before, after))]
    seen = f"it changes the {' and the '.join(changed)}" if changed else ""
    return [
        kept_in_float32(kept),
        Claim("the loss leaves its arguments as they are", not changed, "DATA-CHANGED", seen=seen),
    ]


def loss_case(
    name: str,
    part: str,
    inputs: Callable[[Draw], Inputs],
    torch: LossInTorch,
    mistakes: Mapping[str, LossInTorch] | None = None,
    claims: Callable[[Inputs, Results], list[Claim]] = lambda _inputs, _results: [],
) -> Case:
    """A case of a loss: value and gradient, and that its arguments stay as they are."""
    leaves = ("predictions",)

    def named(loss: LossInTorch) -> InTorch:
        return lambda judge, v: loss(judge, v["predictions"], v["targets"])

    def run(student: Student, values: Inputs) -> Results:
        function = loss_function(student, part)
        return _run(student, part, values, leaves, lambda v: function(v["predictions"], v["targets"]))

    return Case(
        name,
        "losses",
        ("Tensor", part),
        inputs,
        run,
        in_torch(named(torch), leaves),
        mistakes={code: in_torch(named(wrong), leaves) for code, wrong in (mistakes or {}).items()},
        claims=lambda given, results: [*_unchanged(given, results), *claims(given, results)],
    )


def _in_a_sum(
    name: str,
    part: str,
    inputs: Callable[[Draw], Inputs],
    torch: LossInTorch,
    mistakes: Mapping[str, LossInTorch],
) -> Case:
    """Three times a loss and half of another one, both by the same function: the gradient that arrives is not 1."""
    leaves = ("predictions", "others")

    def run(student: Student, values: Inputs) -> Results:
        function = loss_function(student, part)

        def both(v: Mapping[str, Any]) -> Any:
            first, second = function(v["predictions"], v["targets"]), function(v["others"], v["targets of others"])
            return first * _SHARES[0] + second * _SHARES[1]

        return _run(student, part, values, leaves, both)

    def in_sum(loss: LossInTorch, shares: tuple[float, float] = _SHARES) -> InTorch:
        return lambda judge, v: (
            loss(judge, v["predictions"], v["targets"]) * shares[0]
            + loss(judge, v["others"], v["targets of others"]) * shares[1]
        )

    right = in_sum(torch)

    def unscaled(judge: Judge, v: Any) -> Any:
        slope = in_sum(torch, (1.0, 1.0))(judge, v)
        return right(judge, v).detach() + slope - slope.detach()

    def last_kept(judge: Judge, v: Any) -> Any:
        (slope,) = judge.torch.autograd.grad(torch(judge, v["others"], v["targets of others"]), v["others"])
        moved = sum((v[leaf] * slope * share).sum() for leaf, share in zip(leaves, _SHARES, strict=True))
        return right(judge, v).detach() + moved - moved.detach()

    wrong: Mapping[str, InTorch] = {
        "LOSS-IGNORES-UPSTREAM": unscaled,
        "LAST-INPUT-KEPT": last_kept,
        **{code: in_sum(loss) for code, loss in mistakes.items()},
    }
    return Case(
        name,
        "losses",
        ("Tensor", part),
        _two(inputs),
        run,
        in_torch(right, leaves),
        mistakes={code: in_torch(compute, leaves) for code, compute in wrong.items()},
        claims=_unchanged,
    )


# Logits from here on may overflow, as exp does in float32 from 88 on.
_LARGE = 50.0


def _log_softmax_claims(inputs: Inputs, results: Results) -> list[Claim]:
    """That the loss is finite, and that of log_softmax: of no logit itself, and with nothing small in the logarithm."""
    loss, logits = float(results["output"].reshape(())), inputs["predictions"].astype(np.float64)
    # Of small logits nothing overflows, whatever else is wrong.
    code = "CE-OVERFLOW" if np.abs(logits).max() > _LARGE else "NOT-FINITE"
    finite = Claim("the loss is finite", bool(np.isfinite(loss)), code)
    if not finite.holds:
        return [finite]
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    chosen = np.arange(len(log_p)), inputs["targets"].astype(int)
    if np.isclose(loss, -log_p[chosen].mean(), rtol=1e-5):
        return [finite]
    return [
        finite,
        Claim("the loss is not that of logits as if they were probabilities", not _is_of(loss, logits[chosen]), _AS_P),
        Claim("an improbable class costs what its logit says", not _is_of(loss, np.exp(log_p[chosen])), "CE-LOG-EPS"),
    ]


_AS_P = "CE-EXPECTS-PROBABILITIES"


def _is_of(loss: float, p: Array) -> bool:
    """Whether a loss is minus the mean logarithm of something, in any of the ways that keep that finite."""
    forms = [form for eps in _EPS for form in (p + eps, np.maximum(p, eps), np.clip(p, eps, 1 - eps))]
    return any(np.isclose(loss, -np.log(form).mean(), rtol=1e-5) for form in forms if (form > 0).all())


CASES = (
    loss_case("mse", MSE, regression, mse, MSE_MISTAKES),
    loss_case("mse-one-sample", MSE, _one(regression), mse, without(MSE_MISTAKES, *OF_BATCHES, *OF_SAMPLES)),
    _in_a_sum("mse-in-a-sum", MSE, regression, mse, MSE_MISTAKES),
    loss_case(
        "cross-entropy", CROSS_ENTROPY, classification, cross_entropy, CROSS_ENTROPY_MISTAKES, _log_softmax_claims
    ),
    loss_case(
        "cross-entropy-one-sample",
        CROSS_ENTROPY,
        _one(classification),
        cross_entropy,
        without(CROSS_ENTROPY_MISTAKES, "LOSS-SUM", *OF_BATCHES, *OF_SAMPLES),
    ),
    _in_a_sum("cross-entropy-in-a-sum", CROSS_ENTROPY, classification, cross_entropy, CROSS_ENTROPY_MISTAKES),
    loss_case(
        "cross-entropy-large",
        CROSS_ENTROPY,
        _large,
        cross_entropy,
        without(CROSS_ENTROPY_MISTAKES, *OF_SAMPLES),
        claims=_log_softmax_claims,
    ),
    loss_case(
        "cross-entropy-extreme",
        CROSS_ENTROPY,
        _extreme,
        cross_entropy,
        CROSS_ENTROPY_MISTAKES,
        claims=_log_softmax_claims,
    ),
    loss_case("binary-cross-entropy", BINARY, binary, bce, BINARY_MISTAKES),
    loss_case(
        "binary-cross-entropy-one-sample", BINARY, _one(binary), bce, without(BINARY_MISTAKES, *OF_BATCHES, *OF_SAMPLES)
    ),
    _in_a_sum("binary-cross-entropy-in-a-sum", BINARY, binary, bce, BINARY_MISTAKES),
)
