"""Small charts of pages, as tables and inline SVG: how many samples are of each value, and how numbers spread."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tinytorch_hf.mirror.markup import Element, element

MOST_BARS = 24
"""Values that a chart of counts shows; further ones are counted together."""

_N_COLOURS = 4
_BINS = 16
# Of a histogram's drawing, in its own units; on a phone one is about a pixel, so that words stay readable.
_WIDTH, _HEIGHT, _TOP, _BOTTOM = 320, 130, 16, 104


def counts(caption: str, values: Mapping[str, Sequence[int]], series: Sequence[str]) -> Element:
    """How many there are of each value, a bar a value, with a part for each series.

    Parameters
    ----------
    caption
        What is counted.
    values
        For each value's name, its counts in the series, in their order.
    series
        Names of the series, such as the splits.
    """
    rows = dict(list(values.items())[:MOST_BARS])
    rest = list(values.values())[MOST_BARS:]
    if rest:
        rows[f"{len(rest)} more"] = [sum(column) for column in zip(*rest, strict=True)]
    longest = max((sum(row) for row in rows.values()), default=0) or 1
    body = [
        element(
            "tr",
            element("th", name, scope="row"),
            element("td", _bar(row, longest)),
            element("td", " + ".join(f"{count:,}" for count in row)),
        )
        for name, row in rows.items()
    ]
    legend = element("div", *(_legend(place, name) for place, name in enumerate(series)), class_="legend quiet")
    return element(
        "figure",
        element("figcaption", caption, legend if len(series) > 1 else None),
        element("table", element("tbody", *body), class_="bars"),
    )


def _bar(row: Sequence[int], longest: int) -> Element:
    parts, start = [], 0.0
    for place, count in enumerate(row):
        width = 100 * count / longest
        parts.append(element("rect", x=f"{start:.2f}", y="0", width=f"{width:.2f}", height="8", class_=_colour(place)))
        start += width
    # The numbers stand beside it.
    return element("svg", *parts, viewBox="0 0 100 8", preserveAspectRatio="none", aria_hidden="true")


def _legend(place: int, name: str) -> Element:
    square = element("rect", width="8", height="8", class_=_colour(place))
    return element("span", element("svg", square, viewBox="0 0 8 8", aria_hidden="true"), name)


def _colour(place: int) -> str:
    return f"series{min(place, _N_COLOURS - 1)}"


def histogram(caption: str, values: Sequence[float]) -> Element | None:
    """How numbers spread; None where there is nothing to be seen, because they are all the same."""
    known = [float(value) for value in values if math.isfinite(value)]
    if not known or min(known) == max(known) or not math.isfinite(max(known) - min(known)):
        return None
    low, high = min(known), max(known)
    is_whole = all(value.is_integer() for value in known)
    # Whole numbers get bins of one size, or some would hold more of them than others.
    width = max((high - low) / _BINS, 1e-300)
    if is_whole:
        width = math.ceil((high - low + 1) / _BINS)
        low = low - 0.5
        n_bins = math.ceil((high + 0.5 - low) / width)
    else:
        n_bins = _BINS
    bins = [0] * n_bins
    for value in known:
        bins[min(int((value - low) / width), n_bins - 1)] += 1
    return _drawn(caption, bins, min(known), max(known))


def _drawn(caption: str, bins: Sequence[int], low: float, high: float) -> Element:
    step, tallest = _WIDTH / len(bins), max(bins)
    bars = []
    for place, count in enumerate(bins):
        height = (_BOTTOM - _TOP) * count / tallest
        bars.append(
            element(
                "rect",
                x=f"{place * step + 1:.1f}",
                y=f"{_BOTTOM - height:.1f}",
                width=f"{max(step - 2, 1):.1f}",
                height=f"{height:.1f}",
                class_="series0",
            )
        )
    words = (
        f"{caption}: {sum(bins):,} values from {low:.6g} to {high:.6g}, at most {tallest:,} in one of {len(bins)} bars."
    )
    drawing = element(
        "svg",
        *bars,
        element("line", x1="0", y1=str(_BOTTOM), x2=str(_WIDTH), y2=str(_BOTTOM)),
        element("text", f"{low:.6g}", x="0", y=str(_BOTTOM + 16)),
        element("text", f"{high:.6g}", x=str(_WIDTH), y=str(_BOTTOM + 16), text_anchor="end"),
        element("text", f"up to {tallest:,} a bar", x="0", y="11"),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=words,
    )
    return element("figure", element("figcaption", caption), drawing, class_="histogram")
