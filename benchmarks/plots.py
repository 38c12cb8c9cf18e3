"""Pictures of the measurements: bars on a logarithmic axis, and lines for what grows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from benchmarks.results import FOLDER, Results
from benchmarks.timing import UNITS, Table

PLOTS = FOLDER / "plots"
BARS = ("cold_imports", "cold_tinydigits", "cold_tinymnist", "epochs")
LINES = {"batch_size": "batch size", "n_samples": "samples in the dataset"}


def draw(measured: Results) -> None:
    """Write one PNG for each picture whose tables are there."""
    import matplotlib as mpl

    mpl.use("Agg")
    PLOTS.mkdir(exist_ok=True)
    tables = {table.name: table for found in measured.values() for table in found}
    for name in BARS:
        if name in tables:
            _save(_bars(tables[name]), name)
    for prefix, label in LINES.items():
        growing = [table for name, table in tables.items() if name.startswith(f"{prefix}_")]
        if growing:
            _save(_lines(growing, label), prefix)


def _save(figure: Any, name: str) -> None:
    # Without its own version in the file, equal pictures are equal files.
    figure.savefig(PLOTS / f"{name}.png", dpi=120, bbox_inches="tight", metadata={"Software": None})


def _bars(table: Table) -> Any:
    from matplotlib.figure import Figure

    factor, unit = UNITS[table.unit]
    names = sorted(table.values, key=table.median, reverse=True)
    figure = Figure(figsize=(8, 0.4 * len(names) + 1))
    axes = figure.subplots()
    colours = ["#c0504d" if "tinytorch_hf" in name else "#7f7f7f" for name in names]
    bars = axes.barh(names, [factor * table.median(name) for name in names], color=colours)
    axes.bar_label(bars, [f"{table.ratio(name)[0]:.1f}" for name in names], padding=3)
    axes.set_xscale("log")
    axes.set_xlabel(f"{unit} (number beside a bar: times {table.baseline})")
    axes.set_title(table.title)
    axes.margins(x=0.15)
    return figure


def _lines(tables: Iterable[Table], label: str) -> Any:
    from matplotlib.figure import Figure

    by_size = {int(re.sub(r"\D", "", table.name)): table for table in tables}
    figure = Figure(figsize=(7, 4))
    axes = figure.subplots()
    for name in next(iter(by_size.values())).values:
        axes.plot(list(by_size), [1e3 * table.median(name) for table in by_size.values()], marker="o", label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(label)
    axes.set_ylabel("ms an epoch")
    axes.legend()
    return figure
