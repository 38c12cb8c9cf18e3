"""How optimizers change parameters: the right updates, and the same with one well-known thing wrong.

Everything here works on NumPy arrays and on torch's tensors alike, and changes neither. A rule is data: `RIGHT` holds
one for each optimizer, `mistakes` gives those that differ from it in one respect, by the mistake's code. `Updates`
carries a rule out, step by step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Settings:
    """The arguments of an optimizer; the defaults are PyTorch's where they have an effect only if asked for."""

    lr: float
    momentum: float = 0.0
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8


@dataclass(frozen=True)
class Rule:
    """How an optimizer computes a step; the defaults are right.

    Attributes
    ----------
    is_adaptive
        Whether it is Adam's, with two moments, and not SGD's.
    decay
        Where weight decay acts: "gradient", it is added there; "before" or "after", the weights shrink by it before
        or after the step; "none", nowhere.
    decay_sign, decay_times_lr
        1, or -1 where weights grow by it; whether weights shrink by lr * weight_decay or by weight_decay alone.
    lr_power
        How often the step is multiplied by the learning rate.
    step_sign
        -1 down the gradient, 1 up.
    updates
        Which parameters change: "all", "first", "last", "none".
    at_none
        What is done at a parameter without a gradient: "skip"; "stop", later ones stay as well; "update", as if the
        gradient were 0.
    shares_state
        Whether all parameters have one velocity, or one pair of moments.
    velocity
        What SGD's step takes: "new", the velocity; "stale", that from before this gradient; "none", the gradient;
        "damped", a velocity that takes 1 - momentum of the gradient; "nesterov".
    counts
        What Adam's t counts: "own", the updates of this parameter, as in PyTorch; "calls" of step(), as in TinyTorch;
        "all", the updates of all parameters together.
    corrects_first, corrects_second, stores_corrected, steps_ahead
        Whether Adam's moments are corrected for their start; whether what is kept of them is the corrected ones; by
        how many steps t is too large.
    eps, has_root, has_square
        Where eps is added: "outside" or "inside" the root, or "none"; whether the root is taken; whether the second
        moment is of the square.
    exchanges_betas
        Whether the betas are exchanged.
    """

    is_adaptive: bool = False
    decay: str = "gradient"
    decay_sign: int = 1
    decay_times_lr: bool = True
    lr_power: int = 1
    step_sign: int = -1
    updates: str = "all"
    at_none: str = "skip"
    shares_state: bool = False
    velocity: str = "new"
    counts: str = "own"
    corrects_first: bool = True
    corrects_second: bool = True
    stores_corrected: bool = False
    steps_ahead: int = 0
    eps: str = "outside"
    has_root: bool = True
    has_square: bool = True
    exchanges_betas: bool = False


RIGHT: Mapping[str, Rule] = {
    "SGD": Rule(),
    "Adam": Rule(is_adaptive=True),
    "AdamW": Rule(is_adaptive=True, decay="before"),
}
"""PyTorch's rules by the name of the optimizer."""


class Updates:
    """An optimizer by a rule.

    Parameters
    ----------
    rule
        How it computes.
    settings
        Its arguments; they may be replaced between steps.
    memory
        What it keeps between steps, for each parameter; two of them given the same share it.
    """

    def __init__(self, rule: Rule, settings: Settings, memory: dict[int, dict[str, Any]] | None = None) -> None:
        self.rule = rule
        self.settings = settings
        self._memory = {} if memory is None else memory
        self._n_calls = 0
        self._n_updates = 0

    def step(self, values: Sequence[Any], gradients: Sequence[Any]) -> list[Any]:
        """New values of the parameters; the gradient of one that has none is None."""
        self._n_calls += 1
        changed = list(values)
        for index, (value, gradient) in enumerate(zip(values, gradients, strict=True)):
            if self.rule.updates == "none" or (gradient is None and self.rule.at_none == "stop"):
                break
            if gradient is None and self.rule.at_none == "skip":
                continue
            if self.rule.updates == "last" and index < len(values) - 1:
                continue
            changed[index] = self._changed(index, value, 0 * value if gradient is None else gradient)
            if self.rule.updates == "first":
                break
        return changed

    def _changed(self, index: int, value: Any, gradient: Any) -> Any:
        rule, settings = self.rule, self.settings
        kept = self._memory.setdefault(0 if rule.shares_state else index, {})
        self._n_updates += 1
        kept["n"] = kept.get("n", 0) + 1
        decay = rule.decay_sign * settings.weight_decay
        if rule.decay == "gradient":
            gradient = gradient + decay * value
        direction = self._adaptive(kept, gradient) if rule.is_adaptive else self._velocity(kept, gradient)
        share = decay * (settings.lr if rule.decay_times_lr else 1.0)
        if rule.decay == "before":
            value = value - share * value
        value = value + rule.step_sign * settings.lr**rule.lr_power * direction
        return value - share * value if rule.decay == "after" else value

    def _velocity(self, kept: dict[str, Any], gradient: Any) -> Any:
        momentum, kind = self.settings.momentum, self.rule.velocity
        before = kept.get("velocity", 0 * gradient)
        velocity = kept["velocity"] = momentum * before + (1 - momentum if kind == "damped" else 1) * gradient
        if kind == "nesterov":
            return gradient + momentum * velocity
        return {"stale": before, "none": gradient}.get(kind, velocity)

    def _adaptive(self, kept: dict[str, Any], gradient: Any) -> Any:
        rule, eps = self.rule, self.settings.eps
        beta1, beta2 = self.settings.betas[::-1] if rule.exchanges_betas else self.settings.betas
        t = {"own": kept["n"], "calls": self._n_calls, "all": self._n_updates}[rule.counts] + rule.steps_ahead
        first = beta1 * kept.get("first", 0 * gradient) + (1 - beta1) * gradient
        squared = gradient * gradient if rule.has_square else gradient
        second = beta2 * kept.get("second", 0 * gradient) + (1 - beta2) * squared
        corrected = (
            first / (1 - beta1**t) if rule.corrects_first else first,
            second / (1 - beta2**t) if rule.corrects_second else second,
        )
        kept["first"], kept["second"] = corrected if rule.stores_corrected else (first, second)
        return corrected[0] / self._divisor(corrected[1], eps)

    def _divisor(self, second: Any, eps: float) -> Any:
        if self.rule.eps == "inside":
            second = second + eps
        root = second**0.5 if self.rule.has_root else second
        return root + eps if self.rule.eps == "outside" else root


def mistakes(name: str, settings: Settings) -> dict[str, Rule]:
    """The rule of an optimizer with one thing wrong, by the mistake's code.

    Those are left out that make no difference with these settings, such as a forgotten momentum of 0, and those that
    show only where parameters lack a gradient, or where several of them or of the optimizers share their state; see
    `WITHOUT_GRADIENT` and `SHARING`.

    Parameters
    ----------
    name
        "SGD", "Adam" or "AdamW".
    settings
        What it was given.
    """
    changes = {**_ANY, **(_ADAPTIVE if RIGHT[name].is_adaptive else _MOMENTUM if settings.momentum else {})}
    if settings.weight_decay:
        changes.update(_DECAY)
        changes.update(_DECAY_OF[name])
        if name == "SGD" and not settings.momentum:
            # Without a velocity there is nothing to go past.
            del changes["DECAY-PAST-VELOCITY"]
    return {code: replace(RIGHT[name], **change) for code, change in changes.items()}


_ANY: Mapping[str, Mapping[str, Any]] = {
    "STEP-NOTHING": {"updates": "none"},
    "OPTIMIZER-FIRST-ONLY": {"updates": "first"},
    "STEP-UPHILL": {"step_sign": 1},
    "LR-IGNORED": {"lr_power": 0},
    "LR-TWICE": {"lr_power": 2},
}
VARIANTS: Mapping[str, Mapping[str, Any]] = {
    # The update stands behind the loop, where the loop's variable is the last parameter.
    "OPTIMIZER-FIRST-ONLY": {"updates": "last"},
}
"""Other ways to make a mistake: changes of a rule, by code."""
_MOMENTUM: Mapping[str, Mapping[str, Any]] = {
    "MOMENTUM-STALE": {"velocity": "stale"},
    "MOMENTUM-IGNORED": {"velocity": "none"},
    "MOMENTUM-DAMPED": {"velocity": "damped"},
    "MOMENTUM-NESTEROV": {"velocity": "nesterov"},
}
_ADAPTIVE: Mapping[str, Mapping[str, Any]] = {
    "ADAM-BIAS-CORRECTION": {"corrects_first": False, "corrects_second": False},
    "ADAM-BIAS-CORRECTION-FIRST": {"corrects_first": False},
    "ADAM-BIAS-CORRECTION-SECOND": {"corrects_second": False},
    "ADAM-STEP-LATE": {"steps_ahead": 1},
    "ADAM-STEP-PER-PARAMETER": {"counts": "all"},
    "ADAM-MOMENTS-STORED-CORRECTED": {"stores_corrected": True},
    "ADAM-EPS-INSIDE": {"eps": "inside"},
    "ADAM-NO-ROOT": {"has_root": False},
    "ADAM-BETAS-EXCHANGED": {"exchanges_betas": True},
}
_DECAY: Mapping[str, Mapping[str, Any]] = {
    "DECAY-IGNORED": {"decay": "none"},
    "DECAY-SIGN": {"decay_sign": -1},
}
_DECAY_OF: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "SGD": {"DECAY-AFTER-STEP": {"decay": "after"}, "DECAY-PAST-VELOCITY": {"decay": "before"}},
    "Adam": {"ADAM-IS-ADAMW": {"decay": "before"}},
    "AdamW": {
        "ADAMW-IS-ADAM": {"decay": "gradient"},
        "DECAY-AFTER-STEP": {"decay": "after"},
        "DECAY-NOT-TIMES-LR": {"decay_times_lr": False},
        "DECAY-AFTER-NOT-TIMES-LR": {"decay": "after", "decay_times_lr": False},
    },
}

WITHOUT_GRADIENT: Mapping[str, Mapping[str, Any]] = {
    "OPTIMIZER-STOPS-AT-NONE": {"at_none": "stop"},
    "OPTIMIZER-FROZEN": {"at_none": "update"},
}
"""What shows where a parameter has no gradient: changes of a rule, by code."""

SHARING: Mapping[str, Mapping[str, Any]] = {
    "SGD": {"MOMENTUM-SHARED": {"shares_state": True}},
    # What is shared are the moments; t is the optimizer's own.
    "Adam": {"ADAM-MOMENTS-SHARED": {"shares_state": True, "counts": "calls"}},
    "AdamW": {"ADAM-MOMENTS-SHARED": {"shares_state": True, "counts": "calls"}},
}
"""What shows where several parameters have one shape: changes of a rule, by the optimizer's name and by code."""

NOT_FINITE: Mapping[str, Mapping[str, Any]] = {
    "ADAM-NO-EPS": {"eps": "none"},
    "ADAM-NO-SQUARE": {"has_square": False},
}
"""What makes Adam's parameters infinite or undefined in places: changes of a rule, by code."""
