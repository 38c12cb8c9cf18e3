"""Rows as the bytes of a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from tinytorch_hf.grading.formats import texts

Value = str | float | None


def as_csv(rows: Iterable[Sequence[Value]]) -> bytes:
    """The rows in UTF-8, with line feeds; what is not known is empty, and no text is a formula for a spreadsheet."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([_cell(value) for value in row] for row in rows)
    return stream.getvalue().encode()


def _cell(value: Value) -> str:
    if isinstance(value, str):
        return texts.cell(value)
    return "" if value is None else str(value)
