"""What a submission got as plain values, ready for JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tinytorch_hf.grading.code_prints import CodePrint
from tinytorch_hf.grading.marks import Graded, Mark, Status
from tinytorch_hf.grading.one import Entry


def of_graded(graded: Graded) -> dict[str, Any]:
    """What a submission got; `graded_of` makes it again."""
    values = asdict(graded)
    return {
        "name": values.pop("name"),
        "score": None if graded.ungradable else graded.score,
        "out_of": graded.out_of,
        **values,
        "marks": [of_mark(mark) for mark in graded.marks],
    }


def of_mark(mark: Mark) -> dict[str, Any]:
    """One operation."""
    return {**asdict(mark), "status": mark.status.value}


def graded_of(values: Mapping[str, Any]) -> Graded:
    """What a submission got, of values that `of_graded` made; any exception where they are others."""
    return Graded(
        name=str(values["name"]),
        digest=str(values["digest"]),
        marks=tuple(
            Mark(**{**mark, "status": Status(mark["status"]), "follows": tuple(mark["follows"])})
            for mark in values["marks"]
        ),
        ungradable=str(values["ungradable"]),
        remarks=tuple(map(str, values["remarks"])),
        withheld=str(values["withheld"]),
        seconds=float(values["seconds"]),
    )


def of_entry(entry: Entry) -> dict[str, Any]:
    """A submission with its fingerprints; `entry_of` makes it again."""
    return {"graded": of_graded(entry.graded), "prints": [asdict(one) for one in entry.prints]}


def entry_of(values: Mapping[str, Any]) -> Entry:
    """A submission, of values that `of_entry` made; any exception where they are others."""
    return Entry(graded_of(values["graded"]), tuple(CodePrint(**one) for one in values["prints"]))
