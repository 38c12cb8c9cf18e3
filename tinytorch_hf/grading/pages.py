"""HTML pages of a class: one for each student, one of each for the instructor, and one of them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tinytorch_hf.grading.for_students import Row, View, said, view
from tinytorch_hf.grading.for_the_class import GRADED, how_it_ended
from tinytorch_hf.grading.gradebook import Gradebook, Mistake
from tinytorch_hf.grading.marks import Graded, Status
from tinytorch_hf.reports.html import blocks

if TYPE_CHECKING:
    from markupsafe import Markup as Block

    Link = Callable[[str], Block]

_TONES: Mapping[Status, blocks.Tone] = {
    Status.PASSED: "good",
    Status.FAILED: "bad",
    Status.CONSEQUENCE: "warn",
    Status.UNBUILT: "plain",
    Status.UNTRIED: "warn",
}
# Of the columns of the class, where long words would take the place of the note.
_HEADINGS = {
    Status.PASSED: "Right",
    Status.FAILED: "Wrong",
    Status.CONSEQUENCE: "Follows",
    Status.UNBUILT: "Unwritten",
    Status.UNTRIED: "Untried",
}
_MOST_NAMED = 12
_MOST_MISTAKES = 30
_SEEN = "What was seen under a hidden seed, for the instructor alone:"


def of_student(shown: View) -> str:
    """What a student may read."""
    return blocks.page(f"{shown.title}: {shown.name}", *_operations(shown), badge=_verdict(shown), lead=shown.summary)


def of_graded(book: Gradebook, graded: Graded, everything: View) -> str:
    """Everything about one submission, for the instructor."""
    score = book.score(graded)
    hidden = [mark.operation for mark in graded.marks if mark.is_hidden]
    facts: list[tuple[str, str | Block]] = [
        ("Points", "none: it could not be graded" if score is None else str(score)),
        ("Content", blocks.name(graded.digest) if graded.digest else "not read"),
        ("Time", f"{graded.seconds:g} s"),
    ]
    facts += [("Hidden", ", ".join(hidden))] if hidden else []
    body = [blocks.facts(facts)]
    if graded.withheld:
        body.append(blocks.paragraph(f"Withheld: {graded.withheld}", "note"))
    if graded.remarks:
        body.append(blocks.section("To be looked at", blocks.listing(graded.remarks)))
    return blocks.page(
        f"{everything.title}: {graded.name}",
        *body,
        *_operations(everything, is_for_instructor=True),
        badge=_verdict(everything),
        lead="For the instructor: hidden operations and remarks are in it.",
    )


def of_class(book: Gradebook, files: Mapping[str, str]) -> str:
    """The class: who passed what, the commonest mistakes, who needs help.

    Parameters
    ----------
    book
        What the class gets.
    files
        For each submission's name the page about it, as a path beside this one.
    """
    return _class_page(book, lambda name: blocks.link(name, files[name]))


def of_class_in_one(book: Gradebook, command: str, versions: Mapping[str, str]) -> str:
    """The class and what is to be said of each submission, on one page that leads to no other.

    Parameters
    ----------
    book
        What the class gets.
    command
        What grades the class again.
    versions
        Names of what took part, with their releases.
    """
    return _class_page(
        book,
        lambda name: blocks.link(name, section=_anchor(name)),
        ("Each submission", "each", [_folded(book, graded) for graded in book.gradeds]),
        ("How to get this again", "again", [blocks.code(command), blocks.facts(versions.items())]),
    )


def _class_page(book: Gradebook, link: Link, *more: tuple[str, str, list[Block]]) -> str:
    parts = [
        ("Submissions", "submissions", [_submissions(book, link)]),
        ("Who may need help", "help", list(_help(book, link))),
        ("To be looked at", "remarks", list(_remarks(book, link))),
        ("Commonest mistakes", "mistakes", list(_mistakes(book, link))),
        ("Who passed what", "operations", list(_tallies(book))),
        *more,
        ("How it was graded", "conditions", [_conditions(book)]),
    ]
    n_graded = sum(not graded.ungradable for graded in book.gradeds)
    lead = f"{len(book.gradeds)} submissions, {n_graded} of them graded. For the instructor alone."
    return blocks.page(
        book.rubric.title,
        *(blocks.section(text, *body, anchor=anchor) for text, anchor, body in parts),
        badge=None if book.is_complete else blocks.badge("interrupted: some submissions are missing", "warn"),
        lead=lead,
        contents=[(text, anchor) for text, anchor, _ in parts],
    )


def _folded(book: Gradebook, graded: Graded) -> Block:
    """A submission in one block: what is not right in it, and why."""
    shown = view(graded, book.rubric, is_published=True)
    rows = [row for row in shown.rows if row.mark.status is not Status.PASSED]
    rows.sort(key=lambda row: row.mark.status is not Status.FAILED)
    body = [blocks.paragraph(f"Withheld: {graded.withheld}", "note")] if graded.withheld else []
    body += [blocks.listing(graded.remarks)] if graded.remarks else []
    body += _of_all(shown)
    if rows and not shown.only_message:
        body += [_table(rows), *_explained(rows, True)]
    if shown.rows:
        body.append(blocks.paragraph(f"Right are {len(shown.rows) - len(rows)} of {len(shown.rows)} operations."))
    summary = blocks.joined(blocks.name(graded.name), " ", _verdict(shown))
    return blocks.details(summary, *body, anchor=_anchor(graded.name))


def _anchor(name: str) -> str:
    return blocks.anchor("submission", name)


def _verdict(shown: View) -> Block:
    if shown.ungradable:
        return blocks.badge("not graded", "warn")
    share = shown.points / shown.out_of if shown.out_of else 1.0
    return blocks.badge(
        f"{shown.points:g} of {shown.out_of:g}", "good" if share == 1.0 else "plain" if share else "bad"
    )


def _operations(shown: View, *, is_for_instructor: bool = False) -> Iterator[Block]:
    yield from _of_all(shown)
    for module in dict.fromkeys(row.mark.module for row in shown.rows):
        rows = [row for row in shown.rows if row.mark.module == module]
        explained = [] if shown.only_message and not is_for_instructor else _explained(rows, is_for_instructor)
        yield blocks.section(module, _table(rows), *explained)


def _of_all(shown: View) -> Iterator[Block]:
    """What is to be said of all operations alike."""
    if shown.ungradable or shown.refused:
        yield blocks.paragraph(shown.ungradable or shown.refused, "note")
    if shown.only_message:
        yield blocks.code(shown.only_message)


def _table(rows: Sequence[Row]) -> Block:
    return blocks.table(("Operation", "Verdict", "Points"), [_row(row) for row in rows], right=("Points",))


def _row(row: Row) -> list[str | Block]:
    verdict = blocks.badge(row.said, _TONES[row.mark.status])
    return [blocks.name(row.mark.operation), verdict, f"{row.points:g} of {row.out_of:g}"]


def _explained(rows: Sequence[Row], is_for_instructor: bool) -> Iterator[Block]:
    """What is to be said of operations that are not right; those with one reason together."""
    by_reason: dict[tuple[str, str, str, Status], list[str]] = {}
    for row in rows:
        mark = row.mark
        if mark.message or (is_for_instructor and mark.for_instructor):
            reason = mark.message, mark.code, mark.for_instructor, mark.status
            by_reason.setdefault(reason, []).append(mark.operation)
    for (message, code, private, status), names in by_reason.items():
        heading = blocks.joined(blocks.name(", ".join(names)), f"  {code}" if code else "")
        body = [blocks.code(message)] if message else []
        if private and is_for_instructor:
            body += [blocks.paragraph(_SEEN), blocks.code(private)]
        yield blocks.details(heading, *body, is_open=status is Status.FAILED)


def _submissions(book: Gradebook, link: Link) -> Block:
    rows: list[list[str | Block]] = []
    for graded in book.gradeds:
        score = book.score(graded)
        counts = [sum(mark.status is status for mark in graded.marks) for status in _HEADINGS]
        said: list[str | Block] = []
        if how_it_ended(graded) != GRADED:
            said += [blocks.badge(how_it_ended(graded), "warn"), " "]
        said.append(_first_sentence(graded.ungradable or graded.withheld or ("" if score is None else score.note)))
        rows.append(
            [
                link(graded.name),
                "" if score is None else f"{score.points:g}",
                *("" if score is None else str(count) for count in counts),
                blocks.joined(*said),
            ]
        )
    columns = ("Student", "Points", *_HEADINGS.values(), "Note")
    return blocks.table(columns, rows, caption=f"Points are out of {book.rubric.out_of:g}.", right=columns[1:-1])


def _first_sentence(text: str) -> str:
    start, end, _ = text.partition("\n")[0].partition(". ")
    return start + end.strip()


def _help(book: Gradebook, link: Link) -> Iterator[Block]:
    rows = [[link(graded.name), _first_sentence(why)] for graded, why in book.in_need_of_help()]
    if rows:
        caption = "Who has less than half of the points, and whose submission could not be graded."
        yield blocks.table(("Student", "Why"), rows, caption=caption)
    else:
        yield blocks.paragraph("Everybody has half of the points or more.")


def _remarks(book: Gradebook, link: Link) -> Iterator[Block]:
    rows = [[link(graded.name), blocks.listing(remarks)] for graded, remarks in book.to_be_looked_at()]
    if rows:
        yield blocks.table(("Student", "What"), rows)
    else:
        yield blocks.paragraph("Nothing.")
    if book.ignored:
        names = ", ".join(book.ignored)
        yield blocks.paragraph(f"Ignored files, which are neither a zip nor a .py file: {names}", "quiet")


def _mistakes(book: Gradebook, link: Link) -> Iterator[Block]:
    found = book.mistakes()
    if not found:
        yield blocks.paragraph("None.")
        return
    columns = ("Mistake", "Code", "Where", "Submissions", "Whose")
    rows = [_mistake(one, link) for one in found[:_MOST_MISTAKES]]
    yield blocks.table(columns, rows, right=("Submissions",))
    if len(found) > _MOST_MISTAKES:
        yield blocks.paragraph(f"{len(found) - _MOST_MISTAKES} more are in gradebook.json.", "quiet")


def _mistake(one: Mistake, link: Link) -> list[str | Block]:
    whose = [link(name) for name in one.names[:_MOST_NAMED]]
    more = [f"{len(one.names) - _MOST_NAMED} more"] if len(one.names) > _MOST_NAMED else []
    names = _listed([*whose, *more])
    operations = ", ".join(one.operations[:4]) + (f" and {len(one.operations) - 4} more" if one.operations[4:] else "")
    return [one.sentence, blocks.name(one.code) if one.code else "", operations, str(len(one.names)), names]


def _listed(parts: Sequence[str | Block]) -> Block:
    """Texts and blocks with commas between them."""
    between = [entry for part in parts for entry in (", ", part)]
    return blocks.joined(*between[1:])


def _tallies(book: Gradebook) -> Iterator[Block]:
    tallies = book.tallies()
    for module in dict.fromkeys(tally.module for tally in tallies):
        rows = []
        for tally in tallies:
            total = sum(tally.counts.values())
            if tally.module == module and total:
                right = tally.counts[Status.PASSED]
                others = [f"{n} {said(status)}" for status, n in sorted(tally.counts.items(), key=_by_count) if n]
                tone: blocks.Tone = "good" if right > total / 2 else "bad"
                rows.append(blocks.Bar(blocks.name(tally.operation), right / total, ", ".join(others), tone))
        if rows:
            yield blocks.heading(module)
            yield blocks.bars(("Operation", "How it ended"), rows)


def _by_count(entry: tuple[Status, int]) -> tuple[bool, int]:
    status, count = entry
    return status is not Status.PASSED, -count


def _conditions(book: Gradebook) -> Block:
    limits = book.rubric.limits
    required = ", ".join(book.rubric.required)
    return blocks.facts(
        [
            ("Judge", book.judge),
            (
                "Seeds",
                f"{', '.join(map(str, book.shown_seeds)) or 'none'}; hidden: {', '.join(map(str, book.hidden_seeds))}",
            ),
            ("Required", required or "nothing"),
            (
                "Limits",
                f"{limits.operation_seconds:g} s for an operation, {limits.total_seconds:g} s for all, "
                f"{limits.memory / 1e9:.3g} GB of memory",
            ),
        ]
    )
