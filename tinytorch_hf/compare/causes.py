"""Likely causes: a wrong value is tried against the values that well-known mistakes give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinytorch_hf.compare.divergence import Finding
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.symptoms import of_numbers


def of_values(finding: Finding, batch_size: int, candidates: Mapping[str, Array] | None = None) -> str:
    """A sentence on what a wrong value looks like; empty if it looks like nothing known.

    Parameters
    ----------
    finding
        With the values found and expected.
    batch_size
        Samples in the batch, a factor that is often forgotten or applied twice.
    candidates
        What particular mistakes would have given, by the sentence that names them.
    """
    found, expected = finding.found, finding.expected
    if finding.kind not in ("wrong", "shape") or found is None or expected is None:
        return ""
    for sentence, candidate in (candidates or {}).items():
        if finding.kind == "wrong" and explains(candidate, found, expected):
            return sentence
    rounding = max(finding.allowed, 1e-5 * float(np.abs(expected).max()))
    cause = of_numbers(found.astype(np.float64), expected.astype(np.float64), rounding, {batch_size: "the batch size"})
    return cause.sentence if cause else ""


def explains(candidate: Array, found: Array, expected: Array) -> bool:
    """Whether a mistake that would give ``candidate`` accounts for what was found instead of what was expected."""
    if candidate.shape != found.shape:
        return False
    off = float(np.abs(found - expected).max())
    return bool(np.abs(found - candidate).max() <= 0.05 * off)


def of_layer(kind: str, x: Array, gradient: Array, parameters: Mapping[str, Any]) -> dict[str, dict[str, Array]]:
    """What particular mistakes in a layer's backward pass give: quantity to sentence to values.

    Parameters
    ----------
    kind
        Of the layer.
    x, gradient
        Its input, and the gradient by its output.
    parameters
        Its parameters by name.
    """
    unchanged = {"the gradient of the output is handed on unchanged": gradient}
    if kind == "ReLU":
        return {"input": {"the gradient passes where the input is negative, too": gradient, **unchanged}}
    if kind == "Sigmoid":
        s = 1 / (1 + np.exp(-x))
        return {"input": {"the factor 1 - sigmoid is missing": gradient * s, **unchanged}}
    if kind == "LayerNorm":
        centred = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + 1e-5)
        scaled = gradient * parameters["gamma"] / spread
        through_mean = scaled - scaled.mean(axis=-1, keepdims=True)
        return {
            "input": {
                "mean and spread are treated as constants": scaled,
                "the spread is treated as a constant": through_mean,
                "the mean is treated as a constant": scaled
                - centred * (scaled * centred).mean(axis=-1, keepdims=True) / spread**2,
                **unchanged,
            }
        }
    if kind == "Embeddings":
        overwritten = np.zeros_like(parameters["tokens.weight"])
        overwritten[x.astype(np.int64)] = gradient
        return {"tokens.weight": {"where an id occurs more than once, only its last place counts": overwritten}}
    return {"input": unchanged}
