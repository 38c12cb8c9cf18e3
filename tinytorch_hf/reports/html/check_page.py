"""A report of the battery as a page: faults that come first, what follows from them, and every other operation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tinytorch_hf.judging.results import UNKNOWN, WRONG, Outcome, Report, Result, Shown
from tinytorch_hf.reports import operations_table
from tinytorch_hf.reports.alone import runnable
from tinytorch_hf.reports.html import blocks
from tinytorch_hf.reports.html.blocks import Bar

if TYPE_CHECKING:
    from markupsafe import Markup as Block

# Gives the command that runs one operation alone.
Alone = Callable[[str], str]

_TONES: Mapping[Outcome, blocks.Tone] = {
    Outcome.AGREES: "good",
    Outcome.DIFFERS: "bad",
    Outcome.CRASHES: "bad",
    Outcome.MISSING: "plain",
    Outcome.UNTRIED: "warn",
}
_OF_STATUS: Mapping[int, tuple[str, blocks.Tone]] = {
    0: ("agrees", "good"),
    1: ("something is wrong", "bad"),
    3: ("something is not known", "warn"),
    130: ("interrupted", "warn"),
}


def check_page(report: Report, command: str, alone: Alone, versions: Mapping[str, str]) -> str:
    """The page.

    Parameters
    ----------
    report
        What the battery found, with `Report.shown`.
    command
        What does the same again.
    alone
        Gives the command that does the same for one operation.
    versions
        Names of what took part, with their releases.

    Raises
    ------
    MissingExtraError
        jinja2 is not installed.
    """
    roots = report.roots
    names = {result.name for result in roots}
    following = [result for result in report.results if result.outcome in WRONG and result.name not in names]
    parts: list[tuple[str, str, list[Block]]] = []
    if roots:
        parts.append(("first", "Look at these first", [_entry(report, one, alone, True) for one in roots]))
    if following:
        parts.append(("follows", "What follows from them", [_entry(report, one, alone) for one in following]))
    unknown = [result for result in report.results if result.outcome in UNKNOWN]
    if unknown:
        parts.append(("unknown", "Not implemented, or not tried", list(_by_module(report, unknown, alone))))
    agreeing = [result for result in report.results if result.outcome is Outcome.AGREES]
    if agreeing:
        parts.append(("right", "What agrees", list(_by_module(report, agreeing, alone))))
    parts.append(("modules", "By module of the course", [_bars(report)]))
    parts.append(("again", "How to get this again", [blocks.code(command), _facts(report, versions)]))
    notes = [report.not_isolated] * bool(report.not_isolated) + list(report.notes)
    words, tone = _OF_STATUS[report.status]
    return blocks.page(
        f"{report.package}: every operation beside PyTorch",
        *(blocks.paragraph(note, "note") for note in notes),
        *(blocks.section(heading, *body, anchor=anchor) for anchor, heading, body in parts),
        badge=blocks.badge(words, tone),
        lead=f"{operations_table.summary(report)}. {_sentence(operations_table.meaning(report))}",
        contents=[(heading, anchor) for anchor, heading, _ in parts],
    )


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _by_module(report: Report, results: Sequence[Result], alone: Alone) -> Iterator[Block]:
    for module in dict.fromkeys(result.module for result in results):
        yield blocks.heading(module)
        yield from (_entry(report, result, alone) for result in results if result.module == module)


def _entry(report: Report, result: Result, alone: Alone, is_open: bool = False) -> Block:
    """One operation, folded up to its name and verdict unless it is open."""
    shown = report.shown.get(result.name, Shown())
    about = "" if result.outcome is Outcome.AGREES else result.cause or result.detail.split("\n")[0]
    summary = blocks.joined(
        blocks.name(result.name),
        " ",
        blocks.badge(result.outcome.value, _TONES[result.outcome]),
        f" {about}" if about else "",
    )
    body = [*_described(report, result), *_sides(shown), *_lines(result, shown, alone, report.folder)]
    return blocks.details(summary, *body, is_open=is_open, anchor=blocks.anchor("of", result.name))


def _described(report: Report, result: Result) -> Iterator[Block]:
    known = {each.name for each in report.results}
    rows: list[tuple[str, str | Block]] = []
    if result.detail:
        rows.append(("Seen", result.detail))
    if result.expression:
        rows.append(("Computing", blocks.name(result.expression)))
    if result.where:
        rows.append(("At", operations_table.short_place(result.where, report.location)))
    if result.call:
        rows.append(("Built by" if result.outcome is Outcome.DIFFERS else "Called as", blocks.name(result.call)))
    if result.cause:
        code = blocks.joined(" ", blocks.name(result.code)) if result.code else ""
        rows.append(("Likely cause", blocks.joined(result.cause, code)))
    if result.hint:
        rows.append(("Hint", result.hint))
    for name, others in (("Follows from", result.follows), ("May have one cause with", result.together)):
        linked = [blocks.link(other, section=blocks.anchor("of", other)) for other in others if other in known]
        if linked:
            rows.append((name, blocks.joined(*_with_commas(linked))))
    if result.shared:
        rows.append(("Both run", ", ".join(result.shared)))
    rows += [("Note", note) for note in result.notes]
    if rows:
        yield blocks.facts(rows)


def _with_commas(parts: Sequence[Block]) -> Iterator[str | Block]:
    for number, part in enumerate(parts):
        if number:
            yield ", "
        yield part


def _sides(shown: Shown) -> Iterator[Block]:
    """How it was called, on what, and both results."""
    if shown.calls:
        yield blocks.paragraph("Called as:")
        yield blocks.code("\n".join(call.replace("; ", "  # ", 1) for call in shown.calls))
    if shown.inputs:
        yield blocks.table(["input", "what it is"], shown.inputs, caption="Inputs")
    if shown.rows:
        rows = [
            [row.what, row.at, row.tinytorch, row.pytorch, "" if row.is_right else blocks.badge("differs", "bad")]
            for row in shown.rows
        ]
        columns = ["result", "at", "TinyTorch", "PyTorch", "verdict"]
        caption = "Results: each at the place where it is furthest off, or at its first value that is not zero"
        yield blocks.table(columns, rows, right=("TinyTorch", "PyTorch"), caption=caption)


def _lines(result: Result, shown: Shown, alone: Alone, folder: str) -> Iterator[Block]:
    """Lines to run."""
    if result.snippet:
        yield blocks.paragraph("These lines show it:")
        yield blocks.code("\n".join(runnable(result.snippet, folder)))
    elif shown.lines:
        is_shown = shown.example_agrees is (result.outcome is Outcome.AGREES)
        words = (
            "A small example, with both results:"
            if is_shown
            else "On a small example, both agree:"
            if shown.example_agrees
            else "A small example that differs:"
        )
        yield blocks.paragraph(blocks.joined(blocks.name(shown.expression), f": {words[0].lower()}{words[1:]}"))
        yield blocks.code("\n".join(runnable("\n".join(shown.lines), folder)))
    if not result.snippet and (not shown.lines or shown.example_agrees is not (result.outcome is Outcome.AGREES)):
        yield blocks.paragraph("This runs it alone, on these inputs:")
        yield blocks.code(alone(result.name))


def _bars(report: Report) -> Block:
    rows = []
    for module in dict.fromkeys(result.module for result in report.results):
        of_module = [result for result in report.results if result.module == module]
        n_right = sum(result.outcome is Outcome.AGREES for result in of_module)
        n_wrong = sum(result.outcome in WRONG for result in of_module)
        tone: blocks.Tone = "bad" if n_wrong else "good" if n_right == len(of_module) else "plain"
        wrong = f", {n_wrong} wrong" if n_wrong else ""
        rows.append(Bar(module, n_right / len(of_module), f"{n_right} of {len(of_module)} agree{wrong}", tone))
    return blocks.bars(("module", "operations"), rows)


def _facts(report: Report, versions: Mapping[str, str]) -> Block:
    return blocks.facts(
        [
            ("Package", report.package),
            ("Folder", report.location),
            ("PyTorch's side", operations_table.judge_in_words(report)),
            *versions.items(),
        ]
    )
