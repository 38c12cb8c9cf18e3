"""What the process of a student's package does for programs: it runs them, and says where parts are defined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinytorch_hf.check import modes
from tinytorch_hf.check.masks import known
from tinytorch_hf.check.programs import interpret
from tinytorch_hf.check.programs.forms import FORMS
from tinytorch_hf.check.programs.program import parse
from tinytorch_hf.check.programs.told import FORGETTING
from tinytorch_hf.judging.case import Results
from tinytorch_hf.student import faults
from tinytorch_hf.student.view import Student


def run_programs(student: Student, given: Sequence[Any], folder: str) -> Results:
    """The results of programs, each under its number.

    Parameters
    ----------
    student
        The framework.
    given
        The programs, as JSON.
    folder
        Where the package is.
    """

    def place(error: BaseException) -> str:
        return faults.place(error, folder)

    results: Results = {}
    for number, value in enumerate(given):
        found = interpret.run(student, parse(value, FORMS), place)
        results |= {f"{number} {name}": result for name, result in found.items()}
    return results


def homes(student: Student, names: Sequence[str]) -> Results:
    """Of parts, where they are defined, what they are called there, and how they are called as programs call them.

    Each is a list of its name, its module, its name there, how it is told its mode, one of `modes.WAYS`, how its
    tensors forget a gradient, one of `told.FORGETTING`, and of the form of mask that it takes the shape, both numbers,
    and whether it is an array; or None.
    """
    found = []
    by_method = hasattr(student.float_tensor([1.0]), student.conventions.zero_grad)
    forgetting = FORGETTING[0 if by_method else 1 if student.starts_with_zeros else 2]
    for name in names:
        part = student.part(name)
        form = known(student, name)
        mask = None if form is None else [form.shape, _written(form.may), _written(form.may_not), form.is_array]
        home = [str(getattr(part, attribute, "")) for attribute in ("__module__", "__name__")]
        found.append([name, *home, modes.way(part), forgetting, mask])
    return {"homes": found}


def _written(number: float) -> float | str:
    """A number of a mask; JSON has no infinities."""
    return number if np.isfinite(number) else "-np.inf"
