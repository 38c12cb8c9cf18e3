"""LayerNorm, on features of sequences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch_hf.check.cases.attention import BATCH, LENGTH, WIDTH
from tinytorch_hf.check.inputs import features, weights
from tinytorch_hf.check.operation import InTorch, layer
from tinytorch_hf.judging.case import Case, Draw, Inputs
from tinytorch_hf.judging.judge import Judge


def _norm_inputs(scale: float) -> Callable[[Draw], Inputs]:
    return lambda draw: {
        "x": features(draw, BATCH, LENGTH, WIDTH) * np.float32(scale) + np.float32(scale),
        **norm_weights(draw, ""),
    }


def norm_weights(draw: Draw, prefix: str) -> dict[str, Any]:
    """Scale and shift of a LayerNorm."""
    return {f"{prefix}gamma": weights(draw, WIDTH, fan_in=1), f"{prefix}beta": weights(draw, WIDTH, fan_in=1)}


def norm(judge: Judge, v: Any, x: Any, prefix: str = "") -> Any:
    """LayerNorm."""
    return judge.F.layer_norm(x, (WIDTH,), v[f"{prefix}gamma"], v[f"{prefix}beta"])


def _norm_written_out(
    *, unbiased: bool = False, eps_outside: bool = False, constant: str = "", axes: tuple[int, ...] = (-1,)
) -> InTorch:
    """LayerNorm with one thing wrong; ``constant`` names what the gradient does not go through."""

    def compute(_: Judge, v: Any) -> Any:
        x = v["x"]
        mean = x.mean(axes, keepdim=True)
        variance = x.var(axes, unbiased=unbiased, keepdim=True)
        if "variance" in constant:
            variance = variance.detach()
        if "mean" in constant:
            variance = ((x - mean.detach()) ** 2).mean(axes, keepdim=True) if variance.requires_grad else variance
            mean = mean.detach()
        deviation = variance.sqrt() + 1e-5 if eps_outside else (variance + 1e-5).sqrt()
        return (x - mean) / deviation * v["gamma"] + v["beta"]

    return compute


_NORM_MISTAKES: dict[str, InTorch] = {
    "NORM-UNBIASED": _norm_written_out(unbiased=True),
    "NORM-EPS-OUTSIDE": _norm_written_out(eps_outside=True),
    "NORM-MEAN-CONSTANT": _norm_written_out(constant="mean"),
    "NORM-VARIANCE-CONSTANT": _norm_written_out(constant="variance"),
    "NORM-BOTH-CONSTANT": _norm_written_out(constant="mean, variance"),
    "NORM-OVER-BATCH": _norm_written_out(axes=(0,)),
    "NORM-OVER-ALL": _norm_written_out(axes=(0, 1, 2)),
}


def _layer_norm(name: str, scale: float) -> Case:
    return layer(
        name,
        "transformers",
        ("Tensor", "LayerNorm"),
        _norm_inputs(scale),
        lambda student, _: student.part("LayerNorm")(WIDTH),
        lambda judge, v: norm(judge, v, v["x"]),
        parameters=("gamma", "beta"),
        mistakes=_NORM_MISTAKES,
    )


CASES = (
    _layer_norm("layer-norm", 1.0),
    _layer_norm("layer-norm-small-variance", 0.01),
)
