"""What a notebook shows of a dataset and of a split: a table, in which every word is text."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tinytorch_hf.shown import printable

if TYPE_CHECKING:
    from tinytorch_hf.catalog.facts import DatasetInfo


def facts_table(dataset: DatasetInfo) -> str:
    """The facts that a reader asks for first."""
    rows = [
        ("what it is", dataset.summary),
        ("splits", ", ".join(f"{split.name} ({split.n_samples} samples)" for split in dataset.splits)),
        *((f"column {one.name}", f"{_type(one.dtype, one.shape)}  {one.description}") for one in dataset.columns),
        ("classes", ", ".join(dataset.classes)),
        ("licence", f"{dataset.license}. {dataset.license_note}"),
        ("source", ", ".join(filter(None, (dataset.source, dataset.source_url)))),
        ("fingerprint", dataset.fingerprint),
    ]
    return table(f"{dataset.title} {dataset.version}", [row for row in rows if row[1]])


def table(caption: str, rows: Iterable[Sequence[str]], head: Sequence[str] = ()) -> str:
    """A table in HTML with a caption; the first cell of each row says what the row is about."""
    lines = [_row(["th"] * len(head), head)] if head else []
    lines += [_row(["th", *["td"] * (len(row) - 1)], row) for row in rows]
    return f"<table><caption>{_text(caption)}</caption>{''.join(lines)}</table>"


def _row(tags: Sequence[str], cells: Sequence[str]) -> str:
    cells_of = (f'<{tag} style="text-align:left">{_text(cell)}</{tag}>' for tag, cell in zip(tags, cells, strict=True))
    return f"<tr>{''.join(cells_of)}</tr>"


def _text(text: str) -> str:
    return html.escape(printable(text).strip())


def _type(dtype: str, shape: Sequence[int]) -> str:
    return f"{dtype} {list(shape)}" if shape else dtype
