"""Updates of optimizers with one thing wrong, and what each of them changes in the weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinytorch_hf.judging.case import Inputs, Results, RunTorch
from tinytorch_hf.judging.judge import Judge

# Computes the new value from value and gradient, in whatever precision they have; keeps what it needs in the dict.
Update = Callable[[Judge, Any, Any, dict[str, Any]], Any]


def step_name(number: int) -> str:
    """What the change in a step is called among the results."""
    return f"change in step {number}"


def updated(update: Update) -> RunTorch:
    """The results of an update written out, for the mistakes."""

    def run(judge: Judge, values: Inputs) -> Results:
        value, memory = judge.tensor(values["start"]), dict[str, Any]()

        def step(gradient: Any) -> Any:
            nonlocal value
            value = update(judge, value, gradient, memory)
            return value

        return changes(judge, values, step)

    return run


def changes(judge: Judge, values: Inputs, step: Callable[[Any], Any]) -> Results:
    """What each step changes; ``step`` takes a gradient and gives the new values."""
    results: Results = {}
    before = judge.array(judge.tensor(values["start"]))
    for number, gradient in enumerate(values["gradients"], 1):
        after = judge.array(step(judge.tensor(gradient))).copy()
        results[step_name(number)] = after - before
        before = after
    return results


def sgd(lr: float, momentum: float = 0.0, weight_decay: float = 0.0, variant: str = "") -> RunTorch:
    """SGD with one thing wrong."""

    def update(_: Judge, value: Any, gradient: Any, memory: dict[str, Any]) -> Any:
        decayed = gradient + weight_decay * value
        if variant in ("decay after", "decay before"):
            decayed = gradient
        before = memory.get("velocity", 0 * gradient)
        velocity = momentum * before + (1 - momentum if variant == "damped" else 1) * decayed
        memory["velocity"] = velocity
        used = {
            "stale": before,
            "nesterov": decayed + momentum * velocity,
            "forgotten": decayed,
        }.get(variant, velocity)
        if variant == "decay before":
            value = value - lr * weight_decay * value
        changed = value - (lr * lr if variant == "lr twice" else lr) * used
        return changed - lr * weight_decay * changed if variant == "decay after" else changed

    return updated(update)


_ADAM_DEFAULTS = (0.9, 0.999, 1e-8)


def adam(lr: float, weight_decay: float = 0.0, variant: str = "") -> RunTorch:
    """Adam with one thing wrong."""
    beta1, beta2, eps = _ADAM_DEFAULTS

    def update(judge: Judge, value: Any, gradient: Any, memory: dict[str, Any]) -> Any:
        n_steps = memory["n_steps"] = memory.get("n_steps", 0) + 1
        decoupled = variant.startswith("decoupled")
        if weight_decay and not decoupled and variant != "no decay":
            gradient = gradient + weight_decay * value
        first = memory["first"] = beta1 * memory.get("first", 0 * gradient) + (1 - beta1) * gradient
        second = memory["second"] = beta2 * memory.get("second", 0 * gradient) + (1 - beta2) * gradient**2
        if variant not in ("uncorrected", "uncorrected first"):
            first = first / (1 - beta1 ** (n_steps + (variant == "late")))
        if variant not in ("uncorrected", "uncorrected second"):
            second = second / (1 - beta2 ** (n_steps + (variant == "late")))
        root = judge.torch.sqrt(second + eps) if variant == "eps inside" else judge.torch.sqrt(second) + eps
        if variant == "no root":
            root = second + eps
        decay = (1.0 if variant == "decoupled without lr" else lr) * weight_decay if decoupled else 0.0
        if variant == "decoupled after":
            changed = value - lr * first / root
            return changed - decay * changed
        return value - decay * value - lr * first / root

    return updated(update)


ADAM_MISTAKES: dict[str, str] = {
    "ADAM-BIAS-CORRECTION": "uncorrected",
    "ADAM-BIAS-CORRECTION-FIRST": "uncorrected first",
    "ADAM-BIAS-CORRECTION-SECOND": "uncorrected second",
    "ADAM-STEP-LATE": "late",
    "ADAM-EPS-INSIDE": "eps inside",
    "ADAM-NO-ROOT": "no root",
}
