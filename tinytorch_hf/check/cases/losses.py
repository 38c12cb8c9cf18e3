"""Loss functions, on logits of digits and their labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import digits, features, weights
from tinytorch_hf.check.operation import InTorch, in_torch, operation
from tinytorch_hf.judging.case import Case, Inputs, Results
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student

BATCH = 12


def _logits(rng: np.random.Generator, scale: float = 3.0) -> Inputs:
    pixels, labels = digits(rng, BATCH)
    return {"predictions": pixels @ weights(rng, 64, 10) * np.float32(scale), "targets": labels}


def _regression(rng: np.random.Generator) -> Inputs:
    return {"predictions": features(rng, BATCH, 3), "targets": features(rng, BATCH, 3)}


def _probabilities(rng: np.random.Generator) -> Inputs:
    p = 1 / (1 + np.exp(-features(rng, BATCH, 1)))
    _, labels = digits(rng, BATCH)
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
        return {}
    return {"output": student.array(loss)}


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
            "it is a sum where it should be a mean": lambda judge, v: judge.F.mse_loss(
                v["predictions"], v["targets"], reduction="sum"
            ),
            "it is divided by the batch size alone, not by the number of values": lambda judge, v: (
                judge.F.mse_loss(v["predictions"], v["targets"], reduction="sum") / BATCH
            ),
            "its gradient lacks the factor 2": with_gradient(_mse, lambda judge, v: _mse(judge, v) / 2),
            "its gradient is not divided by the number of values": with_gradient(
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
            "it is a sum where it should be a mean": _cross_entropy_sum,
            "its gradient is not divided by the batch size": with_gradient(_cross_entropy, _cross_entropy_sum),
            "its gradient lacks the true class: it is softmax alone": with_gradient(
                _cross_entropy, lambda judge, v: judge.torch.logsumexp(v["predictions"], 1).mean()
            ),
            "it expects probabilities instead of logits": lambda judge, v: judge.F.nll_loss(
                v["predictions"].clamp_min(1e-7).log(), _classes(v)
            ),
            "softmax is taken over the batch instead of the classes": lambda judge, v: judge.F.nll_loss(
                judge.F.log_softmax(v["predictions"], 0), _classes(v)
            ),
        },
    ),
    _loss("cross-entropy-large", "CrossEntropyLoss", lambda rng: _logits(rng, 500.0), _cross_entropy),
    Case(
        "cross-entropy-column-labels",
        "losses",
        ("Tensor", "CrossEntropyLoss"),
        _logits,
        _column_labels,
        in_torch(_cross_entropy, ()),
        mistakes={
            "labels of shape (batch, 1) broadcast: every sample is compared with every label": in_torch(
                lambda judge, v: -judge.F.log_softmax(v["predictions"], 1)[:, _classes(v)].mean(), ()
            )
        },
    ),
    _loss(
        "binary-cross-entropy",
        "BinaryCrossEntropyLoss",
        _probabilities,
        _bce,
        {
            "it is a sum where it should be a mean": lambda judge, v: judge.F.binary_cross_entropy(
                v["predictions"], v["targets"], reduction="sum"
            ),
            "it takes logits instead of probabilities": lambda judge, v: judge.F.binary_cross_entropy_with_logits(
                v["predictions"], v["targets"]
            ),
            "the term of the targets 0 is missing": lambda _, v: -(v["targets"] * v["predictions"].log()).mean(),
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
