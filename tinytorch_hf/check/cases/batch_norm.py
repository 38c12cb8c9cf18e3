"""BatchNorm2d, in training and in evaluation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import feature_maps, weights
from tinytorch_hf.check.modes import in_mode
from tinytorch_hf.check.naming import by_name
from tinytorch_hf.check.operation import DrawInputs, InTorch, in_torch, layer
from tinytorch_hf.judging.case import Case, Draw, Inputs
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student

_PARAMETERS = ("gamma", "beta")
# Names of batches that come in training before the one that is judged.
_EARLIER = ("first", "second", "third")


def _inputs(n: int = 4, n_earlier: int = 0) -> DrawInputs:
    def inputs(draw: Draw) -> Inputs:
        channels, height, width = draw.size(3), draw.size(5), draw.size(7)
        batch = draw.size(n) if n > 1 else n
        earlier = {
            name: feature_maps(draw, draw.size(2), channels, height, width) * np.float32(0.5 + number)
            - np.float32(number)
            for number, name in enumerate(_EARLIER[:n_earlier])
        }
        return {
            "x": feature_maps(draw, batch, channels, height, width) * np.float32(0.1) + np.float32(0.3),
            "gamma": weights(draw, channels, fan_in=1),
            "beta": weights(draw, channels, fan_in=1),
            **earlier,
        }

    return inputs


def _batch_norm(judge: Judge, v: Any, eps: float = 1e-5) -> Any:
    return judge.F.batch_norm(v["x"], None, None, v["gamma"], v["beta"], training=True, eps=eps)


def _by_channel(values: Any) -> Any:
    return values.reshape(1, -1, 1, 1)


def _written_out(
    detached: str = "",
    unbiased: bool = False,
    eps_outside: bool = False,
    axes: tuple[int, ...] = (0, 2, 3),
    eps: float = 1e-5,
) -> InTorch:
    def compute(_: Judge, v: Any) -> Any:
        x = v["x"]
        mean = x.mean(axes, keepdim=True)
        variance = x.var(axes, unbiased=unbiased, keepdim=True)
        if detached == "variance":
            variance = variance.detach()
        elif detached:
            mean = mean.detach()
            variance = variance.detach() if detached == "both" else variance
        deviation = variance.sqrt() + 1e-5 if eps_outside else (variance + eps).sqrt()
        return (x - mean) / deviation * _by_channel(v["gamma"]) + _by_channel(v["beta"])

    return compute


def _evaluated(student: Student, norm: Any, values: Mapping[str, Any]) -> Any:
    """Batches in training, then two in evaluation; the second is judged, as the first must not leave a trace."""
    earlier = [name for name in _EARLIER if name in values]
    for name in earlier:
        in_mode(norm, training=True)(student.tensor(values[name]))
    evaluate = in_mode(norm, training=False)
    evaluate(student.tensor(values[earlier[0]]))
    return evaluate(values["x"])


def _running(v: Any, unbiased: bool, start: str, momentum: float) -> tuple[Any, Any]:
    """Running mean and variance after the earlier batches."""
    mean, variance = 0.0, 1.0
    for number, batch in enumerate(v[name] for name in _EARLIER if name in v):
        share = 1.0 if number == 0 and start == "first batch" else momentum
        mean = (1 - share) * mean + share * batch.mean((0, 2, 3))
        variance = (1 - share) * variance + share * batch.var((0, 2, 3), unbiased=unbiased)
    return mean, variance


def _evaluation(
    unbiased: bool = True,
    start: str = "0 and 1",
    momentum: float = 0.1,
    leaks: int = 0,
    eps: float = 1e-5,
    eps_outside: float = 0.0,
) -> InTorch:
    """With running statistics; ``leaks`` is how many of the two batches in evaluation have changed them, too."""

    def compute(_: Judge, v: Any) -> Any:
        mean, variance = _running(v, unbiased, start, momentum)
        first = next(v[name] for name in _EARLIER if name in v)
        for batch in (first, v["x"].detach())[:leaks]:
            mean = (1 - momentum) * mean + momentum * batch.mean((0, 2, 3))
            variance = (1 - momentum) * variance + momentum * batch.var((0, 2, 3), unbiased=unbiased)
        normalized = (v["x"] - _by_channel(mean)) / ((_by_channel(variance) + eps).sqrt() + eps_outside)
        return normalized * _by_channel(v["gamma"]) + _by_channel(v["beta"])

    return compute


def _never_updated(_: Judge, v: Any) -> Any:
    return v["x"] / np.sqrt(1 + 1e-5) * _by_channel(v["gamma"]) + _by_channel(v["beta"])


def _new(student: Student, values: Inputs) -> Any:
    return student.part("BatchNorm2d")(len(values["gamma"]))


# Evaluation with one thing wrong, whatever is chosen of what is right in more than one way.
_IN_EVALUATION: Mapping[str, Callable[..., InTorch]] = {
    "BATCH-NORM-RUNNING": partial(_evaluation, momentum=0.9),
    # After a single batch, this is as good as statistics that start with it.
    "BATCH-NORM-LAST-BATCH": partial(_evaluation, momentum=1.0),
    "BATCH-NORM-UPDATED-IN-EVALUATION": partial(_evaluation, leaks=2),
    # Beside the variance of several batches, eps is smaller than rounding.
    "NORM-NO-EPS": partial(_evaluation, eps=0.0),
    "NORM-EPS-SIGN": partial(_evaluation, eps=-1e-5),
    "NORM-EPS-OUTSIDE": partial(_evaluation, eps=0.0, eps_outside=1e-5),
}
_ALSO_RIGHT: tuple[Mapping[str, Any], ...] = (
    {"unbiased": False},
    {"start": "first batch"},
    {"unbiased": False, "start": "first batch"},
)


def _evaluation_case(name: str, n_earlier: int) -> Case:
    left_out = ("BATCH-NORM-LAST-BATCH",) if n_earlier == 1 else ("NORM-NO-EPS", "NORM-EPS-SIGN", "NORM-EPS-OUTSIDE")
    made = {code: make for code, make in _IN_EVALUATION.items() if code not in left_out}
    case = layer(
        name,
        "spatial",
        ("Tensor", "BatchNorm2d"),
        _inputs(4, n_earlier),
        by_name(_new, _PARAMETERS),
        _evaluation(),
        parameters=_PARAMETERS,
        call=_evaluated,
        # Each run goes through the earlier batches again, which moves the running statistics on.
        is_repeated=False,
        also_right=[_evaluation(**chosen) for chosen in _ALSO_RIGHT],
        mistakes={
            "BATCH-NORM-BATCH-STATISTICS": _batch_norm,
            "BATCH-NORM-NEVER-UPDATED": _never_updated,
            **{code: make() for code, make in made.items()},
        },
    )
    leaves = ("x", *_PARAMETERS)
    others = {code: [make(**chosen) for chosen in _ALSO_RIGHT] for code, make in made.items()}
    # Some update them when the batch has been normalized.
    others["BATCH-NORM-UPDATED-IN-EVALUATION"] += [_evaluation(leaks=1, **chosen) for chosen in ({}, *_ALSO_RIGHT)]
    variants = {code: [in_torch(compute, leaves) for compute in computes] for code, computes in others.items()}
    return dataclasses.replace(case, variants=variants)


def _training_case(name: str, n: int) -> Case:
    return layer(
        name,
        "spatial",
        ("Tensor", "BatchNorm2d"),
        _inputs(n),
        by_name(_new, _PARAMETERS),
        _batch_norm,
        parameters=_PARAMETERS,
        call=lambda _, norm, v: in_mode(norm, training=True)(v["x"]),
        is_by_row=False,
        mistakes=None
        if n == 1
        else {
            "NORM-UNBIASED": _written_out(unbiased=True),
            "NORM-MEAN-CONSTANT": _written_out("mean"),
            "NORM-VARIANCE-CONSTANT": _written_out("variance"),
            "NORM-BOTH-CONSTANT": _written_out("both"),
            "NORM-NO-EPS": lambda judge, v: _batch_norm(judge, v, 1e-30),
            "NORM-EPS-OUTSIDE": _written_out(eps_outside=True),
            "NORM-EPS-SIGN": _written_out(eps=-1e-5),
            "BATCH-NORM-BY-SAMPLE": _written_out(axes=(2, 3)),
            "BATCH-NORM-BY-PIXEL": _written_out(axes=(0,)),
        },
    )


CASES = (
    _training_case("batch-norm2d-training", 4),
    _training_case("batch-norm2d-one-image", 1),
    _evaluation_case("batch-norm2d-evaluation", 1),
    _evaluation_case("batch-norm2d-running", 3),
)
