"""Comparisons in this process, for tests that need neither the isolation of another nor its time limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from tinytorch_hf.check.run import ask_for, select
from tinytorch_hf.compare import lockstep, preparing, stepwise
from tinytorch_hf.compare.lockstep import Comparison
from tinytorch_hf.compare.package import opened
from tinytorch_hf.compare.preparing import Prepared
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.stepwise import Judgement
from tinytorch_hf.compare.target import Target
from tinytorch_hf.judging.results import Result

HERE = Target(in_process=True)


def run_here(settings: Settings, **options: Any) -> Comparison:
    """What a training beside PyTorch comes to."""
    return lockstep.run(settings, target=HERE, **options)


def judge_here(settings: Settings) -> Judgement:
    """What every step of a training comes to."""
    return stepwise.judge(settings, target=HERE)


def check_here(only: Iterable[str]) -> list[Result]:
    """What `check` finds in these operations of the same package."""
    with opened(HERE) as package:
        return list(ask_for(package.ask, package.target.framework_map, select(only)).results)


@contextmanager
def prepared_here(settings: Settings) -> Iterator[Prepared]:
    """What both sides of a training start from."""
    with preparing.prepare(settings, HERE) as prepared:
        yield prepared
