"""BatchNorm2d, in training and in evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import feature_maps, weights
from tinytorch_hf.check.operation import InTorch, layer
from tinytorch_hf.judging.case import Draw, Inputs
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student

_BATCH_NORM = (4, 3, 5, 5)


def _norm_inputs(draw: Draw) -> Inputs:
    channels = _BATCH_NORM[1]
    return {
        "x": feature_maps(draw, *_BATCH_NORM) * np.float32(0.1) + np.float32(0.3),
        "gamma": weights(draw, channels, fan_in=1),
        "beta": weights(draw, channels, fan_in=1),
    }


def _batch_norm(judge: Judge, v: Any, eps: float = 1e-5) -> Any:
    return judge.F.batch_norm(v["x"], None, None, v["gamma"], v["beta"], training=True, eps=eps)


def _by_channel(values: Any) -> Any:
    return values.reshape(1, -1, 1, 1)


def _norm_written_out(detached: str = "", unbiased: bool = False) -> InTorch:
    def compute(_: Judge, v: Any) -> Any:
        x = v["x"]
        mean = x.mean((0, 2, 3), keepdim=True)
        mean = mean.detach() if detached else mean
        variance = x.var((0, 2, 3), unbiased=unbiased, keepdim=True)
        variance = variance.detach() if detached == "both" else variance
        return (x - mean) / (variance + 1e-5).sqrt() * _by_channel(v["gamma"]) + _by_channel(v["beta"])

    return compute


def _norm(student: Student) -> Any:
    norm = student.part("BatchNorm2d")(_BATCH_NORM[1])
    norm.train()
    return norm


def _evaluated(student: Student, norm: Any, values: Mapping[str, Any]) -> Any:
    """One batch in training, then the same one in evaluation."""
    norm(student.tensor(values["earlier"]))
    norm.eval()
    return norm(values["x"])


def _evaluation_in_torch(unbiased: bool) -> InTorch:
    def compute(_: Judge, v: Any) -> Any:
        mean = 0.1 * v["earlier"].mean((0, 2, 3))
        variance = 0.9 + 0.1 * v["earlier"].var((0, 2, 3), unbiased=unbiased)
        normalized = (v["x"] - _by_channel(mean)) / (_by_channel(variance) + 1e-5).sqrt()
        return normalized * _by_channel(v["gamma"]) + _by_channel(v["beta"])

    return compute


def _evaluation_inputs(draw: Draw) -> Inputs:
    return {**_norm_inputs(draw), "earlier": feature_maps(draw, *_BATCH_NORM)}


CASES = (
    layer(
        "batch-norm2d-training",
        "spatial",
        ("Tensor", "BatchNorm2d"),
        _norm_inputs,
        lambda student, _: _norm(student),
        _batch_norm,
        parameters=("gamma", "beta"),
        is_by_row=False,
        mistakes={
            "NORM-UNBIASED": _norm_written_out(unbiased=True),
            "NORM-MEAN-CONSTANT": _norm_written_out("mean"),
            "NORM-BOTH-CONSTANT": _norm_written_out("both"),
            "NORM-NO-EPS": lambda judge, v: _batch_norm(judge, v, 1e-30),
        },
    ),
    layer(
        "batch-norm2d-evaluation",
        "spatial",
        ("Tensor", "BatchNorm2d"),
        _evaluation_inputs,
        lambda student, _: _norm(student),
        _evaluation_in_torch(unbiased=True),
        parameters=("gamma", "beta"),
        call=_evaluated,
        also_right=[_evaluation_in_torch(unbiased=False)],
        mistakes={"BATCH-NORM-BATCH-STATISTICS": _batch_norm},
    ),
)
