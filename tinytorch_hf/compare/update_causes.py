"""Likely causes of a wrong update: the optimizers' formulas, each with one mistake, by the mistake's code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from tinytorch_hf.compare.causes import explains
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.cause import Cause

# Takes a parameter before the step, the gradients of all steps so far, and the settings; gives it after the step.
Update = Callable[[Array, list[Array], Mapping[str, float]], Array]


def of_update(
    class_name: str,
    found: Sequence[Array],
    before: Sequence[Array],
    gradients: Sequence[list[Array]],
    given: Mapping[str, float],
) -> Cause | None:
    """What a wrong update looks like, of all parameters together; None if it looks like nothing known.

    Parameters
    ----------
    class_name
        "SGD", "Adam" or "AdamW".
    found
        The parameters after the wrong update, those that are right among them.
    before
        The parameters before it.
    gradients
        Of each parameter in every step so far, this one last.
    given
        lr, momentum, weight_decay.
    """
    if all(map(np.array_equal, found, before)):
        return Cause("STEP-NOTHING")
    settings = {"momentum": 0.0, "weight_decay": 0.0, "decoupled": float(class_name == "AdamW"), **given}
    values = [value.astype(np.float64) for value in before]
    histories = [[gradient.astype(np.float64) for gradient in history] for history in gradients]
    variants = SGD_MISTAKES if class_name == "SGD" else ADAM_MISTAKES

    def updated(update: Update) -> Array:
        return _joined(update(value, history, settings) for value, history in zip(values, histories, strict=True))

    right = updated(lambda w, g, s: w - (_sgd if class_name == "SGD" else _adam)(w, g, s))
    codes = (code for code, variant in variants.items() if explains(updated(variant), _joined(found), right))
    return next(map(Cause, codes), None)


def _joined(values: Iterable[Array]) -> Array:
    return np.concatenate([np.ravel(value) for value in values])


def _velocity(gradients: list[Array], momentum: float, new_share: float = 1.0) -> Array:
    velocity = gradients[0]
    for gradient in gradients[1:]:
        velocity = momentum * velocity + new_share * gradient
    return velocity


def _sgd(w: Array, gradients: list[Array], s: Mapping[str, float]) -> Array:
    # Decay acts on the weights of each step; the earlier ones are taken to be near the present one.
    decayed = [gradient + s["weight_decay"] * w for gradient in gradients]
    return s["lr"] * _velocity(decayed, s["momentum"])


SGD_MISTAKES: dict[str, Update] = {
    "STEP-UPHILL": lambda w, g, s: w + _sgd(w, g, s),
    "MOMENTUM-IGNORED": lambda w, g, s: w - s["lr"] * (g[-1] + s["weight_decay"] * w),
    "MOMENTUM-DAMPED": lambda w, g, s: w - s["lr"] * _velocity(g, s["momentum"], 1 - s["momentum"]),
    "MOMENTUM-STALE": lambda w, g, s: (
        w - (s["lr"] * _velocity(g[:-1], s["momentum"]) if len(g) > 1 else 0 * w)
        if s["momentum"]
        else w - _sgd(w, g, s)
    ),
    "MOMENTUM-NESTEROV": lambda w, g, s: w - s["lr"] * (g[-1] + s["momentum"] * _velocity(g, s["momentum"])),
    "LR-TWICE": lambda w, g, s: w - s["lr"] * _sgd(w, g, s),
    "LR-IGNORED": lambda w, g, s: w - _sgd(w, g, s) / s["lr"],
    "DECAY-IGNORED": lambda w, g, s: w - s["lr"] * _velocity(g, s["momentum"]),
    "DECAY-AFTER-STEP": lambda w, g, s: (w - s["lr"] * _velocity(g, s["momentum"])) * (1 - s["lr"] * s["weight_decay"]),
}


def _adam(
    w: Array,
    gradients: list[Array],
    s: Mapping[str, float],
    corrects: bool = True,
    eps_inside: bool = False,
    second_power: int = 2,
    n_before: int = 0,
    beta1: float = 0.9,
    beta2: float = 0.999,
) -> Array:
    coupled = 0.0 if s["decoupled"] else s["weight_decay"]
    first = second = 0.0 * w
    for gradient in gradients:
        g = gradient + coupled * w
        first = beta1 * first + (1 - beta1) * g
        second = beta2 * second + (1 - beta2) * np.abs(g) ** second_power
    n = len(gradients) + n_before
    if corrects and n > 0:
        first, second = first / (1 - beta1**n), second / (1 - beta2**n)
    root = np.sqrt(second + 1e-8) if eps_inside else np.sqrt(second) + 1e-8
    decay = s["lr"] * s["weight_decay"] * w if s["decoupled"] else 0.0
    return s["lr"] * first / root + decay


def _with(settings: Mapping[str, float], **changes: float) -> Mapping[str, float]:
    return {**settings, **changes}


ADAM_MISTAKES: dict[str, Update] = {
    "ADAM-BIAS-CORRECTION": lambda w, g, s: w - _adam(w, g, s, corrects=False),
    "ADAM-EPS-INSIDE": lambda w, g, s: w - _adam(w, g, s, eps_inside=True),
    "ADAM-NO-SQUARE": lambda w, g, s: w - _adam(w, g, s, second_power=1),
    "ADAM-STEP-LATE": lambda w, g, s: w - _adam(w, g, s, n_before=1),
    "ADAM-BETAS-EXCHANGED": lambda w, g, s: w - _adam(w, g, s, beta1=0.999, beta2=0.9),
    "DECAY-IGNORED": lambda w, g, s: w - _adam(w, g, _with(s, weight_decay=0.0)),
    "ADAM-IS-ADAMW": lambda w, g, s: w - _adam(w, g, _with(s, decoupled=1.0)),
    "DECAY-NOT-TIMES-LR": lambda w, g, s: w - _adam(w, g, s) - s["decoupled"] * (1 - s["lr"]) * s["weight_decay"] * w,
    "ADAMW-IS-ADAM": lambda w, g, s: w - _adam(w, g, _with(s, decoupled=0.0)),
    "STEP-UPHILL": lambda w, g, s: w + _adam(w, g, s),
    "LR-TWICE": lambda w, g, s: w - s["lr"] * _adam(w, g, s),
}
