"""What went wrong first, and whether a value of the student's is wrong at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.rounding import measure


@dataclass(frozen=True)
class Finding:
    """One value that is not what it should be.

    Attributes
    ----------
    kind
        "missing", "no tensor", "shape", "dtype", "not a number" or "wrong"; of a layer's parameters() "missing",
        "twice" or "other".
    error, allowed
        Largest absolute error, and what rounding explains; 0 for the kinds that have no size.
    found, expected
        The values themselves, where there are any.
    """

    kind: str
    detail: str
    error: float = 0.0
    allowed: float = 0.0
    found: Array | None = None
    expected: Array | None = None


@dataclass(frozen=True)
class Divergence:
    """The first thing that TinyTorch does otherwise than PyTorch.

    Attributes
    ----------
    step
        Of the training, from 1; 0 before it.
    layer
        Name of the layer in the model; "loss" or the optimizer's class elsewhere.
    stage
        "forward", "loss", "gradient" or "update"; "parameters" before the training.
    what
        The quantity, such as "output", "gradient with respect to weight".
    finding
        How it is wrong.
    cause
        What the likely reason is, in a sentence; it is that of the catalogue of mistakes.
    snippet
        A few lines of Python that show it without data or training; empty where there are none.
    code, hint
        The mistake's in `tinytorch_hf.judging.mistakes`; empty where none can be told.
    """

    step: int
    layer: str
    stage: str
    what: str
    finding: Finding
    cause: str
    snippet: str = ""
    code: str = ""
    hint: str = ""

    @property
    def kind(self) -> str:
        """Stage and finding in a word or two, such as "gradient missing"."""
        return f"{self.stage} {self.finding.kind}"


def look_at(
    value: Any, in_float32: Array, in_float64: Array, before: Array | None = None, beside: float = 0.0
) -> Finding | None:
    """What is wrong with a value of the student's, which should be what PyTorch has; None if nothing is.

    Parameters
    ----------
    value
        An array, None, or what no tensor is.
    in_float32, in_float64
        PyTorch's.
    before, beside
        As for `measure`.
    """
    found = np.asarray(value)
    if not np.isfinite(in_float32).all():
        # PyTorch itself has left what float32 can hold, so that nothing can be told of this value.
        return None
    problem = _problem(value, found, in_float32)
    if problem is not None:
        return problem
    measured = measure(found, in_float32, in_float64, before, beside)
    if measured.agrees:
        return None
    n_wrong = int((np.abs(found - in_float64) > measured.allowed).sum())
    detail = (
        f"{n_wrong} of {found.size} values are wrong, by up to {measured.error:.2g} "
        f"(rounding explains {measured.allowed:.2g})"
    )
    return Finding("wrong", detail, measured.error, measured.allowed, found, in_float32)


def _problem(value: Any, found: Array, in_float32: Array) -> Finding | None:
    """How a value differs that cannot be measured by a distance."""
    kind = detail = ""
    if value is None:
        return Finding("missing", "there is none", expected=in_float32)
    if found.dtype.kind not in "biuf":
        return Finding("no tensor", f"it is {value} instead of a tensor of numbers", expected=in_float32)
    if found.shape != in_float32.shape:
        kind, detail = "shape", f"its shape is {found.shape} instead of {in_float32.shape}"
    elif found.dtype != np.float32:
        kind, detail = "dtype", f"its dtype is {found.dtype} instead of float32"
    elif not np.isfinite(found).all():
        n_bad = int((~np.isfinite(found)).sum())
        kind, detail = "not a number", f"{n_bad} of {found.size} values are nan or infinite"
    return Finding(kind, detail, found=found, expected=in_float32) if kind else None
