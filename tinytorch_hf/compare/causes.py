"""Likely causes: a wrong value is tried against the values that well-known mistakes give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinytorch_hf.compare.divergence import Finding
from tinytorch_hf.loaders import Array


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
    if found is None or expected is None:
        return ""
    if finding.kind != "wrong":
        return _of_shape(found, expected) if finding.kind == "shape" else ""
    known = [sentence for sentence, candidate in (candidates or {}).items() if explains(candidate, found, expected)]
    return known[0] if known else _of_numbers(found, expected, batch_size)


def _of_numbers(found: Array, expected: Array, batch_size: int) -> str:
    if not found.any():
        return "all of it is 0"
    factor = constant_factor(found, expected)
    if factor is not None:
        return _name_factor(factor, batch_size, found.size)
    if found.ndim == 2 and found.shape[0] == found.shape[1] and explains(expected.T, found, expected):
        return "it is transposed"
    return ""


def _of_shape(found: Array, expected: Array) -> str:
    if found.ndim == 2 and found.shape == expected.T.shape:
        return "it is transposed"
    added = tuple(range(found.ndim - expected.ndim))
    if added and np.shape(found.sum(axis=added)) == expected.shape:
        return "it is not summed over the axes along which the value was repeated"
    return ""


def explains(candidate: Array, found: Array, expected: Array) -> bool:
    """Whether a mistake that would give ``candidate`` accounts for what was found instead of what was expected."""
    if candidate.shape != found.shape:
        return False
    off = float(np.abs(found - expected).max())
    return bool(np.abs(found - candidate).max() <= 0.05 * off)


def constant_factor(found: Array, expected: Array) -> float | None:
    """The number that found is of expected everywhere, if there is one."""
    found, expected = found.astype(np.float64), expected.astype(np.float64)
    square = float((expected * expected).sum())
    if square == 0:
        return None
    factor = float((found * expected).sum()) / square
    return factor if explains(factor * expected, found, expected) else None


def _name_factor(factor: float, batch_size: int, n_values: int) -> str:
    named = {
        -1.0: "its sign is wrong",
        2.0: "it is counted twice",
        0.5: "half of it is missing",
        float(batch_size): "it is summed over the batch instead of averaged",
        1.0 / batch_size: "it is divided by the batch size once too often",
    }
    for value, sentence in named.items():
        if abs(factor - value) <= 2e-3 * abs(value):
            return sentence
    # A single value is always some multiple of another.
    return f"it is {factor:.4g} times what it should be, everywhere" if n_values > 1 else ""


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
