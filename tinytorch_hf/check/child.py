"""What the process of a student's package does for `check`: it runs cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinytorch_hf.check.cases import CASES
from tinytorch_hf.student import session, wire
from tinytorch_hf.student.answers import Answer
from tinytorch_hf.student.mapping import parse_map
from tinytorch_hf.student.serving import serve


class Session(session.Session):
    """A package whose operations are run."""

    def handlers(self) -> Mapping[str, session.Handler]:
        """As of every session, and "run"."""
        return {**super().handlers(), "run": self._run}

    def _run(self, request: dict[str, Any]) -> Answer:
        """Run a case on the inputs that come with the request."""
        student = self.student()
        results = CASES[request["case"]].tinytorch(student, wire.decode(request["inputs"]))
        return Answer("results", results=results, unbuilt="" if student.has_autograd else "backward")


def main() -> None:
    """Answer requests until standard input ends."""
    serve(lambda values: Session(parse_map(values, "the map")).answer)
