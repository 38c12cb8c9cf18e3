"""Verdicts as pictures, PNG or SVG, drawn by matplotlib."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinytorch_hf.errors import InvalidArgumentError, MissingExtraError
from tinytorch_hf.judging.results import Outcome, Report
from tinytorch_hf.reports import curves
from tinytorch_hf.shown import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tinytorch_hf.compare.lockstep import Comparison

SUFFIXES = (".png", ".svg")
"""What a picture's file may end in."""

# They differ in lightness, too, so that they can be told apart in grey.
_COLOURS = {
    Outcome.AGREES: "#2a8c4a",
    Outcome.DIFFERS: "#c0203a",
    Outcome.CRASHES: "#6b0f1f",
    Outcome.MISSING: "#c3c8ce",
    Outcome.UNTRIED: "#e0b040",
}
_STYLES = ({"color": "#0550ae"}, {"color": "#b35900", "linestyle": "--"})


def require(path: Path) -> None:
    """Raise, before anything is computed, if no picture could be drawn into this file.

    Raises
    ------
    InvalidArgumentError
        Its name ends in something else than .png or .svg.
    MissingExtraError
        matplotlib is not installed.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidArgumentError(f"A plot is a .png or .svg file, and not {path.name}. Give one of these names.")
    figure(1, 1)


def of_training(result: Comparison, path: Path) -> bytes:
    """The curves of loss and accuracy, and how far apart the losses are, in the form that the file's name asks for.

    Raises
    ------
    InvalidArgumentError, MissingExtraError
        As for `require`.
    """
    require(path)
    found = curves.charts(result)
    drawn = figure(4.2 * max(len(found), 1), 3.4)
    all_axes = drawn.subplots(1, max(len(found), 1), squeeze=False)[0]
    for chart, axes in zip(found, all_axes, strict=False):
        for series, style in zip(chart.series, _STYLES, strict=False):
            marker = "o" if len(series.values) <= 12 else ""
            axes.plot(range(1, len(series.values) + 1), list(series.values), label=series.name, marker=marker, **style)
        axes.set_title(chart.caption)
        axes.set_xlabel(chart.x_label)
        if chart.is_log and any(value > 0 for series in chart.series for value in series.values):
            axes.set_yscale("log")
        if chart.is_share:
            axes.set_ylim(0, 1.02)
        if chart.limit is not None:
            axes.axhline(chart.limit.value, color="#57606a", linestyle=":", label=chart.limit.text)
        axes.legend(frameon=False)
    subject = f"{result.framework.name} beside PyTorch: {result.settings.dataset}, {result.model}"
    drawn.suptitle(as_written(subject))
    return written(drawn, path)


def of_operations(report: Report, path: Path) -> bytes:
    """How the operations of each module ended, a bar a module.

    Raises
    ------
    InvalidArgumentError, MissingExtraError
        As for `require`.
    """
    require(path)
    modules = list(dict.fromkeys(result.module for result in report.results))
    drawn = figure(7, 1.2 + 0.32 * len(modules))
    axes = drawn.subplots()
    left = dict.fromkeys(modules, 0)
    for outcome, colour in _COLOURS.items():
        counts = [sum(one.module == module and one.outcome is outcome for one in report.results) for module in modules]
        if any(counts):
            axes.barh(modules, counts, left=list(left.values()), color=colour, label=outcome.value)
            left = {module: left[module] + count for module, count in zip(modules, counts, strict=True)}
    axes.invert_yaxis()
    axes.set_xlabel("operations")
    axes.legend(frameon=False, ncols=5, loc="lower left", bbox_to_anchor=(0, 1))
    drawn.suptitle(as_written(report.package))
    return written(drawn, path)


def as_written(text: str) -> str:
    """A text for a picture that shows it as it is: a dollar sign would begin a formula."""
    return printable(text).replace("$", r"\$")


def figure(width: float, height: float) -> Figure:
    """An empty picture of this size in inches; MissingExtraError without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "plot", error) from error
    return Figure(figsize=(width, height), layout="constrained")


def written(figure: Figure, path: Path) -> bytes:
    """The file's content; without the time of day, so that equal results give equal files."""
    from matplotlib import rc_context

    kind = path.suffix.lower().removeprefix(".")
    content = io.BytesIO()
    metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {"Software": None}
    with rc_context({"svg.hashsalt": "tinytorch-hf", "svg.fonttype": "path"}), warnings.catch_warnings():
        # The font that comes with matplotlib has no Chinese, for example: such a character is an empty box.
        warnings.filterwarnings("ignore", r"Glyph .* missing")
        figure.savefig(content, format=kind, dpi=150, metadata=metadata)
    return content.getvalue()
