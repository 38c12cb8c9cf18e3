"""What pages show of files without facts: rows to choose from, their pictures, charts and statistics."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, StorageError, UnknownNameError, printable
from tinytorch_hf.mirror import charts, glimpses, rows, thumbnails
from tinytorch_hf.mirror.markup import Element, element, pairs, table
from tinytorch_hf.mirror.repositories import Repository
from tinytorch_hf.mirror.rows import Column, ColumnKind, NoRowsError, Part
from tinytorch_hf.mirror.sample_pages import form, paging, select
from tinytorch_hf.mirror.samples import PER_PAGE, whole_number

_MOST_SHOWN = 600
_MOST_OPTIONS = 30
_ROWS_PER_PAGE = 24
_TOO_LARGE = 1 << 1000
_MOST_SERIES, _MOST_CHARTS = 3, 12
# A table of more, or longer, is none that one likes to read.
_MOST_COLUMNS, _SHORT = 8, 40


def configs(repository: Repository) -> tuple[str, ...]:
    """The configurations that `load_dataset` finds, () if none."""
    try:
        return tuple(rows.layout(repository))
    except NoRowsError:
        return ()


def glimpse(repository: Repository) -> list[Element]:
    """What is shown of it among others, if it has been looked at before."""
    found = glimpses.known(repository)
    if found is None:
        return []
    told = element("p", f"{found.words} Columns: {', '.join(found.columns)}.", class_="quiet")
    if not found.sheet:
        return [told]
    what = f"Some of the pictures of {repository.id}"
    image = element("img", src=f"/pictures/{quote(repository.id)}.png", alt=what, loading="lazy")
    return [element("div", image, class_="sheet"), told]


def body(address: str, repository: Repository, query: Mapping[str, str]) -> list[Element | None]:
    """Rows that a visitor chose, charts and statistics; or why there are none.

    Raises
    ------
    UnknownNameError, InvalidArgumentError
        There is no such choice.
    """
    try:
        found = rows.layout(repository)
        config = query.get("config") or rows.first(repository)[0]
        splits = found.get(config, ())
        split = query.get("split") or next(iter(splits), "")
        part = rows.part(repository, config, split)
    except NoRowsError as problem:
        return [element("p", f"No samples are shown: {problem}.", class_="note")]
    filters = filters_of(part)
    chosen = {place: whole_number(f"by{place}", query[f"by{place}"]) for place in filters if query.get(f"by{place}")}
    number = whole_number("page", query.get("page") or "1")
    # Without a choice to all rows there are; by a choice among those that were looked at.
    places: Sequence[int] = range(part.n_rows)
    if chosen:
        places = [place for place, row in enumerate(part.rows) if _meets(row, part, filters, chosen)]
    per_page = PER_PAGE if _has_pictures(part) else _ROWS_PER_PAGE
    n_pages = max(1, -(-len(places) // per_page))
    if not 1 <= number <= n_pages:
        raise UnknownNameError("page numbered", number, [f"1 to {n_pages}"])
    wanted = places[(number - 1) * per_page : number * per_page]
    try:
        shown = {place: part.rows[place] for place in wanted if chosen}
        if wanted and not chosen:
            shown = dict(zip(wanted, part.at(wanted[0], len(wanted)), strict=False))
    except (CorruptFileError, StorageError) as problem:
        return [element("p", f"No samples are shown: {problem}", class_="note")]
    selects = [
        *([select("config", {name: name for name in found}, config, "configuration")] if len(found) > 1 else []),
        select("split", {name: name for name in splits}, split),
        *(_select(part.columns[place], place, values, chosen) for place, values in filters.items()),
    ]
    kept = {"config": config, "split": split, **{f"by{place}": value for place, value in chosen.items()}}
    count = f"{_rows(part, len(places), bool(chosen))}, page {number} of {n_pages}." if places else "No such row."
    return [
        _charts(repository, config, split, part),
        element("h2", "Samples", id="samples"),
        form(address, *selects),
        element("p", f"{count} {_how_much(part)}".strip(), class_="quiet"),
        _shown(repository, config, split, part, shown),
        paging(address, kept, number, n_pages),
        *_statistics(repository, part),
    ]


def _rows(part: Part, n: int, is_chosen: bool) -> str:
    """How many rows can be paged through, and of how many, where these are not all."""
    if part.is_whole or (part.table is not None and not is_chosen):
        return f"{n:,} rows"
    return f"{n:,} of {_looked_at(part)}" if is_chosen else _looked_at(part).capitalize()


def _how_much(part: Part) -> str:
    return "" if part.is_whole else f"Choices, charts and statistics are of {_looked_at(part)}."


def _looked_at(part: Part) -> str:
    return f"the first {len(part.rows):,} rows"


def filters_of(part: Part) -> dict[int, list[Any]]:
    """The columns by which rows can be chosen, by position, with their values: those that have few."""
    found = {}
    for place, column in enumerate(part.columns):
        if column.kind not in ("class", "flag", "text", "number"):
            continue
        values = set(_known(part, column))
        is_few = 1 < len(values) <= _MOST_OPTIONS and len(part.rows) >= 3 * len(values)
        is_whole = column.kind != "number" or all(float(value).is_integer() for value in values)
        is_short = column.kind != "text" or all(len(value) <= 40 for value in values)
        if is_few and is_whole and is_short:
            found[place] = sorted(values)
    return found


def _meets(row: Mapping[str, Any], part: Part, filters: Mapping[int, list[Any]], chosen: Mapping[int, int]) -> bool:
    for place, number in chosen.items():
        values = filters[place]
        if number >= len(values) or row.get(part.columns[place].name) != values[number]:
            return False
    return True


def _select(column: Column, place: int, values: Sequence[Any], chosen: Mapping[int, int]) -> Element:
    named = {str(number): _named(column, value) for number, value in enumerate(values)}
    return select(f"by{place}", {"": "all", **named}, str(chosen.get(place, "")), column.name)


def _named(column: Column, value: Any) -> str:
    if column.kind == "class" and isinstance(value, int) and 0 <= value < len(column.names):
        return column.names[value]
    return shown_value(value)


def shown_value(value: Any) -> str:
    """A value in a few words."""
    if value is None:
        return "(nothing)"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    text = value if isinstance(value, str) else _json(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]} … ({len(text):,} characters)"


def _json(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return json.dumps(value, ensure_ascii=False, default=lambda other: printable(str(other))[:_MOST_SHOWN])


def _has_pictures(part: Part) -> bool:
    return any(column.kind == "image" for column in part.columns)


def _shown(
    repository: Repository, config: str, split: str, part: Part, shown: Mapping[int, Mapping[str, Any]]
) -> Element:
    """Rows as pictures; where all values are short, as a table; else as cards."""
    if _has_pictures(part):
        cards = [_row(repository, config, split, part, place, row) for place, row in shown.items()]
        return element("ul", *cards, class_="samples photos")
    cells = [
        (f"[{place}]", *(_named(column, row.get(column.name)) for column in part.columns))
        for place, row in shown.items()
    ]
    if len(part.columns) <= _MOST_COLUMNS and all(len(cell) <= _SHORT for row in cells for cell in row):
        return table(cells, ("row", *(column.name for column in part.columns)))
    cards = [_row(repository, config, split, part, place, row) for place, row in shown.items()]
    return element("ul", *cards, class_="samples texts")


def _row(repository: Repository, config: str, split: str, part: Part, place: int, row: Mapping[str, Any]) -> Element:
    columns = list(enumerate(part.columns))
    images = [number for number, column in columns if column.kind == "image" and row.get(column.name) is not None]
    values = [(column.name, _named(column, row.get(column.name))) for _, column in columns if column.kind != "image"]
    if _has_pictures(part):
        seen = [
            element("span", f"The picture of row {place} is damaged.", class_="note")
            if thumbnails.is_damaged(repository, row.get(part.columns[number].name))
            else _picture(repository, config, split, place, number)
            for number in images
        ]
        words = ", ".join(value[:80] for _, value in values[:3])
        return element("li", *seen, f"[{place}] {words}".rstrip())
    return element("li", element("strong", f"[{place}]"), pairs(values))


def _picture(repository: Repository, config: str, split: str, place: int, column: int) -> Element:
    query = urlencode({"config": config, "split": split, "row": place, "column": column})
    address = f"/cells/{quote(repository.id)}?{query}"
    return element("img", src=address, alt=f"picture of row {place}", loading="lazy")


def cell(repository: Repository, query: Mapping[str, str]) -> bytes | None:
    """A picture of one row, small; None where there is none.

    Raises
    ------
    UnknownNameError, InvalidArgumentError, NoRowsError
        There is no such row.
    """
    if repository.dataset is not None:
        return None
    part = rows.part(repository, query.get("config", ""), query.get("split", ""))
    place, column = (whole_number(name, query.get(name) or "0") for name in ("row", "column"))
    if place >= part.n_rows or column >= len(part.columns) or part.columns[column].kind != "image":
        raise InvalidArgumentError("There is no picture in this row and column.")
    return thumbnails.of(repository, part.at(place, 1)[0].get(part.columns[column].name))


def _charts(repository: Repository, config: str, split: str, part: Part) -> Element | None:
    """How many rows there are of each value of a column with few, in each split, and how other values are spread."""
    parts = {split: part}
    for other in rows.layout(repository)[config][:_MOST_SERIES]:
        if len(parts) < _MOST_SERIES:
            parts.setdefault(other, rows.part(repository, config, other))
    # In the order of the splits.
    parts = {name: parts[name] for name in rows.layout(repository)[config] if name in parts}
    filters, drawn = filters_of(part), list[Element | None]()
    for place, column in enumerate(part.columns):
        known = _known(part, column)
        if place in filters:
            counted = [Counter(_known(one, column)) for one in parts.values()]
            values = {_named(column, value): [of[value] for of in counted] for value in filters[place]}
            drawn.append(charts.counts(f"Rows by {column.name}", values, list(parts)))
        elif column.kind == "number":
            drawn.append(charts.histogram(f"{column.name}, {split}", known))
        elif column.kind == "text":
            drawn.append(charts.histogram(f"Characters in {column.name}, {split}", [len(text) for text in known]))
    shown = [chart for chart in drawn if chart is not None][:_MOST_CHARTS]
    return element("div", *shown, class_="charts") if shown else None


def _known(part: Part, column: Column) -> list[Any]:
    """The values of a column that are there, and are what the column's are."""
    values = (row.get(column.name) for row in part.rows)
    return [value for value in values if value is not None and _is_of(column.kind, value)]


def _is_of(kind: ColumnKind, value: Any) -> bool:
    if kind == "text":
        return isinstance(value, str)
    if kind in ("class", "flag", "number"):
        # JSON has whole numbers that no float holds.
        return isinstance(value, float) or (isinstance(value, int) and abs(value) < _TOO_LARGE)
    return True


def _statistics(repository: Repository, part: Part) -> Iterator[Element]:
    measured = [_measured(column, part) for column in part.columns]
    for told, column in zip(measured, part.columns, strict=True):
        if column.kind == "image":
            known = _known(part, column)
            n, n_looked = thumbnails.n_damaged(repository, known)
            told["damaged"] = f"{n:,}" if n_looked == len(known) else f"{n:,} of the first {n_looked:,}"
            if n:
                words = "picture is" if n == 1 else "pictures are"
                yield element("p", f"In the column {column.name} {n:,} {words} damaged.", class_="note")
    keys = list(dict.fromkeys(key for one in measured for key in one))
    cells = [
        (column.name, *(one.get(key, "") for key in keys)) for column, one in zip(part.columns, measured, strict=True)
    ]
    yield element("details", element("summary", "Statistics"), table(cells, ("column", *keys)), open="open")


def _measured(column: Column, part: Part) -> dict[str, str]:
    """A column in numbers."""
    known = _known(part, column)
    told = {"kind": column.kind, "missing": f"{len(part.rows) - len(known):,}"}
    if column.kind in ("class", "flag", "number", "text"):
        told["distinct"] = f"{len(set(known)):,}"
    numbers: list[float] = []
    if column.kind == "number":
        numbers = [float(value) for value in known if math.isfinite(value)]
    elif column.kind == "text":
        numbers = [float(len(value)) for value in known]
        told["kind"] = "text (numbers: its length)"
    if numbers:
        told |= {"min": f"{min(numbers):.6g}", "mean": f"{math.fsum(numbers) / len(numbers):.6g}"}
        told["max"] = f"{max(numbers):.6g}"
    return told
