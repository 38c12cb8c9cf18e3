"""Has programs run in a student's process, many at once; what ends or hangs the process is found one by one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinytorch_hf.check.programs.interpret import ERROR, KIND, WHERE
from tinytorch_hf.check.programs.program import Program
from tinytorch_hf.judging.case import Results
from tinytorch_hf.student.answers import Answer, Ask
from tinytorch_hf.student.faults import unbuilt

_AT_ONCE = 40
_DAMAGED: Results = {ERROR: "what came back is not a result", KIND: "crash", WHERE: ""}


class Asking:
    """Runs programs by asking the process that holds the package.

    Parameters
    ----------
    ask
        Whom to ask.

    Attributes
    ----------
    seconds
        How long the package has taken so far.
    has_autograd
        Whether gradients are built, as the last answer said.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.seconds = 0.0
        self.has_autograd = True

    def run_all(self, programs: Sequence[Program]) -> list[Results]:
        """What comes of each program."""
        found: list[Results] = []
        for start in range(0, len(programs), _AT_ONCE):
            found += self._run(programs[start : start + _AT_ONCE])
        return found

    def unbuilt(self, program: Program) -> str:
        """That a program calls functions which are not implemented yet, in a sentence; or nothing."""
        answer = self._ask(ask="programs", programs=[program.as_json()], watch=True)
        if answer.kind == "missing":
            return answer.message
        return unbuilt(answer.stubs) if answer.stubs else ""

    def homes(self, names: Sequence[str]) -> object:
        """Where parts are defined."""
        return self._ask(ask="homes", names=list(names)).results.get("homes")

    def _run(self, programs: Sequence[Program]) -> list[Results]:
        start = time.perf_counter()
        answer = self._ask(ask="programs", programs=[program.as_json() for program in programs])
        self.seconds += time.perf_counter() - start
        if answer.kind == "results":
            self.has_autograd = not answer.unbuilt
            return _by_number(answer, len(programs))
        if len(programs) > 1:
            # One of them ended the process, took too long, or called what is not implemented yet.
            middle = len(programs) // 2
            return [*self._run(programs[:middle]), *self._run(programs[middle:])]
        kind = "crash" if answer.kind in ("crash", "misshapen") else "unbuilt"
        return [{ERROR: answer.message, KIND: kind, WHERE: answer.where}]


def _by_number(answer: Answer, n: int) -> list[Results]:
    found: list[Results] = [{} for _ in range(n)]
    damaged: set[int] = set()
    for name, value in answer.results.items():
        number, _, result = name.partition(" ")
        if number.isdecimal() and int(number) < n:
            found[int(number)][result] = value
            if not _is_result(result, value):
                damaged.add(int(number))
    # What delivers nothing has failed; what is lacking is seen where it is judged.
    return [{**_DAMAGED} if number in damaged else results for number, results in enumerate(found)]


def _is_result(name: str, value: Any) -> bool:
    """Whether that can come of a program: numbers, a gradient that never arrived, what is told of an error."""
    if name in (ERROR, KIND, WHERE):
        return isinstance(value, str)
    return value is None or (isinstance(value, np.ndarray) and value.dtype.kind in "biuf")
