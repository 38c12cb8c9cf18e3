"""A report as an aligned table for a terminal, and as plain values for a program."""

from __future__ import annotations

import dataclasses
import re
import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tinytorch_hf.judging.results import WRONG, Outcome, Report, Result
from tinytorch_hf.reports import explained
from tinytorch_hf.reports.alone import runnable
from tinytorch_hf.shown import columns, printable, to_terminal
from tinytorch_hf.student.mapping import brief

_COLOURS = {
    Outcome.AGREES: "32",
    Outcome.DIFFERS: "31",
    Outcome.CRASHES: "31",
    Outcome.MISSING: "90",
    Outcome.UNTRIED: "33",
}
_PLURALS = {
    Outcome.AGREES: ("agrees", "agree"),
    Outcome.DIFFERS: ("differs", "differ"),
    Outcome.CRASHES: ("crashes", "crash"),
    Outcome.MISSING: ("not implemented yet",) * 2,
    Outcome.UNTRIED: ("could not be tried",) * 2,
}
_MEANINGS = {
    0: "everything that counts agrees",
    1: "something that counts differs or crashes",
    3: "nothing that counts is wrong, but something is not implemented yet or could not be tried",
    130: "interrupted, so the rest was not tried",
}
_HEADING_OF_ROOTS = "What is wrong"
_UNBUILT = "not implemented yet"
_SEPARATOR = re.compile(r"(?<=\)), ")
_INDENT = 2
_MOST_UNBUILT = 6
_MOST_FIRST = 5


def lines(report: Report, width: int = 100, colour: bool = False) -> Iterator[str]:
    """The table: what is wrong, then all else under its module of the course, each with what was seen, and the sums.

    What follows from a fault is named below it, and stands with its module; the first few faults are listed once more
    at the end, where a long table is looked at. The last line says what the exit status means.

    Parameters
    ----------
    report
        What the battery found.
    width
        Columns of the terminal.
    colour
        Whether to colour verdicts.
    """
    place = f" at {report.location}" if report.location else ""
    yield from _rows("package  ", [f"{report.package}{place}"], width)
    if not report.is_isolated:
        yield from _rows("note     ", [report.not_isolated], width)
    yield f"PyTorch  {judge_in_words(report)}"
    if _only_message(report):
        first = report.results[0]
        yield ""
        yield from _rows(f"{_verdict(first, colour)}  ", _described(first, report.location), width)
    else:
        yield from _operations(report, width, colour)
    for number, note in enumerate(report.notes):
        if number == 0:
            yield ""
        yield from _rows("note     ", [note], width)
    yield from _first(report, width)
    yield ""
    yield summary(report)
    yield meaning(report)


def _first(report: Report, width: int) -> Iterator[str]:
    """The faults that come first, a line each; nothing if everything is right."""
    entries = look_at_first(report)
    if not entries:
        return
    yield ""
    yield "Look at these first:"
    names = max(len(printable(entry["operation"])) for entry in entries)
    for entry in entries:
        place = f"{entry['place']}: " if entry["place"] else ""
        code = f" [{entry['code']}]" if entry["code"] else ""
        start = f"{' ' * _INDENT}{printable(entry['operation']):<{names}}  "
        yield from _rows(start, [f"{place}{entry['sentence']}{code}"], width)
    more = len(_first_of_each(report)) - len(entries)
    if more:
        yield f"{' ' * _INDENT}and {more} more"
    what_to_type = explained.advice([entry["code"] for entry in entries])
    if what_to_type:
        yield from _rows("", [what_to_type], width)


def _first_of_each(report: Report) -> list[Result]:
    """The faults that come first; of those that crash for one reason the first."""
    return [together[0] for together in _grouped(report.roots)]


def look_at_first(report: Report) -> list[dict[str, str]]:
    """Of the faults that follow from no other the first few: the operation, the place, and what is wrong.

    The place is a file and line where it is known, otherwise a function, or the class that the operation is about.
    """
    if _only_message(report):
        return []
    return [
        {
            "operation": result.name,
            "place": short_place(result.where, report.location)
            if result.where
            else (result.shared[0] if len(result.shared) == 1 and not result.follows else result.part),
            "sentence": result.cause or result.detail.split("\n")[0],
            "code": result.code,
        }
        for result in _first_of_each(report)[:_MOST_FIRST]
    ]


def judge_in_words(report: Report) -> str:
    """What judged, in a phrase."""
    if report.judge == "torch":
        return report.torch_version
    if report.torch_version:
        return f"{report.torch_version}, its recorded answers; NumPy alone computes what is not recorded"
    return "not used: NumPy alone computes everything in its place, in float64"


def summary(report: Report) -> str:
    """How many cases ended in which way."""
    counts = {outcome: report.count(outcome) for outcome in Outcome}
    return ", ".join(f"{count} {_PLURALS[outcome][count != 1]}" for outcome, count in counts.items())


def meaning(report: Report) -> str:
    """What the exit status says, in words, and of what."""
    counted = f" ({len(report.counted)} of {len(report.results)} count)" if report.required else ""
    return f"exit status {report.status}: {_MEANINGS[report.status]}{counted}"


def _only_message(report: Report) -> bool:
    """Whether everything crashed for one reason, which then need not be said a hundred times."""
    return (
        len(report.results) > 1
        and report.count(Outcome.CRASHES) == len(report.results)
        and len({(result.detail, result.where) for result in report.results}) == 1
    )


def _operations(report: Report, width: int, colour: bool) -> Iterator[str]:
    """What is wrong by itself first, then everything else under its module of the course."""
    names = max(len(result.name) for result in report.results)
    consequences = _consequences(report)

    def rows(results: Sequence[Result]) -> Iterator[str]:
        for together in _grouped(results):
            result = together[0]
            texts = _described(result, report.location, consequences)
            name = f"{printable(result.name):<{names}}  "
            if len(together) > 1:
                texts.append(f"so crash {', '.join(entry.name for entry in together)}")
                name = ""
            texts += _followers(result.name, consequences.get(result.name, ()))
            yield from _rows(f"{' ' * _INDENT}{_verdict(result, colour)}  {name}", texts, width)
            # As they are, to be copied.
            lines = [] if result.follows else runnable(result.snippet, report.folder)
            yield from (f"{' ' * 3 * _INDENT}{printable(line)}" for line in lines)

    roots = report.roots
    if roots:
        yield from ("", _HEADING_OF_ROOTS, *rows(roots))
    names_of_roots = {result.name for result in roots}
    rest = [result for result in report.results if result.name not in names_of_roots]
    for module in dict.fromkeys(result.module for result in rest):
        results = [result for result in rest if result.module == module]
        yield from ("", module)
        if all(result.outcome is Outcome.MISSING for result in results):
            # A module that is not built yet is one line.
            yield from _rows(f"{' ' * _INDENT}{_verdict(results[0], colour)}  ", [_all_unbuilt(results)], width)
        else:
            yield from rows(results)


def _followers(name: str, results: Sequence[Result]) -> Iterator[str]:
    """What is wrong because of a case, and what is wrong for what both have in common."""
    using = [result.name for result in results if name not in result.together]
    if using:
        yield f"What follows from {name}: {', '.join(using)}"
    together = [result for result in results if name in result.together]
    for shared in dict.fromkeys(result.shared for result in together):
        names = ", ".join(result.name for result in together if result.shared == shared)
        common = f", as all run {' and '.join(shared)}" if shared else ""
        yield f"What goes wrong together with {name}{common}: {names}"


def _consequences(report: Report) -> Mapping[str, Sequence[Result]]:
    """For cases that are wrong, the cases that are wrong because of them."""
    wrong = {result.name for result in report.results if result.outcome in WRONG}
    roots: dict[str, list[Result]] = {}
    for result in report.results:
        for root in result.follows:
            if root in wrong:
                roots.setdefault(root, []).append(result)
    return roots


def _grouped(results: Sequence[Result]) -> Iterator[Sequence[Result]]:
    """Cases that crash for one reason together, at the first of them; all others alone."""
    shared: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        if result.outcome is Outcome.CRASHES and not (result.expression or result.call):
            shared.setdefault((result.detail, result.where), []).append(result)
    for result in results:
        together = shared.get((result.detail, result.where), [result])
        if result not in together:
            yield [result]
        elif result is together[0]:
            yield together


def _all_unbuilt(results: Sequence[Result]) -> str:
    """What a module lacks, each once."""
    start = f"{_UNBUILT}: "
    details = [result.detail for result in results]
    # Functions are named with their place behind them, in brackets.
    names = dict.fromkeys(
        name for detail in details for name in _SEPARATOR.split(detail.removeprefix(start).replace("\n", " "))
    )
    entries = list(names)
    more = f" and {len(entries) - _MOST_UNBUILT} more" if len(entries) > _MOST_UNBUILT else ""
    is_said = any(detail.startswith(start) for detail in details)
    return f"{start if is_said else ''}{', '.join(entries[:_MOST_UNBUILT])}{more}"


def _verdict(result: Result, colour: bool) -> str:
    text = f"{result.outcome.value:<7}"
    if not colour:
        return text
    return to_terminal(f"\x1b[{_COLOURS[result.outcome]}m") + text + to_terminal("\x1b[0m")


def _described(result: Result, location: str, roots: Collection[str] = ()) -> list[str]:
    """What was seen, and below it where and why, and what to do."""
    followed = [root for root in result.follows if root in roots]
    if followed:
        return _follows(result, followed)
    texts = result.detail.split("\n")
    places = [f"computing `{result.expression}`"] if result.expression else []
    if result.where:
        places.append(f"at {short_place(result.where, location)}")
    if places:
        texts.append(" ".join(places))
    if result.call:
        texts.append(f"{'built by' if result.outcome is Outcome.DIFFERS else 'called as'} {result.call}")
    if result.cause:
        texts.append(f"Likely cause: {result.cause}{f' [{result.code}]' if result.code else ''}")
    if result.hint:
        texts.append(f"Hint: {result.hint}")
    if result.together:
        common = f": both run {' and '.join(result.shared)}" if result.shared else ""
        texts.append(f"May have one cause with {', '.join(result.together)}{common}")
    return [*texts, *(f"Note: {note}" for note in result.notes)]


def _follows(result: Result, roots: Sequence[str]) -> list[str]:
    used = [root for root in roots if root not in result.together]
    beside = [root for root in roots if root in result.together]
    texts = [f"follows from {', '.join(used)}"] if used else []
    if beside:
        common = f": both run {' and '.join(result.shared)}" if result.shared else ""
        texts.append(f"goes wrong together with {', '.join(beside)}{common}")
    return texts


def short_place(where: str, location: str) -> str:
    """File and line, the file relative to the folder that holds the package."""
    file, _, line = where.rpartition(":")
    try:
        return f"{Path(file).relative_to(Path(location).parent).as_posix()}:{line}" if location else where
    except ValueError:
        return where


def _rows(start: str, texts: Sequence[str], width: int) -> Iterator[str]:
    """Rows that go on below the beginning of their own text; nothing in them is obeyed by a terminal."""
    visible = columns(start)
    rows: list[str] = []
    for text in texts:
        # What a student's message has aligned stays so, such as the mark below a syntax error.
        indent = " " * (len(text) - len(text.lstrip()))
        wrapped = textwrap.wrap(
            printable(text.strip()),
            max(width - visible - len(indent), 30),
            break_long_words=False,
            break_on_hyphens=False,
        )
        rows += [indent + row for row in wrapped]
    yield f"{start}{rows[0] if rows else ''}".rstrip()
    for row in rows[1:]:
        yield " " * visible + row


def as_dict(report: Report) -> dict[str, Any]:
    """The report in plain values, ready for JSON."""
    return {
        "package": report.package,
        "location": report.location,
        "torch_version": report.torch_version,
        "judge": report.judge,
        "isolated": report.is_isolated,
        "not_isolated": report.not_isolated,
        "interrupted": report.is_interrupted,
        "status": report.status,
        "meaning": _MEANINGS[report.status],
        "counts": {outcome.value: report.count(outcome) for outcome in Outcome},
        "required": sorted(report.required),
        "notes": list(report.notes),
        "map": report.inferred and brief(report.inferred),
        "look_at_first": look_at_first(report),
        "results": [
            {**dataclasses.asdict(result), "outcome": result.outcome.value, "seconds": round(result.seconds, 4)}
            for result in report.results
        ],
    }
