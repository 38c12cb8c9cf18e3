"""Specification of tinytorch_hf.reports.html.charts: where everything in a chart stands."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tinytorch_hf.reports.html.charts import Limit, Series, plotted


def points(piece: str) -> list[tuple[float, float]]:
    """The points of a polyline."""
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in piece.split())]


def test_a_curve_runs_from_edge_to_edge_and_larger_values_lie_higher() -> None:
    """Inside the axes, whose ends are round values around all of it."""
    plot = plotted("Loss", [Series("a", [3.0, 1.0, 2.0])], x_label="epoch")

    (x0, y0), (x1, y1), (x2, y2) = points(plot.curves[0].pieces[0])
    assert (x0, x2) == (plot.left, plot.right)
    assert x1 == pytest.approx((x0 + x2) / 2, abs=0.1)
    assert y0 < y2 < y1 <= plot.bottom
    assert [tick.text for tick in plot.y_ticks] == ["0", "1", "2", "3"]
    assert [tick.text for tick in plot.x_ticks] == ["1", "2", "3"]


def test_what_is_no_number_leaves_a_gap() -> None:
    """A value between two gaps is a dot; nothing that is drawn is not a number."""
    plot = plotted("Loss", [Series("a", [1.0, 2.0, math.nan, 3.0, math.inf, 2.0, 1.0])], x_label="epoch")

    (curve,) = plot.curves
    assert [len(points(piece)) for piece in curve.pieces] == [2, 2]
    assert len(curve.dots) == 5
    assert "nan" not in repr(plot).replace("'nan'", "")


def test_a_logarithmic_axis_has_powers_of_ten_and_zeros_on_its_ground() -> None:
    """With the limit across, where there is one."""
    plot = plotted("Apart", [Series("a", [0.0, 2e-7, 3e-2])], x_label="step", is_log=True, limit=Limit("l", 1e-5))

    assert [tick.text for tick in plot.y_ticks] == ["1e-07", "1e-06", "1e-05", "1e-04", "1e-03", "1e-02", "1e-01"]
    assert points(plot.curves[0].pieces[0])[0][1] == plot.bottom
    assert plot.limit is not None
    assert plot.limit.at == next(tick.at for tick in plot.y_ticks if tick.text == "1e-05")


def test_of_many_values_no_peak_is_lost() -> None:
    """However long a training was, its chart stays small."""
    values = np.zeros(50_000)
    values[31_234] = 1.0

    plot = plotted("Apart", [Series("a", list(values))], x_label="step")

    drawn = points(plot.curves[0].pieces[0])
    assert len(drawn) <= 240
    assert min(y for _, y in drawn) == plot.y_ticks[-1].at


@pytest.mark.parametrize("values", [[], [0.0], [5.0, 5.0], [math.nan], [-1.0, 1.0], [1e-30, 2e-30], [1e30]])
@pytest.mark.parametrize("is_log", [False, True])
def test_any_values_can_be_drawn(values: list[float], is_log: bool) -> None:
    """None, equal ones, huge ones and tiny ones."""
    plot = plotted("Loss", [Series("a", values)], x_label="epoch", is_log=is_log)

    places = [point for curve in plot.curves for piece in curve.pieces for point in points(piece)]
    places += [(dot.x, dot.y) for curve in plot.curves for dot in curve.dots]
    assert all(plot.left <= x <= plot.right and 0 <= y <= plot.bottom for x, y in places)
    assert len({tick.at for tick in plot.y_ticks}) > 1


def test_the_chart_is_told_in_words() -> None:
    """For whoever does not see it."""
    plot = plotted("Accuracy", [Series("mine", [0.25, 0.9]), Series("b", [math.nan])], x_label="epoch", is_share=True)

    assert plot.description == "Accuracy: mine from 25.0% to 90.0%; b no number."
