"""Likely causes: a wrong value is tried against the values that well-known mistakes give, by the mistakes' codes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tinytorch_hf.compare.divergence import Finding
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.cause import Cause
from tinytorch_hf.judging.symptoms import of_numbers


def of_finding(finding: Finding, batch_size: int, candidates: Mapping[str, Array] | None = None) -> Cause | None:
    """What a wrong value looks like; None if it looks like nothing known.

    Parameters
    ----------
    finding
        With the values found and expected.
    batch_size
        Samples in the batch, a factor that is often forgotten or applied twice.
    candidates
        What particular mistakes would have given, by their codes.
    """
    found, expected = finding.found, finding.expected
    if finding.kind not in ("wrong", "shape") or found is None or expected is None:
        return None
    for code, candidate in (candidates or {}).items():
        if finding.kind == "wrong" and explains(candidate, found, expected):
            return Cause(code)
    rounding = max(finding.allowed, 1e-5 * float(np.abs(expected).max()))
    return of_numbers(found.astype(np.float64), expected.astype(np.float64), rounding, {batch_size: "the batch size"})


def explains(candidate: Array, found: Array, expected: Array) -> bool:
    """Whether a mistake that would give ``candidate`` accounts for what was found instead of what was expected."""
    if candidate.shape != found.shape:
        return False
    off = float(np.abs(found - expected).max())
    return bool(np.abs(found - candidate).max() <= 0.05 * off)


def of_layer(kind: str, x: Array, gradient: Array, parameters: Mapping[str, Array]) -> dict[str, dict[str, Array]]:
    """What particular mistakes in a layer's backward pass give: quantity to code to values.

    Parameters
    ----------
    kind
        Of the layer.
    x, gradient
        Its input, and the gradient with respect to its output.
    parameters
        Its parameters by name.
    """
    if kind == "ReLU":
        return {"input": {"RELU-GRADIENT-NEGATIVE": gradient}}
    if kind == "Sigmoid":
        s = 1 / (1 + np.exp(-x))
        return {"input": {"SIGMOID-GRADIENT-S": gradient * s, "SLOPE-ONE": gradient}}
    if kind == "LayerNorm":
        centred = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + 1e-5)
        scaled = gradient * parameters["gamma"] / spread
        return {
            "input": {
                "NORM-BOTH-CONSTANT": scaled,
                "NORM-VARIANCE-CONSTANT": scaled - scaled.mean(axis=-1, keepdims=True),
                "NORM-MEAN-CONSTANT": scaled - centred * (scaled * centred).mean(axis=-1, keepdims=True) / spread**2,
            }
        }
    if kind == "Embeddings":
        overwritten = np.zeros_like(parameters["tokens.weight"])
        overwritten[x.astype(np.int64)] = gradient
        return {"tokens.weight": {"EMBEDDING-LAST-PLACE": overwritten}}
    return {}
