"""Runs the battery in this process, for tests that need neither its isolation nor its time limit."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from tinytorch_hf.check.child import Session
from tinytorch_hf.check.run import ask_for, select
from tinytorch_hf.judging.results import Outcome, Report, Result
from tinytorch_hf.student.answers import Answer, parse
from tinytorch_hf.student.finding import Found, found
from tinytorch_hf.student.mapping import FrameworkMap


def check_here(
    framework_map: FrameworkMap | None = None,
    only: Iterable[str] = (),
    seed: int = 0,
    infers: bool = False,
    **options: Any,
) -> Report:
    """What `check` finds in the package that is importable here; everything passes through JSON, as it does there."""
    framework_map = framework_map or FrameworkMap()
    session = Session(framework_map)

    def ask(**request: object) -> Answer:
        return parse(json.loads(json.dumps(session.answer(json.loads(json.dumps(request))).as_json())))

    looked = found(ask, framework_map) if infers else Found(framework_map)
    return ask_for(ask, looked.framework_map, select(only), seed, found=looked, **options)


def wrong(report: Report) -> dict[str, Result]:
    """The cases that differ or crash, by name."""
    return {result.name: result for result in report.results if result.outcome in (Outcome.DIFFERS, Outcome.CRASHES)}
