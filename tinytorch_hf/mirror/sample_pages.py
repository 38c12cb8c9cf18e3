"""What pages show of a dataset with facts: its samples to choose from, how they are spread, and its statistics."""

from __future__ import annotations

import base64
import functools
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.data import pictures, statistics
from tinytorch_hf.data.loaders import load, load_split
from tinytorch_hf.files.splits import Split
from tinytorch_hf.mirror import charts, samples
from tinytorch_hf.mirror.markup import Element, element, pairs, table

# Small images are shown pixel by pixel, larger ones smoothly.
_PIXELS_TO_SEE = 64
# How texts of a kind are laid out, beyond what holds for all.
_KINDS = {"plain text": "long", "source text": "long code"}
_MOST_QUOTED = 280


def picture_of_all(repository_id: str, dataset: DatasetInfo) -> Element | None:
    """A link to the picture of the first samples of every class; None for what has no pictures."""
    if not samples.has_pictures(dataset):
        return None
    what = f"The first ten samples of every class of {dataset.title}"
    address = f"/pictures/{quote(repository_id)}.png"
    return element("div", element("img", src=address, alt=what, loading="lazy", class_="pixels"), class_="sheet")


@functools.lru_cache
def contact_sheet(dataset: DatasetInfo) -> bytes:
    """The picture itself, as PNG."""
    return pictures.png(pictures.contact_sheet(load_split(dataset, dataset.splits[0].name), scale=2))


@functools.lru_cache
def measured(dataset: DatasetInfo) -> dict[str, dict[str, Any]]:
    """The statistics of every split."""
    return statistics.statistics(load(dataset))


def viewer(address: str, dataset: DatasetInfo, query: Mapping[str, str]) -> list[Element | None]:
    """Samples that a visitor chose, with the form to choose others.

    Raises
    ------
    UnknownNameError, InvalidArgumentError, MissingFileError, CorruptFileError, StorageError
        As `samples.choice` and `samples.page`.
    """
    chosen = samples.choice(dataset, query)
    page = samples.page(dataset, chosen)
    show = _image if samples.has_pictures(dataset) else _texts
    kind = "samples" if samples.has_pictures(dataset) else f"samples texts {_KINDS.get(dataset.kind, '')}".rstrip()
    count = f"{page.n_samples} samples, page {chosen.page} of {page.n_pages}." if page.n_samples else "No such sample."
    return [
        element("h2", "Samples", id="samples"),
        _form(address, dataset, chosen, page),
        element("p", count, class_="quiet"),
        element("ul", *(show(dataset, page, index) for index in page.indices), class_=kind),
        _paging(address, chosen, page),
    ]


def _form(address: str, dataset: DatasetInfo, chosen: samples.Choice, page: samples.Page) -> Element:
    selects = [select("split", {split.name: split.name for split in dataset.splits}, chosen.split)]
    for name, one in samples.filters(dataset).items():
        named = {str(value): text for value, text in samples.options(one, page.split).items()}
        selects.append(select(name, {"": "all", **named}, str(chosen.values.get(name, ""))))
    return form(address, *selects)


def form(address: str, *selects: Element) -> Element:
    """What a visitor chooses by, and the button."""
    return element(
        "form", *selects, element("button", "Show", type="submit"), method="get", action=f"{address}#samples"
    )


def select(name: str, options: Mapping[str, str], chosen: str, label: str = "") -> Element:
    """One choice of a form."""
    choices = [
        element("option", text, value=value, selected="selected" if value == chosen else None)
        for value, text in options.items()
    ]
    return element("label", label or name, element("select", *choices, name=name))


def _image(dataset: DatasetInfo, page: samples.Page, index: int) -> Element:
    text = samples.caption(dataset, page.split, index)
    shades = samples.picture(page.split, index)
    encoded = base64.b64encode(pictures.png(shades)).decode("ascii")
    kind = "pixels" if max(shades.shape[:2]) <= _PIXELS_TO_SEE else None
    shown = element("img", src=f"data:image/png;base64,{encoded}", alt=f"sample {text}", class_=kind)
    return element("li", shown, text)


def _texts(dataset: DatasetInfo, page: samples.Page, index: int) -> Element:
    heading = element("strong", samples.caption(dataset, page.split, index))
    values = dict(samples.texts(page.split, index))
    read = [(name, values.pop(name)) for name in dataset.texts]
    # What is not read is for whoever looks for it; texts without a value say nothing.
    beside = " \N{MIDDLE DOT} ".join(f"{name}: {value}" for name, value in values.items() if value)
    return element("li", heading, pairs(read), element("p", beside, class_="beside") if beside else None)


def _paging(address: str, chosen: samples.Choice, page: samples.Page) -> Element:
    return paging(address, {"split": chosen.split, **chosen.values}, chosen.page, page.n_pages)


def paging(address: str, chosen: Mapping[str, object], number: int, n_pages: int) -> Element:
    """Links to the page before and the page after."""

    def to(wanted: int, text: str) -> Element | None:
        if not 1 <= wanted <= n_pages:
            return None
        return element("a", text, href=f"{address}?{urlencode({**chosen, 'page': wanted})}#samples")

    return element("nav", to(number - 1, "Previous page"), to(number + 1, "Next page"), aria_label="Pages of samples")


def quotation(dataset: DatasetInfo) -> Element | None:
    """The beginning of a text, for what has no pictures; None for what has."""
    if not dataset.texts:
        return None
    split = load_split(dataset, dataset.splits[0].name)
    text = "\n".join(str(split[name][0]) for name in dataset.texts)
    more = " \N{HORIZONTAL ELLIPSIS}" if len(text) > _MOST_QUOTED else ""
    return element("blockquote", f"{text[:_MOST_QUOTED]}{more}")


def at_a_glance(repository_id: str, dataset: DatasetInfo) -> Element:
    """The picture of all, with charts of how many samples there are of each class, difficulty and the like."""
    splits = load(dataset)
    drawn: list[Element | None] = [_counted(one, splits) for one in samples.filters(dataset).values()]
    drawn += [_lengths(name, splits) for name in dataset.texts]
    shown = [chart for chart in drawn if chart is not None]
    picture = picture_of_all(repository_id, dataset)
    return element(
        "div", picture, element("div", *shown, class_="charts"), class_="glance" if picture is not None else None
    )


def _counted(one: samples.Filter, splits: Mapping[str, Split]) -> Element:
    values = sorted({value for split in splits.values() for value in samples.options(one, split)})
    counts = {
        one.value_name(value): [int((split[one.column] == value).sum()) for split in splits.values()]
        for value in values
    }
    return charts.counts(f"Samples by {one.name}", counts, list(splits))


def _lengths(column: str, splits: Mapping[str, Split]) -> Element | None:
    lengths = [len(text) for split in splits.values() for text in split[column].tolist()]
    return charts.histogram(f"Characters in {column}", lengths)


def statistics_table(dataset: DatasetInfo) -> Element:
    """Every number that is measured of the splits."""
    of_splits = measured(dataset)
    keys = dict.fromkeys(key for values in of_splits.values() for key in values)
    rows = [(key.replace("_", " "), *(_figure(values.get(key, "")) for values in of_splits.values())) for key in keys]
    return table(rows, ("", *of_splits))


def _figure(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {count}" for key, count in value.items())
    return f"{value:.6g}" if isinstance(value, (int, float)) else str(value)
