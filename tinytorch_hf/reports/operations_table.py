"""A report as an aligned table for a terminal, and as plain values for a program."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tinytorch_hf.judging.results import Outcome, Report, Result

_COLOURS = {
    Outcome.AGREES: "32",
    Outcome.DIFFERS: "31",
    Outcome.CRASHES: "31",
    Outcome.MISSING: "90",
    Outcome.UNTRIED: "33",
}
_PLURALS = {Outcome.AGREES: "agree", Outcome.DIFFERS: "differ", Outcome.CRASHES: "crash"}
_INDENT = 2


def lines(report: Report, width: int = 100, colour: bool = False) -> Iterator[str]:
    """The table: cases under their module of the course, what was seen beside or below them, and the sums.

    Parameters
    ----------
    report
        What the battery found.
    width
        Columns of the terminal.
    colour
        Whether to colour verdicts.
    """
    yield f"package  {report.package} at {report.location}" if report.location else f"package  {report.package}"
    yield f"PyTorch  {report.torch_version}"
    if _only_message(report):
        first = report.results[0]
        yield ""
        yield from _wrapped(f"{_verdict(first, colour)}  ", _described(first, report.location), width)
    else:
        yield from _modules(report, width, colour)
    yield ""
    yield summary(report)


def summary(report: Report) -> str:
    """How many cases ended in which way."""
    return ", ".join(f"{report.count(outcome)} {_plural(outcome, report.count(outcome))}" for outcome in Outcome)


def _plural(outcome: Outcome, count: int) -> str:
    singular: str = outcome.value
    if outcome not in _PLURALS or count == 1:
        return singular
    return _PLURALS[outcome]


def _only_message(report: Report) -> bool:
    """Whether everything crashed for one reason, which then need not be said a hundred times."""
    return (
        len(report.results) > 1
        and report.count(Outcome.CRASHES) == len(report.results)
        and len({(result.detail, result.where) for result in report.results}) == 1
    )


def _modules(report: Report, width: int, colour: bool) -> Iterator[str]:
    names = max(len(result.name) for result in report.results)
    for module in dict.fromkeys(result.module for result in report.results):
        results = [result for result in report.results if result.module == module]
        yield ""
        yield module
        if all(result.outcome is Outcome.MISSING for result in results):
            # A module that is not built yet is one line.
            details = ", ".join(dict.fromkeys(result.detail for result in results))
            yield from _wrapped(f"{' ' * _INDENT}{_verdict(results[0], colour)}  ", details, width)
            continue
        for result in results:
            start = f"{' ' * _INDENT}{_verdict(result, colour)}  {result.name:<{names}}  "
            yield from _wrapped(start, _described(result, report.location), width)


def _verdict(result: Result, colour: bool) -> str:
    text = f"{result.outcome.value:<7}"
    return f"\x1b[{_COLOURS[result.outcome]}m{text}\x1b[0m" if colour else text


def _described(result: Result, location: str) -> str:
    place = f" ({short_place(result.where, location)})" if result.where else ""
    cause = f". Likely cause: {result.cause}" if result.cause else ""
    return f"{result.detail}{place}{cause}"


def short_place(where: str, location: str) -> str:
    """File and line, the file relative to the folder that holds the package."""
    file, _, line = where.rpartition(":")
    try:
        return f"{Path(file).relative_to(Path(location).parent).as_posix()}:{line}" if location else where
    except ValueError:
        return where


def _wrapped(start: str, text: str, width: int) -> Iterator[str]:
    """A row whose text goes on below its own beginning."""
    visible = len(start.replace("\x1b[0m", "")) - (5 if "\x1b[" in start else 0)
    rows = textwrap.wrap(text, max(width - visible, 30), break_on_hyphens=False) or [""]
    yield f"{start}{rows[0]}".rstrip()
    for row in rows[1:]:
        yield " " * visible + row


def as_dict(report: Report) -> dict[str, Any]:
    """The report in plain values, ready for JSON."""
    return {
        "package": report.package,
        "location": report.location,
        "torch_version": report.torch_version,
        "counts": {outcome.value: report.count(outcome) for outcome in Outcome},
        "results": [
            {**dataclasses.asdict(result), "outcome": result.outcome.value, "seconds": round(result.seconds, 4)}
            for result in report.results
        ],
    }
