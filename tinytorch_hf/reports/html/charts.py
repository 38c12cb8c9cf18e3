"""Where everything in a chart stands: pure geometry, drawn by a template as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Of the drawing, in its own units; on a phone one is about a pixel, so that words stay readable.
_WIDTH, _HEIGHT = 360, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 348, 14, 190
_MOST_POINTS = 240
_MOST_DOTS = 12


@dataclass(frozen=True)
class Series:
    """A curve: its name, and its values over 1, 2, 3 ...; what is not a finite number leaves a gap."""

    name: str
    values: Sequence[float]


@dataclass(frozen=True)
class Limit:
    """A value to be compared with, such as what rounding explains, and what it is called."""

    text: str
    value: float


@dataclass(frozen=True)
class Mark:
    """A place on an axis, and what stands there."""

    at: float
    text: str


@dataclass(frozen=True)
class Dot:
    """A point."""

    x: float
    y: float


@dataclass(frozen=True)
class Curve:
    """A curve as polylines, one for each piece without a gap, and dots where there are few points."""

    name: str
    number: int
    pieces: list[str]
    dots: list[Dot]


@dataclass(frozen=True)
class Plot:
    """A chart, ready to be drawn."""

    caption: str
    description: str
    x_label: str
    y_ticks: list[Mark]
    x_ticks: list[Mark]
    curves: list[Curve]
    limit: Mark | None
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT
    right: int = _RIGHT
    bottom: int = _BOTTOM


def plotted(
    caption: str,
    series: Sequence[Series],
    *,
    x_label: str,
    is_log: bool = False,
    is_share: bool = False,
    limit: Limit | None = None,
) -> Plot:
    """Lay out a chart.

    Parameters
    ----------
    caption
        What is shown.
    series
        The curves, of one length.
    x_label
        What 1, 2, 3 ... count.
    is_log
        Whether the axis of values is logarithmic; zeros then lie on its ground.
    is_share
        Whether values are shares of 1, to be shown in per cent.
    limit
        A level to be drawn across.
    """
    n = max((len(one.values) for one in series), default=0)
    known = [value for one in series for value in one.values if math.isfinite(value) and (value > 0 or not is_log)]
    known += [] if limit is None else [limit.value]
    low, high, ticks = _log_axis(known) if is_log else _axis(known, is_share)

    def height(value: float) -> float:
        at = math.log10(max(value, low)) if is_log else value
        start, end = (math.log10(low), math.log10(high)) if is_log else (low, high)
        return round(_BOTTOM - (_BOTTOM - _TOP) * (at - start) / (end - start), 1)

    def place(number: float) -> float:
        return round(_LEFT + (_RIGHT - _LEFT) * ((number - 1) / (n - 1) if n > 1 else 0.5), 1)

    curves = [
        Curve(one.name, number, *_drawn([(place(x), height(y)) if math.isfinite(y) else None for x, y in _points(one)]))
        for number, one in enumerate(series)
    ]
    return Plot(
        caption,
        _described(caption, series, is_share),
        x_label,
        [Mark(height(value), f"{value:.0e}" if is_log else _told(value, is_share)) for value in ticks],
        [Mark(place(number), str(number)) for number in _counts(n)],
        curves,
        None if limit is None else Mark(height(limit.value), limit.text),
    )


def _points(series: Series) -> list[tuple[float, float]]:
    """The points of a curve: all, or of many, the largest of each few, so that no peak is lost."""
    values = list(series.values)
    width = -(-len(values) // _MOST_POINTS) or 1
    if width == 1:
        return [(number, float(value)) for number, value in enumerate(values, 1)]
    groups = [values[start : start + width] for start in range(0, len(values), width)]
    return [(1 + at * width + (len(group) - 1) / 2, _largest(group)) for at, group in enumerate(groups)]


def _largest(values: Sequence[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return float(max(known)) if known else math.nan


def _drawn(points: Sequence[tuple[float, float] | None]) -> tuple[list[str], list[Dot]]:
    pieces: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            pieces.append([])
        else:
            pieces[-1].append(point)
    lines = [" ".join(f"{x:g},{y:g}" for x, y in piece) for piece in pieces if len(piece) > 1]
    is_few = len(points) <= _MOST_DOTS
    return lines, [Dot(x, y) for piece in pieces for x, y in piece if is_few or len(piece) == 1]


def _axis(values: Sequence[float], is_share: bool) -> tuple[float, float, list[float]]:
    """The ends of an axis and round values on it."""
    low, high = (0.0, 1.0) if is_share or not values else (min(0.0, *values), max(values))
    high = high if high > low else low + 1
    # A fifth of the range, rounded up to 1, 2, 2.5 or 5 times a power of ten.
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.floor(low / step), math.ceil(round(high / step, 6))
    return first * step, last * step, [number * step for number in range(first, last + 1)]


def _log_axis(values: Sequence[float]) -> tuple[float, float, list[float]]:
    """Whole powers of ten around all values; every second, third ... where there are many."""
    first = math.floor(math.log10(min(values))) if values else 0
    last = math.ceil(math.log10(max(values))) if values else 1
    last = max(last, first + 1)
    step = -(-(last - first) // 6)
    return 10.0**first, 10.0**last, [10.0**power for power in range(first, last + 1, step)]


def _counts(n: int) -> list[int]:
    """Up to six whole numbers from 1 to n, both included."""
    return [] if n < 1 else sorted({int(number) for number in np.rint(np.linspace(1, n, min(n, 6)))})


def _told(value: float, is_share: bool) -> str:
    if is_share:
        return f"{value:.0%}"
    return f"{value:.0e}" if value and not 1e-3 <= abs(value) < 1e5 else f"{value:.6g}"


def _described(caption: str, series: Sequence[Series], is_share: bool) -> str:
    """What the chart shows, in words, for readers who do not see it."""
    told = []
    for one in series:
        known = [value for value in one.values if math.isfinite(value)]
        ends = f"from {_level(known[0], is_share)} to {_level(known[-1], is_share)}" if known else "no number"
        told.append(f"{one.name} {ends}")
    return f"{caption}: {'; '.join(told)}."


def _level(value: float, is_share: bool) -> str:
    return f"{value:.1%}" if is_share else f"{value:.3g}"
