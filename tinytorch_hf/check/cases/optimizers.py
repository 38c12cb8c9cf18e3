"""Optimizers: what several steps change in three parameters of different shapes, given the same gradients."""

from __future__ import annotations

import dataclasses
from typing import Any

from tinytorch_hf.check.cases.optimizer_steps import NEVER, Plan, by_rule, case
from tinytorch_hf.judging.case import Case, RunTorch
from tinytorch_hf.judging.updates import RIGHT, SHARING, WITHOUT_GRADIENT, Rule

_DECAY: dict[str, Any] = {"lr": 0.1, "weight_decay": 0.1}
_MOMENTUM: dict[str, Any] = {"lr": 0.2, "momentum": 0.9}
_BOTH: dict[str, Any] = {**_MOMENTUM, "weight_decay": 0.1}
_ADAM: dict[str, Any] = {"lr": 0.05}
_ADAM_DECAY: dict[str, Any] = {"lr": 0.05, "weight_decay": 0.1}
# Of each optimizer, the arguments that show most.
_FULL = {"sgd": ("SGD", _BOTH), "adam": ("Adam", _ADAM_DECAY), "adamw": ("AdamW", _ADAM_DECAY)}
_EQUAL = (4, 3)
# The vector is the one that lacks a gradient: two parameters stand before it and one behind.
_AROUND = {"matrix": (5, 3), "single": (1,), "vector": (7,), "last": (4,)}
# Mistakes whose effect changes with the number of steps.
_ADDS_UP = (
    "ADAM-BIAS-CORRECTION",
    "ADAM-BIAS-CORRECTION-FIRST",
    "ADAM-BIAS-CORRECTION-SECOND",
    "ADAM-STEP-LATE",
    "ADAM-STEP-PER-PARAMETER",
    "ADAM-MOMENTS-STORED-CORRECTED",
)


def _changed(part: str, change: dict[str, Any]) -> Rule:
    return dataclasses.replace(RIGHT[part], **change)


def _without_gradient(plan: Plan, *codes: str) -> dict[str, RunTorch]:
    return {code: by_rule(plan, _changed(plan.part, dict(WITHOUT_GRADIENT[code]))) for code in codes}


def _late(name: str) -> Case:
    """A parameter in the middle that has no gradient in the first two steps, as a layer that is thawed later."""
    part, arguments = _FULL[name]
    plan = Plan(part, arguments, shapes=_AROUND, first_step={"vector": 2})
    wrong = _without_gradient(plan, *WITHOUT_GRADIENT)
    if not RIGHT[part].is_adaptive:
        return case(f"{name}-late-gradient", plan, wrong)
    # TinyTorch counts the calls of step(), PyTorch each parameter's updates.
    return case(f"{name}-late-gradient", plan, wrong, [_changed(part, {"counts": "calls"})], counts="calls")


def _frozen(name: str) -> Case:
    """A parameter in the middle that never has a gradient; to refuse it is a fault of this case alone."""
    part, arguments = _FULL[name]
    plan = Plan(part, arguments, shapes=_AROUND, first_step={"vector": NEVER}, n_steps=3)
    return case(f"{name}-frozen", plan, _without_gradient(plan, *WITHOUT_GRADIENT))


def _two(name: str) -> Case:
    """Two optimizers at once, on parameters of one shape, so that what is shared fits everywhere."""
    part, arguments = _FULL[name]
    plan = Plan(
        part,
        arguments,
        shapes={"first": _EQUAL, "second": _EQUAL, "other": _EQUAL},
        optimizers=(("first", "second"), ("other",)),
        n_steps=3,
    )
    shared = {code: by_rule(plan, _changed(part, dict(change))) for code, change in SHARING[part].items()}
    shared["OPTIMIZER-STATE-SHARED"] = by_rule(plan, _changed(part, {"counts": "calls"}), shares_memory=True)
    return case(f"{name}-two-optimizers", plan, shared)


def _zero_gradients(name: str) -> Case:
    """Gradients that are 0 in some steps are gradients all the same; Adam's decay would be added to them."""
    part, arguments = ("Adam", _ADAM) if name == "adam" else _FULL[name]
    return case(f"{name}-zero-gradients", Plan(part, arguments, zero_steps=(0, 2)))


def _betas() -> Case:
    """Betas and eps that are not the usual ones."""
    plan = Plan("Adam", {**_ADAM, "betas": (0.6, 0.95), "eps": 0.01})
    usual = {"ADAM-ARGUMENTS-IGNORED": by_rule(dataclasses.replace(plan, arguments=_ADAM), RIGHT["Adam"])}
    return case("adam-betas", plan, usual)


def _many() -> Case:
    """The first steps, in which the correction for the start is large, and one far from them."""
    plan = Plan("Adam", _ADAM, shapes={"vector": (5,), "single": (1,)}, n_steps=30, shown=(0, 4, 29))
    return case("adam-many-steps", plan, only=_ADDS_UP)


CASES = (
    case("sgd", Plan("SGD", {"lr": 0.1})),
    case("sgd-weight-decay", Plan("SGD", _DECAY)),
    case("sgd-momentum", Plan("SGD", _MOMENTUM)),
    case("sgd-momentum-weight-decay", Plan("SGD", _BOTH)),
    _zero_gradients("sgd"),
    _late("sgd"),
    _frozen("sgd"),
    _two("sgd"),
    case("adam", Plan("Adam", _ADAM)),
    case("adam-small-gradients", Plan("Adam", _ADAM, scale=1e-7)),
    case("adam-weight-decay", Plan("Adam", _ADAM_DECAY)),
    _betas(),
    _many(),
    _zero_gradients("adam"),
    _late("adam"),
    _frozen("adam"),
    _two("adam"),
    case("adamw", Plan("AdamW", _ADAM_DECAY)),
    case("adamw-default-decay", Plan("AdamW", {"lr": 0.2}, {"weight_decay": 0.01})),
    _zero_gradients("adamw"),
    _late("adamw"),
    _frozen("adamw"),
    _two("adamw"),
)
