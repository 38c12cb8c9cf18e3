"""Tries programs in this process, for tests that need neither its isolation nor its time limit."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterable, Sequence

from tinytorch_hf.check.child import Session
from tinytorch_hf.check.programs import trial
from tinytorch_hf.check.programs.probes import EVERYTHING
from tinytorch_hf.check.programs.program import BACKWARD, TENSOR, Operand, Program, Statement
from tinytorch_hf.judging.judges import judged_by
from tinytorch_hf.judging.results import Result
from tinytorch_hf.student.answers import Answer, Ask, parse
from tinytorch_hf.student.mapping import FrameworkMap

__all__ = ["EVERYTHING", "REFERENCE", "asking", "leaf", "made", "printed_by", "program", "tried_here"]

REFERENCE = FrameworkMap("tinytorch_hf.reference")


def asking(framework_map: FrameworkMap) -> Ask:
    """Whom to ask about a package; everything passes through JSON."""
    session = Session(framework_map)

    def ask(**request: object) -> Answer:
        return parse(json.loads(json.dumps(session.answer(json.loads(json.dumps(request))).as_json())))

    assert ask(ask="open").kind == "opened"
    return ask


def tried_here(
    framework_map: FrameworkMap | None = None,
    n: int = 100,
    seed: int = 0,
    families: Iterable[str] = (),
    battery: Sequence[Result] = (),
) -> dict[str, Result]:
    """How generated programs end in the package that is importable here, by family; NumPy judges."""
    framework_map = framework_map or FrameworkMap()
    wanted = [f"programs-{family}" for family in families] or trial.names()
    with judged_by("recorded"):
        results = trial.tried(asking(framework_map), framework_map, battery, wanted, n, seed)
    return {result.name.removeprefix("programs-"): result for result in results}


def leaf(name: str, values: object, gradient: bool = True) -> Statement:
    """A tensor."""
    return Statement(name, TENSOR, (), {"values": values, "gradient": gradient})


def made(name: str, form: str, *operands: Operand, **arguments: object) -> Statement:
    """An operation's result."""
    return Statement(name, form, operands, arguments)


def program(*statements: Statement, scale: float = 1.0) -> Program:
    """A program that passes back from its last result."""
    return Program((*statements, Statement("", BACKWARD, (statements[-1].name,), {"scale": scale})))


def printed_by(snippet: str) -> list[str]:
    """What the lines of a snippet print when they are run."""
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        exec(snippet, {})  # noqa: S102 -- it is what a student would do
    return shown.getvalue().splitlines()
