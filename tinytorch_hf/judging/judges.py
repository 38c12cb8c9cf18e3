"""The judges: PyTorch; or its recorded answers, and NumPy alone in PyTorch's words for what is not recorded.

Which of the two judges is chosen once, around everything that is judged::

    with judged_by("recorded"):
        report = check(...)

What is computed by one is never given for the other. The choice holds in the thread that makes it.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np

from tinytorch_hf.errors import MissingExtraError, UnknownNameError
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Inputs, Results, RunTorch
from tinytorch_hf.judging.judge import Judge

JUDGES = ("torch", "recorded")
"""The names of the judges."""

_CHOSEN: ContextVar[str] = ContextVar("judge", default="")


class TorchJudge(Judge):
    """PyTorch itself.

    Raises
    ------
    MissingExtraError
        torch is not installed.
    """

    def __init__(self, precision: str) -> None:
        try:
            import torch
        except ImportError as error:
            raise MissingExtraError("torch", "compare", error) from error
        self.torch = torch
        self.F = torch.nn.functional
        self.precision = precision
        self.dtype = getattr(torch, precision)
        self.version = torch.__version__

    def tensor(self, values: Array, gradient: bool = False) -> Any:
        """A tensor of these values: floats in the judge's precision, whole numbers as int64."""
        if np.issubdtype(values.dtype, np.integer):
            return self.torch.tensor(values, dtype=self.torch.int64)
        return self.torch.tensor(values, dtype=self.dtype, requires_grad=gradient)

    def array(self, tensor: Any) -> Array:
        """Values of a tensor in float64, whatever the precision they were computed in."""
        values: Array = tensor.detach().to(self.torch.float64).numpy()
        return values


@contextlib.contextmanager
def judged_by(name: str) -> Iterator[None]:
    """Have everything inside judged by one of `JUDGES`.

    Raises
    ------
    UnknownNameError
        No such judge.
    """
    if name not in JUDGES:
        raise UnknownNameError("judge", name, JUDGES)
    token = _CHOSEN.set(name)
    try:
        yield
    finally:
        _CHOSEN.reset(token)


def getting_torch() -> str:
    """What to do where PyTorch is needed and its records were chosen, in a sentence."""
    if default() == "torch":
        return "PyTorch is installed: leave out --judge recorded."
    return (
        'Install PyTorch with: pip install "tinytorch-hf[compare]" (5.7 GB on Linux; far less if you install PyTorch '
        "for CPU first, as its own page says)."
    )


def chosen() -> str:
    """The name of the judge that judges here: the one that was chosen, else PyTorch where it is installed."""
    return _CHOSEN.get() or default()


@functools.cache
def default() -> str:
    """PyTorch where it is installed, else its recorded answers; nothing is imported to find out."""
    return JUDGES[importlib.util.find_spec("torch") is None]


def judge(precision: str, by: str = "") -> Judge:
    """The judge of a precision, "float64" or "float32", made once.

    Parameters
    ----------
    precision
        What it computes in.
    by
        The name of the judge; the chosen one by default.

    Raises
    ------
    MissingExtraError
        torch judges, and is not installed.
    """
    return _made(by or chosen(), precision)


@functools.cache
def _made(by: str, precision: str) -> Judge:
    if by == "torch":
        return TorchJudge(precision)
    from tinytorch_hf.judging.by_numpy.judge import NumPyJudge

    return NumPyJudge(precision)


def computed(run: RunTorch, inputs: Inputs, precision: str, by: str = "") -> Results:
    """The results of a run by the judge of a precision; what is infinite or undefined in them is no warning."""
    with np.errstate(all="ignore"):
        return run(judge(precision, by), inputs)
