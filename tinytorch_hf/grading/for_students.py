"""What a student may read of a submission, as text, JSON and JUnit XML.

Until grades are published, of a hidden operation nothing is told, not even whether it is right. Of code that is equal
to somebody else's, and of the numbers of hidden seeds, nothing is told at any time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from tinytorch_hf.grading.formats.points import is_hidden, maxima, points, total
from tinytorch_hf.grading.marks import Graded, Mark, Status
from tinytorch_hf.grading.rubric import Rubric
from tinytorch_hf.shown import printable

NOT_GRADED = "This submission could not be graded. That is not a score of zero."

_SAID = {
    Status.PASSED: "right",
    Status.FAILED: "wrong",
    Status.CONSEQUENCE: "follows from another",
    Status.UNBUILT: "not implemented yet",
    Status.UNTRIED: "could not be tried",
}
_ELEMENTS = {Status.FAILED: "failure", Status.UNBUILT: "skipped", Status.UNTRIED: "skipped"}


@dataclass(frozen=True)
class Row:
    """One operation: its mark, and its points in whole hundredths."""

    mark: Mark
    points: float
    out_of: float

    @property
    def said(self) -> str:
        """How it ended, in words."""
        return said(self.mark.status)


@dataclass(frozen=True)
class View:
    """What a student may read.

    Attributes
    ----------
    title, name
        The rubric's and the student's.
    rows
        The operations that are shown.
    later
        How many more are shown once grades are published, and what they are worth.
    refused
        Why there are no points at all; or nothing.
    ungradable
        Why it could not be graded; or nothing.
    seconds
        How long it took.
    """

    title: str
    name: str
    rows: tuple[Row, ...] = ()
    later: tuple[int, float] = (0, 0.0)
    refused: str = ""
    ungradable: str = ""
    seconds: float = 0.0

    @property
    def points(self) -> float:
        """The sum of what is shown."""
        return total({row.mark.operation: row.points for row in self.rows})

    @property
    def out_of(self) -> float:
        """The most that there is for what is shown."""
        return total({row.mark.operation: row.out_of for row in self.rows})

    @property
    def summary(self) -> str:
        """The points in words."""
        if self.ungradable:
            return NOT_GRADED
        number, more = self.later
        operations = "1 more operation" if number == 1 else f"{number} more operations"
        later = f"; {operations}, {more:g} points, shown once grades are published" if number else ""
        return f"{self.points:g} of {self.out_of:g} points{later}"

    @property
    def only_message(self) -> str:
        """What is to be said of all operations alike, as where the package does not import; or nothing."""
        messages = {row.mark.message for row in self.rows}
        return next(iter(messages)) if len(messages) == 1 and len(self.rows) > 1 else ""


def said(status: Status) -> str:
    """How an operation ended, in words."""
    return _SAID[status]


def view(graded: Graded, rubric: Rubric, *, is_published: bool) -> View:
    """What the student may read now; all operations once grades are published."""
    if graded.ungradable:
        return View(rubric.title, graded.name, ungradable=graded.ungradable, seconds=graded.seconds)
    most, given = maxima(rubric), points(graded, rubric)
    shown = [mark for mark in graded.marks if is_published or not is_hidden(mark, graded)]
    names = {mark.operation for mark in shown}
    hidden = {name: most[name] for name in most if name not in names}
    counting = given.counting if is_published else given.of
    return View(
        rubric.title,
        graded.name,
        tuple(Row(mark, counting[mark.operation], most[mark.operation]) for mark in shown),
        (len(hidden), total(hidden)),
        given.refused or (given.refused_in_secret if is_published else ""),
        seconds=graded.seconds,
    )


def as_text(shown: View) -> bytes:
    """The report as text: the points, then each module's operations, and what is to be said of those not right."""
    return "".join(f"{printable(line).rstrip()}\n" for line in _lines(shown)).encode()


def _lines(shown: View) -> Iterator[str]:
    yield from (shown.title, f"of       {shown.name}", f"points   {shown.summary}")
    if shown.ungradable or shown.refused:
        yield ""
        yield from (shown.ungradable or shown.refused).split("\n")
    if shown.only_message:
        yield from ("", *shown.only_message.split("\n"))
    width = max((len(row.mark.operation) for row in shown.rows), default=0)
    for module in dict.fromkeys(row.mark.module for row in shown.rows):
        yield from ("", module)
        for row in shown.rows:
            if row.mark.module == module:
                code = f"  [{row.mark.code}]" if row.mark.code else ""
                out_of = f"{row.points:g} of {row.out_of:g}"
                yield f"  {row.said:<20}  {row.mark.operation:<{width}}  {out_of}{code}"
                message = "" if shown.only_message else row.mark.message
                yield from (f"      {line}" for line in message.split("\n") if line)


def as_json(shown: View) -> bytes:
    """The report as JSON; without a score where it could not be graded."""
    values: dict[str, Any] = {
        "title": shown.title,
        "name": shown.name,
        "score": None if shown.ungradable else shown.points,
        "out_of": None if shown.ungradable else shown.out_of,
        "ungradable": shown.ungradable,
        "no_points": shown.refused,
        "shown_later": {"operations": shown.later[0], "points": shown.later[1]},
        "operations": [
            {
                "operation": row.mark.operation,
                "module": row.mark.module,
                "status": row.mark.status.value,
                "points": row.points,
                "out_of": row.out_of,
                "message": row.mark.message,
                "code": row.mark.code,
                "follows": list(row.mark.follows),
                "hidden": row.mark.is_hidden,
                "required": row.mark.is_required,
            }
            for row in shown.rows
        ],
    }
    return json.dumps(values, indent=2, ensure_ascii=False).encode() + b"\n"


def as_junit(shown: View) -> bytes:
    """The report as JUnit XML: a suite for each module, a test for each operation; one error if it is ungradable."""
    root = ElementTree.Element("testsuites", {"name": printable(shown.title), "time": f"{shown.seconds:.3f}"})
    if shown.ungradable:
        suite = _suite(root, "submission", tests=1, failures=0, errors=1, skipped=0)
        case = ElementTree.SubElement(suite, "testcase", {"classname": "submission", "name": "can be graded"})
        found = ElementTree.SubElement(case, "error", {"message": NOT_GRADED, "type": "ungradable"})
        found.text = _clean(shown.ungradable)
    for module in dict.fromkeys(row.mark.module for row in shown.rows):
        rows = [row for row in shown.rows if row.mark.module == module]
        kinds = [_ELEMENTS.get(row.mark.status, "") for row in rows]
        suite = _suite(root, module, len(rows), kinds.count("failure"), 0, kinds.count("skipped"))
        for row, kind in zip(rows, kinds, strict=True):
            _add_case(suite, row, kind)
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _suite(
    root: ElementTree.Element, name: str, tests: int, failures: int, errors: int, skipped: int
) -> ElementTree.Element:
    counts = {"tests": tests, "failures": failures, "errors": errors, "skipped": skipped}
    return ElementTree.SubElement(root, "testsuite", {"name": name, **{key: str(n) for key, n in counts.items()}})


def _add_case(suite: ElementTree.Element, row: Row, kind: str) -> None:
    mark = row.mark
    case = ElementTree.SubElement(suite, "testcase", {"classname": f"tinytorch.{mark.module}", "name": mark.operation})
    properties = ElementTree.SubElement(case, "properties")
    for name, value in (("points", f"{row.points:g}"), ("out_of", f"{row.out_of:g}")):
        ElementTree.SubElement(properties, "property", {"name": name, "value": value})
    if kind:
        message = _clean(mark.message.partition("\n")[0]) or row.said
        found = ElementTree.SubElement(case, kind, {"message": message, "type": mark.code or row.said})
        found.text = _clean(mark.message)
    elif mark.message:
        ElementTree.SubElement(case, "system-out").text = _clean(mark.message)


def _clean(text: str) -> str:
    """What XML cannot hold, as Python writes it; lines stay."""
    return "\n".join(map(printable, text.split("\n")))
