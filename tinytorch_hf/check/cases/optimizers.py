"""Optimizers: what several steps change, given the same gradients.

The gradients are set by hand, so that nothing but the update is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinytorch_hf.check.cases.optimizer_mistakes import ADAM_MISTAKES, adam, changes, sgd, step_name
from tinytorch_hf.check.inputs import features, weights
from tinytorch_hf.judging.case import Case, Draw, Inputs, Results, RunTorch
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student

N_STEPS = 4


def _inputs(scale: float) -> Callable[[Draw], Inputs]:
    def inputs(draw: Draw) -> Inputs:
        gradients = features(draw, N_STEPS, 6, 5) * np.float32(scale)
        return {"start": weights(draw, 6, 5, fan_in=1), "gradients": gradients}

    return inputs


def _run_tinytorch(name: str, arguments: Mapping[str, Any]) -> Callable[[Student, Inputs], Results]:
    def run(student: Student, values: Inputs) -> Results:
        parameter = student.tensor(values["start"], gradient=True)
        untouched = student.tensor(values["start"], gradient=True)
        optimizer = student.part(name)([parameter, untouched], **arguments)
        results: Results = {}
        before = values["start"].astype(np.float64)
        for number, gradient in enumerate(values["gradients"], 1):
            student.set_gradient(parameter, gradient)
            optimizer.step()
            after = student.array(parameter).astype(np.float64)
            results[step_name(number)] = after - before
            before = after
        results["a parameter without a gradient stays"] = np.array_equal(student.array(untouched), values["start"])
        return results

    return run


def _run_torch(name: str, arguments: Mapping[str, Any]) -> RunTorch:
    def run(judge: Judge, values: Inputs) -> Results:
        parameter = judge.tensor(values["start"], gradient=True)
        optimizer = getattr(judge.torch.optim, name)([parameter], **arguments)

        def step(gradient: Any) -> Any:
            parameter.grad = gradient
            optimizer.step()
            return parameter

        return changes(judge, values, step)

    return run


def _case(
    name: str, part: str, arguments: Mapping[str, Any], mistakes: Mapping[str, RunTorch], scale: float = 0.1
) -> Case:
    return Case(
        name,
        "optimizers",
        ("Tensor", part),
        _inputs(scale),
        _run_tinytorch(part, arguments),
        _run_torch(part, arguments),
        mistakes=mistakes,
    )


def _zero_grad(part: str) -> Callable[[Student, Inputs], Results]:
    def run(student: Student, values: Inputs) -> Results:
        parameter = student.tensor(values["start"], gradient=True)
        optimizer = student.part(part)([parameter], lr=0.1)
        student.set_gradient(parameter, values["gradients"][0])
        getattr(optimizer, student.conventions.zero_grad)()
        return {"zero_grad forgets the gradients": not student.has_gradient(parameter)}

    return run


def _zero_grad_case(name: str, part: str) -> Case:
    return Case(name, "optimizers", ("Tensor", part), _inputs(0.1), _zero_grad(part), lambda *_: {})


_DECAY: dict[str, Any] = {"lr": 0.1, "weight_decay": 0.1}
_MOMENTUM: dict[str, Any] = {"lr": 0.2, "momentum": 0.9}
_BOTH: dict[str, Any] = {**_MOMENTUM, "weight_decay": 0.1}
_ADAM_DECAY: dict[str, Any] = {"lr": 0.01, "weight_decay": 0.1}

CASES = (
    _case("sgd", "SGD", {"lr": 0.1}, {"LR-TWICE": sgd(0.1, variant="lr twice")}),
    _case(
        "sgd-weight-decay",
        "SGD",
        _DECAY,
        {
            "DECAY-AFTER-STEP": sgd(**_DECAY, variant="decay after"),
            "DECAY-IGNORED": sgd(0.1),
            "LR-TWICE": sgd(**_DECAY, variant="lr twice"),
        },
    ),
    _case(
        "sgd-momentum",
        "SGD",
        _MOMENTUM,
        {
            "MOMENTUM-STALE": sgd(**_MOMENTUM, variant="stale"),
            "MOMENTUM-IGNORED": sgd(**_MOMENTUM, variant="forgotten"),
            "MOMENTUM-DAMPED": sgd(**_MOMENTUM, variant="damped"),
            "MOMENTUM-NESTEROV": sgd(**_MOMENTUM, variant="nesterov"),
            "LR-TWICE": sgd(**_MOMENTUM, variant="lr twice"),
        },
    ),
    _case(
        "sgd-momentum-weight-decay",
        "SGD",
        _BOTH,
        {
            "DECAY-AFTER-STEP": sgd(**_BOTH, variant="decay after"),
            "DECAY-PAST-VELOCITY": sgd(**_BOTH, variant="decay before"),
            "MOMENTUM-STALE": sgd(**_BOTH, variant="stale"),
            "MOMENTUM-IGNORED": sgd(**_BOTH, variant="forgotten"),
            "DECAY-IGNORED": sgd(**_MOMENTUM),
            "LR-TWICE": sgd(**_BOTH, variant="lr twice"),
        },
    ),
    _zero_grad_case("sgd-zero-grad", "SGD"),
    _case(
        "adam",
        "Adam",
        {"lr": 0.01},
        {sentence: adam(0.01, variant=variant) for sentence, variant in ADAM_MISTAKES.items()},
    ),
    _case(
        "adam-small-gradients",
        "Adam",
        {"lr": 0.01},
        {sentence: adam(0.01, variant=variant) for sentence, variant in ADAM_MISTAKES.items()},
        scale=1e-7,
    ),
    _case(
        "adam-weight-decay",
        "Adam",
        _ADAM_DECAY,
        {
            "ADAM-IS-ADAMW": adam(**_ADAM_DECAY, variant="decoupled"),
            "DECAY-IGNORED": adam(**_ADAM_DECAY, variant="no decay"),
            **{sentence: adam(**_ADAM_DECAY, variant=variant) for sentence, variant in ADAM_MISTAKES.items()},
        },
    ),
    _zero_grad_case("adam-zero-grad", "Adam"),
    _case(
        "adamw",
        "AdamW",
        _ADAM_DECAY,
        {
            "ADAMW-IS-ADAM": adam(**_ADAM_DECAY),
            "DECAY-AFTER-STEP": adam(**_ADAM_DECAY, variant="decoupled after"),
            "DECAY-NOT-TIMES-LR": adam(**_ADAM_DECAY, variant="decoupled without lr"),
            "DECAY-IGNORED": adam(**_ADAM_DECAY, variant="no decay"),
        },
    ),
    _case("adamw-default-decay", "AdamW", {"lr": 0.1}, {"DECAY-DEFAULT-IGNORED": adam(0.1)}),
    _zero_grad_case("adamw-zero-grad", "AdamW"),
)
