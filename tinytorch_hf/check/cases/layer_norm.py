"""LayerNorm, on features of sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import features, weights
from tinytorch_hf.check.naming import by_name
from tinytorch_hf.check.operation import DrawInputs, InTorch, layer
from tinytorch_hf.judging.case import Case, Draw, Inputs
from tinytorch_hf.judging.judge import Judge


def _scaled(scale: float) -> DrawInputs:
    def inputs(draw: Draw) -> Inputs:
        x = features(draw, draw.size(3), draw.size(5), draw.size(7)) * np.float32(scale) + np.float32(scale)
        return {"x": x, **norm_weights(draw, x.shape[-1])}

    return inputs


def _more_axes(draw: Draw) -> Inputs:
    x = features(draw, draw.size(2), draw.size(3), draw.size(5), draw.size(7))
    return {"x": x, **norm_weights(draw, x.shape[-1])}


def _one_feature(draw: Draw) -> Inputs:
    return {"x": features(draw, draw.size(3), draw.size(5), 1), **norm_weights(draw, 1)}


def _extremes(draw: Draw) -> Inputs:
    """The first position of a sequence is nothing but zeros, the second is huge."""
    values = dict(_scaled(1.0)(draw))
    values["x"][:, 0] = 0
    values["x"][:, 1] *= np.float32(1e4)
    return values


def norm_weights(draw: Draw, width: int, prefix: str = "") -> dict[str, Any]:
    """Scale and shift of a LayerNorm."""
    return {f"{prefix}gamma": weights(draw, width, fan_in=1), f"{prefix}beta": weights(draw, width, fan_in=1)}


def norm(judge: Judge, v: Any, x: Any, prefix: str = "") -> Any:
    """LayerNorm."""
    return judge.F.layer_norm(x, x.shape[-1:], v[f"{prefix}gamma"], v[f"{prefix}beta"])


def _norm_written_out(
    *, unbiased: bool = False, eps_outside: bool = False, constant: str = "", axes: str = "last", eps: float = 1e-5
) -> InTorch:
    """LayerNorm with one thing wrong; ``constant`` names what the gradient does not go through."""

    def compute(_: Judge, v: Any) -> Any:
        x = v["x"]
        over = {"last": (-1,), "batch": (0,), "all": tuple(range(x.ndim))}[axes]
        mean = x.mean(over, keepdim=True)
        variance = x.var(over, unbiased=unbiased, keepdim=True)
        if "variance" in constant:
            variance = variance.detach()
        if "mean" in constant:
            variance = ((x - mean.detach()) ** 2).mean(over, keepdim=True) if variance.requires_grad else variance
            mean = mean.detach()
        deviation = variance.sqrt() + eps if eps_outside else (variance + eps).sqrt()
        return (x - mean) / deviation * v["gamma"] + v["beta"]

    return compute


def _by_variance(_: Judge, v: Any) -> Any:
    x = v["x"]
    return (x - x.mean(-1, keepdim=True)) / (x.var(-1, unbiased=False, keepdim=True) + 1e-5) * v["gamma"] + v["beta"]


_NORM_MISTAKES: dict[str, InTorch] = {
    "NORM-UNBIASED": _norm_written_out(unbiased=True),
    "NORM-NO-EPS": _norm_written_out(eps=0.0),
    "NORM-EPS-OUTSIDE": _norm_written_out(eps_outside=True),
    "NORM-EPS-SIGN": _norm_written_out(eps=-1e-5),
    "NORM-NO-ROOT": _by_variance,
    "NORM-MEAN-CONSTANT": _norm_written_out(constant="mean"),
    "NORM-VARIANCE-CONSTANT": _norm_written_out(constant="variance"),
    "NORM-BOTH-CONSTANT": _norm_written_out(constant="mean, variance"),
    "NORM-OVER-BATCH": _norm_written_out(axes="batch"),
    "NORM-OVER-ALL": _norm_written_out(axes="all"),
    "NORM-NO-SHIFT": lambda judge, v: norm(judge, {**v, "beta": 0 * v["beta"]}, v["x"]),
    "NORM-NO-SCALE": lambda judge, v: norm(judge, {**v, "gamma": 0 * v["gamma"] + 1}, v["x"]),
}


# Those that leave even huge values and zeros finite.
_OF_POSITIONS = ("NORM-UNBIASED", "NORM-NO-ROOT", "NORM-MEAN-CONSTANT", "NORM-VARIANCE-CONSTANT", "NORM-BOTH-CONSTANT")


def _layer_norm(name: str, inputs: DrawInputs, mistakes: tuple[str, ...] = ()) -> Case:
    return layer(
        name,
        "transformers",
        ("Tensor", "LayerNorm"),
        inputs,
        by_name(lambda student, v: student.part("LayerNorm")(v["x"].shape[-1]), ("gamma", "beta")),
        lambda judge, v: norm(judge, v, v["x"]),
        parameters=("gamma", "beta"),
        mistakes={code: _NORM_MISTAKES[code] for code in mistakes},
    )


CASES = (
    _layer_norm("layer-norm", _scaled(1.0), tuple(_NORM_MISTAKES)),
    _layer_norm("layer-norm-small-variance", _scaled(0.01), tuple(_NORM_MISTAKES)),
    _layer_norm("layer-norm-more-axes", _more_axes, tuple(_NORM_MISTAKES)),
    _layer_norm("layer-norm-one-feature", _one_feature),
    _layer_norm("layer-norm-extremes", _extremes, _OF_POSITIONS),
)
