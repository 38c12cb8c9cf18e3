"""The class as a table and as JSON, for the instructor: hidden seeds, remarks and all. Nothing here is for students."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tinytorch_hf._version import __version__
from tinytorch_hf.grading import plain
from tinytorch_hf.grading.formats.points import points, total
from tinytorch_hf.grading.formats.tables import Value, as_csv
from tinytorch_hf.grading.gradebook import Gradebook
from tinytorch_hf.grading.journal import SCHEMA, drawn_seeds
from tinytorch_hf.grading.marks import Graded, Status
from tinytorch_hf.grading.rubric import members

GRADED, WITHHELD, UNGRADABLE = "graded", "withheld", "ungradable"


def how_it_ended(graded: Graded) -> str:
    """Whether it was graded, its points are withheld, or it is ungradable."""
    return UNGRADABLE if graded.ungradable else WITHHELD if graded.withheld else GRADED


def csv_of(book: Gradebook) -> bytes:
    """A row for each submission; of one that is ungradable, no points."""
    items = [item.name for item in book.rubric.items]
    statuses = {status: status.value.replace(" ", "_") for status in Status}
    header = ["name", "status", "score", "out_of", "percent", *statuses.values(), "reason", "remarks", *items]
    return as_csv([header, *(_row(book, graded, statuses) for graded in book.gradeds)])


def _row(book: Gradebook, graded: Graded, statuses: dict[Status, str]) -> Sequence[Value]:
    score = book.score(graded)
    if score is None:
        counts: list[Value] = [None] * len(statuses)
        items: list[Value] = [None] * len(book.rubric.items)
        return [graded.name, UNGRADABLE, None, None, None, *counts, graded.ungradable, _said(graded), *items]
    ended = [mark.status for mark in graded.marks]
    counts = [str(ended.count(status)) for status in statuses]
    percent = round(100 * score.share, 2)
    given = points(graded, book.rubric).counting
    own = {item.name for item in book.rubric.items}
    items = [
        total({name: given[name] for name in members(item.name) if name == item.name or name not in own})
        for item in book.rubric.items
    ]
    reason = graded.withheld or score.note
    shown: list[Value] = [score.points, score.out_of, percent]
    return [graded.name, how_it_ended(graded), *shown, *counts, reason, _said(graded), *items]


def _said(graded: Graded) -> str:
    return "; ".join(graded.remarks)


def json_of(book: Gradebook) -> bytes:
    """Everything, ready for a program; the same submissions give the same bytes on every machine."""
    return json.dumps(values_of(book), indent=1, ensure_ascii=False).encode() + b"\n"


def values_of(book: Gradebook) -> dict[str, Any]:
    """The same as plain values."""
    return {
        "schema": SCHEMA,
        "version": __version__,
        "title": book.rubric.title,
        "is_complete": book.is_complete,
        "judge": book.judge,
        "seeds": {
            "shown": list(book.shown_seeds),
            "hidden": list(book.hidden_seeds),
            "drawn": drawn_seeds(book.rubric.seeds, book.hidden_seeds),
        },
        "rubric": asdict(book.rubric),
        "submissions": [_submission(book, graded) for graded in book.gradeds],
        "operations": [
            {
                "operation": tally.operation,
                "module": tally.module,
                "counts": {status.value: tally.counts[status] for status in Status},
            }
            for tally in book.tallies()
        ],
        "mistakes": [asdict(mistake) for mistake in book.mistakes()],
        "may_need_help": [{"name": graded.name, "why": why} for graded, why in book.in_need_of_help()],
        "to_be_looked_at": [{"name": graded.name, "remarks": list(said)} for graded, said in book.to_be_looked_at()],
    }


def _submission(book: Gradebook, graded: Graded) -> dict[str, Any]:
    values = plain.of_graded(graded)
    # How long it took is another one each time.
    del values["seconds"]
    score = book.score(graded)
    return {
        **values,
        "status": how_it_ended(graded),
        "score": None if score is None else score.points,
        "out_of": None if score is None else score.out_of,
        "no_points": "" if score is None else score.note,
    }
