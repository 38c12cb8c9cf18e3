"""Losses in torch, right and with one thing wrong in their value or their gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tinytorch_hf.judging.judge import Judge

# Computes the loss of predictions and targets in torch.
LossInTorch = Callable[[Judge, Any, Any], Any]


def mse(judge: Judge, predictions: Any, targets: Any, **arguments: Any) -> Any:
    """torch's mean squared error."""
    return judge.F.mse_loss(predictions, targets, **arguments)


def cross_entropy(judge: Judge, predictions: Any, targets: Any, **arguments: Any) -> Any:
    """torch's cross entropy."""
    return judge.F.cross_entropy(predictions, targets.long(), **arguments)


def bce(judge: Judge, predictions: Any, targets: Any, **arguments: Any) -> Any:
    """torch's binary cross entropy."""
    return judge.F.binary_cross_entropy(predictions, targets, **arguments)


def _sum(loss: Any) -> LossInTorch:
    return lambda judge, p, y: loss(judge, p, y, reduction="sum")


def with_gradient(value: LossInTorch, gradient: LossInTorch) -> LossInTorch:
    """The value of one function, and the gradient of another."""

    def compute(judge: Judge, p: Any, y: Any) -> Any:
        slope = gradient(judge, p, y)
        return value(judge, p, y).detach() + slope - slope.detach()

    return compute


def _of_first(loss: LossInTorch) -> LossInTorch:
    """The right value, with the gradient of the first sample alone."""

    def first(judge: Judge, p: Any, y: Any) -> Any:
        kept = judge.torch.zeros_like(p)
        kept[:1] = 1.0
        return loss(judge, p * kept + (p * (1 - kept)).detach(), y)

    return with_gradient(loss, first)


def _first_for_all(loss: LossInTorch) -> LossInTorch:
    """The right value; every sample has the gradient of the first one."""

    def repeated(judge: Judge, p: Any, y: Any) -> Any:
        at = p.detach().requires_grad_()
        (slope,) = judge.torch.autograd.grad(loss(judge, at, y), at)
        return (p * slope[:1]).sum()

    return with_gradient(loss, repeated)


MSE_MISTAKES: Mapping[str, LossInTorch] = {
    "LOSS-SUM": _sum(mse),
    "MSE-BATCH-ONLY": lambda judge, p, y: mse(judge, p, y, reduction="sum") / len(p),
    "MSE-FACTOR-TWO": with_gradient(mse, lambda judge, p, y: mse(judge, p, y) / 2),
    "MSE-GRADIENT-NOT-DIVIDED": with_gradient(mse, _sum(mse)),
    "MSE-GRADIENT-BATCH-ONLY": with_gradient(mse, lambda judge, p, y: mse(judge, p, y, reduction="sum") / len(p)),
    "ONE-SAMPLE-GRADIENT": _of_first(mse),
    "LOSS-FIRST-ROW": _first_for_all(mse),
}
CROSS_ENTROPY_MISTAKES: Mapping[str, LossInTorch] = {
    "LOSS-SUM": _sum(cross_entropy),
    "CE-GRADIENT-NOT-DIVIDED": with_gradient(cross_entropy, _sum(cross_entropy)),
    "CE-GRADIENT-SOFTMAX-ALONE": with_gradient(cross_entropy, lambda judge, p, _: judge.torch.logsumexp(p, 1).mean()),
    "SOFTMAX-TWICE": lambda judge, p, y: cross_entropy(judge, judge.torch.softmax(p, 1), y),
    "CE-EXPECTS-PROBABILITIES": lambda judge, p, y: judge.F.nll_loss(p.clamp_min(1e-7).log(), y.long()),
    "CE-SOFTMAX-OVER-BATCH": lambda judge, p, y: judge.F.nll_loss(judge.F.log_softmax(p, 0), y.long()),
    "ONE-SAMPLE-GRADIENT": _of_first(cross_entropy),
    "LOSS-FIRST-ROW": _first_for_all(cross_entropy),
}
BINARY_MISTAKES: Mapping[str, LossInTorch] = {
    "LOSS-SUM": _sum(bce),
    "BCE-LOGITS": lambda judge, p, y: judge.F.binary_cross_entropy_with_logits(p, y),
    "BCE-NO-ZEROS": lambda _, p, y: -(y * p.log()).mean(),
    "BCE-BATCH-ONLY": lambda judge, p, y: bce(judge, p, y, reduction="sum") / len(p),
    "BCE-GRADIENT-NOT-DIVIDED": with_gradient(bce, _sum(bce)),
    "BCE-GRADIENT-OF-LOGITS": with_gradient(bce, lambda _, p, y: ((p - y).detach() * p).mean()),
    "ONE-SAMPLE-GRADIENT": _of_first(bce),
    "LOSS-FIRST-ROW": _first_for_all(bce),
}

OF_BATCHES = (
    "CE-GRADIENT-NOT-DIVIDED",
    "CE-SOFTMAX-OVER-BATCH",
    "MSE-BATCH-ONLY",
    "MSE-GRADIENT-BATCH-ONLY",
    "BCE-BATCH-ONLY",
)
"""Codes of mistakes that make no difference, or none that can be told, where a batch has one sample."""

OF_SAMPLES = ("ONE-SAMPLE-GRADIENT", "LOSS-FIRST-ROW")
"""Codes of mistakes that take one sample for all, which cannot be told apart where that one has no gradient."""


def without(mistakes: Mapping[str, LossInTorch], *codes: str) -> Mapping[str, LossInTorch]:
    """The mistakes but for some."""
    return {code: loss for code, loss in mistakes.items() if code not in codes}
