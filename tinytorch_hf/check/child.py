"""What the process of a student's package does for `check`: it runs cases, and generated programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf.check.cases import CASES
from tinytorch_hf.check.programs.child import homes, run_programs
from tinytorch_hf.check.tracing import folders_of, traced, written_calls
from tinytorch_hf.judging.case import OUTPUT, Inputs, Results, RunTinyTorch
from tinytorch_hf.student import session, wire
from tinytorch_hf.student.answers import Answer
from tinytorch_hf.student.frameworks import package_location
from tinytorch_hf.student.mapping import parse_map
from tinytorch_hf.student.view import Student

# How a case is run; what is right is not the business of this process.
_RUNS: Mapping[str, RunTinyTorch] = {name: case.tinytorch for name, case in CASES.items()}


class Session(session.Session):
    """A package whose operations are run."""

    def handlers(self) -> Mapping[str, session.Handler]:
        """As of every session, "run", and for programs "programs" and "homes"."""
        return {**super().handlers(), "run": self._run, "programs": self._programs, "homes": self._homes}

    def _run(self, request: dict[str, Any]) -> Answer:
        """Run a case on the inputs that come with the request.

        With ``changes``, a list of inputs that take the place of some, it runs once for each, and what comes back are
        the outputs alone, one behind the other. With ``trace`` what comes back is which functions of the package ran,
        in ``message`` the one in which an error arose, and in ``call`` what was called from outside. With ``write`` it
        is how the package was called.
        """
        student = self.student()
        run, inputs = _RUNS[request["case"]], wire.decode(request["inputs"])
        if request.get("write"):
            return Answer("results", called=written_calls(lambda: run(student, inputs), self._folders()))
        if request.get("trace"):
            called, ended_in, call = traced(lambda: run(student, inputs), self._folders(), student)
            return Answer("results", called=called, message=ended_in, call=call)
        if "changes" in request:
            return Answer("results", results=_outputs(run, student, inputs, request["changes"]))
        results = run(student, inputs)
        return Answer("results", results=results, unbuilt="" if student.has_autograd else "backward")

    def _folders(self) -> tuple[Path, ...]:
        """Where the package's own code lies."""
        return folders_of(package_location(self._opened()))

    def _programs(self, request: dict[str, Any]) -> Answer:
        """Run programs; what one of them raises is told of this one."""
        student = self.student()
        results = run_programs(student, request["programs"], self._folder)
        return Answer("results", results=results, unbuilt="" if student.has_autograd else "backward")

    def _homes(self, request: dict[str, Any]) -> Answer:
        """Where parts are defined."""
        return Answer("results", results=homes(self.student(), request["names"]))


def _outputs(run: RunTinyTorch, student: Student, inputs: Inputs, changes: Sequence[dict[str, Any]]) -> Results:
    """The output for each of the changes, stacked along a new first axis."""
    student.is_brief = True
    try:
        found = [run(student, {**inputs, **wire.decode(change)})[OUTPUT] for change in changes]
    finally:
        student.is_brief = False
    return {OUTPUT: np.stack([np.asarray(output) for output in found])}


def main() -> None:
    """Answer requests until standard input ends."""
    # What it needs of the operating system is not there everywhere that a session can be made.
    from tinytorch_hf.student.serving import serve

    serve(lambda values: Session(parse_map(values, "the map")).answer)
