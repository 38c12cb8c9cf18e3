"""Loss functions, on logits of digits and their labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import digits, features, weights
from tinytorch_hf.check.operation import InTorch, operation
from tinytorch_hf.judging.case import Case, Claim, Draw, Inputs, Results
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student

BATCH = 12


def _logits(draw: Draw, scale: float = 3.0) -> Inputs:
    pixels, labels = digits(draw, BATCH)
    return {"predictions": pixels @ weights(draw, 64, 10) * np.float32(scale), "targets": labels}


def _regression(draw: Draw) -> Inputs:
    return {"predictions": features(draw, BATCH, 3), "targets": features(draw, BATCH, 3)}


def _probabilities(draw: Draw) -> Inputs:
    p = 1 / (1 + np.exp(-features(draw, BATCH, 1)))
    _, labels = digits(draw, BATCH)
    return {"predictions": p.astype(np.float32), "targets": (labels[:, None] % 2).astype(np.float32)}


def _loss(
    name: str,
    part: str,
    inputs: Any,
    torch: InTorch,
    mistakes: Mapping[str, InTorch] | None = None,
) -> Case:
    return operation(
        name,
        "losses",
        ("Tensor", part),
        inputs,
        lambda student, v: student.part(part)().forward(v["predictions"], student.tensor(v["targets"])),
        torch,
        leaves=("predictions",),
        mistakes=mistakes,
    )


def _classes(v: Any) -> Any:
    return v["targets"].long()


def _cross_entropy(judge: Judge, v: Any) -> Any:
    return judge.F.cross_entropy(v["predictions"], _classes(v))


def with_gradient(value: InTorch, gradient: InTorch) -> InTorch:
    """The value of one function, and the gradient of another."""

    def compute(judge: Judge, v: Any) -> Any:
        slope = gradient(judge, v)
        return value(judge, v).detach() + slope - slope.detach()

    return compute


def _cross_entropy_sum(judge: Judge, v: Any) -> Any:
    return judge.F.cross_entropy(v["predictions"], _classes(v), reduction="sum")


def _mse(judge: Judge, v: Any) -> Any:
    return judge.F.mse_loss(v["predictions"], v["targets"])


def _bce(judge: Judge, v: Any) -> Any:
    return judge.F.binary_cross_entropy(v["predictions"], v["targets"])


def _column_labels(student: Student, values: Inputs) -> Results:
    """Labels (batch, 1) are refused, or understood; what must not be is a wrong loss without a word."""
    logits = student.tensor(values["predictions"])
    try:
        loss = student.part("CrossEntropyLoss")().forward(logits, student.tensor(values["targets"][:, None]))
    except (ValueError, IndexError, TypeError, AssertionError):
        return {"refused": True}
    return {"output": student.array(loss)}


def _column_claims(inputs: Inputs, results: Results) -> list[Claim]:
    if "refused" in results:
        return []
    logits, labels = inputs["predictions"].astype(np.float64), inputs["targets"].astype(int)
    log_softmax = logits - logits.max(axis=1, keepdims=True)
    log_softmax -= np.log(np.exp(log_softmax).sum(axis=1, keepdims=True))
    loss = float(np.asarray(results["output"]).reshape(()))
    every_label = -log_softmax[:, labels].mean()
    return [
        Claim(
            "labels of shape (batch, 1) are refused, or mean what labels of shape (batch,) mean",
            bool(np.isclose(loss, -log_softmax[np.arange(len(labels)), labels].mean(), rtol=1e-4)),
            "CE-COLUMN-LABELS" if np.isclose(loss, every_label, rtol=1e-4) else "",
        )
    ]


def _certain(student: Student, values: Inputs) -> Results:
    """Probabilities of exactly 0 and 1 must not make the loss infinite."""
    predictions = student.tensor([[0.0], [1.0], [0.0], [1.0]], gradient=True)
    loss = student.part("BinaryCrossEntropyLoss")().forward(predictions, student.tensor(values["targets"]))
    results: Results = {"the loss of certain predictions is finite": bool(np.isfinite(student.array(loss)).all())}
    if student.has_autograd:
        student.backward(loss)
        gradient = student.gradient(predictions)
        results["their gradient is finite"] = gradient is not None and bool(np.isfinite(gradient).all())
    return results


CASES = (
    _loss(
        "mse",
        "MSELoss",
        _regression,
        _mse,
        {
            "LOSS-SUM": lambda judge, v: judge.F.mse_loss(v["predictions"], v["targets"], reduction="sum"),
            "MSE-BATCH-ONLY": lambda judge, v: (
                judge.F.mse_loss(v["predictions"], v["targets"], reduction="sum") / BATCH
            ),
            "MSE-FACTOR-TWO": with_gradient(_mse, lambda judge, v: _mse(judge, v) / 2),
            "MSE-GRADIENT-NOT-DIVIDED": with_gradient(
                _mse, lambda judge, v: judge.F.mse_loss(v["predictions"], v["targets"], reduction="sum")
            ),
        },
    ),
    _loss(
        "cross-entropy",
        "CrossEntropyLoss",
        _logits,
        _cross_entropy,
        {
            "LOSS-SUM": _cross_entropy_sum,
            "CE-GRADIENT-NOT-DIVIDED": with_gradient(_cross_entropy, _cross_entropy_sum),
            "CE-GRADIENT-SOFTMAX-ALONE": with_gradient(
                _cross_entropy, lambda judge, v: judge.torch.logsumexp(v["predictions"], 1).mean()
            ),
            "CE-EXPECTS-PROBABILITIES": lambda judge, v: judge.F.nll_loss(
                v["predictions"].clamp_min(1e-7).log(), _classes(v)
            ),
            "CE-SOFTMAX-OVER-BATCH": lambda judge, v: judge.F.nll_loss(
                judge.F.log_softmax(v["predictions"], 0), _classes(v)
            ),
        },
    ),
    _loss("cross-entropy-large", "CrossEntropyLoss", lambda draw: _logits(draw, 500.0), _cross_entropy),
    Case(
        "cross-entropy-column-labels",
        "losses",
        ("Tensor", "CrossEntropyLoss"),
        _logits,
        _column_labels,
        lambda *_: {},
        claims=_column_claims,
    ),
    _loss(
        "binary-cross-entropy",
        "BinaryCrossEntropyLoss",
        _probabilities,
        _bce,
        {
            "LOSS-SUM": lambda judge, v: judge.F.binary_cross_entropy(v["predictions"], v["targets"], reduction="sum"),
            "BCE-LOGITS": lambda judge, v: judge.F.binary_cross_entropy_with_logits(v["predictions"], v["targets"]),
            "BCE-NO-ZEROS": lambda _, v: -(v["targets"] * v["predictions"].log()).mean(),
        },
    ),
    Case(
        "binary-cross-entropy-certain",
        "losses",
        ("Tensor", "BinaryCrossEntropyLoss"),
        lambda _: {"targets": np.array([[0.0], [1.0], [1.0], [0.0]], dtype=np.float32)},
        _certain,
        lambda *_: {},
    ),
)
