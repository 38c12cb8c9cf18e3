"""What the process of a student's package does for programs: it runs them, and says where parts are defined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinytorch_hf.check.programs import interpret
from tinytorch_hf.check.programs.forms import FORMS
from tinytorch_hf.check.programs.program import parse
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
    """Where parts are defined, and what they are called there."""
    parts = [(name, student.part(name)) for name in names]
    return {
        "homes": [
            [name, str(getattr(part, "__module__", "")), str(getattr(part, "__name__", ""))] for name, part in parts
        ]
    }
