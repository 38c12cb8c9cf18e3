"""Measure alternatives beside each other: tables of repeated measurements, ratios to a baseline, their spread."""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from tinytorch_hf.milestones.timing import seconds_by_turns

UNITS = {"s": (1e3, "ms"), "MB": (1.0, "MB"), "packages": (1.0, "packages")}


@dataclass(frozen=True)
class Table:
    """Repeated measurements of several alternatives.

    ``values`` holds for each alternative one measurement a repeat, in the same order for all, so that the ratios
    of one repeat are of one moment. ``unit`` is "s" for seconds, "MB" or "packages".
    """

    name: str
    title: str
    baseline: str
    values: dict[str, list[float]]
    unit: str = "s"

    def median(self, alternative: str) -> float:
        """Median of an alternative, in the table's unit."""
        return statistics.median(self.values[alternative])

    def ratio(self, alternative: str) -> tuple[float, float, float]:
        """Median, lower and upper quartile of an alternative's ratio to the baseline, repeat by repeat."""
        pairs = zip(self.values[alternative], self.values[self.baseline], strict=True)
        ratios = sorted(value / base if base else math.nan for value, base in pairs)
        if len(ratios) == 1:
            return ratios[0], ratios[0], ratios[0]
        low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
        return middle, low, high

    def rounded(self) -> Table:
        """The same with four significant digits, which is more than any measurement deserves."""
        values = {name: [float(f"{value:.4g}") for value in found] for name, found in self.values.items()}
        return replace(self, values=values)

    def rows(self) -> list[tuple[str, str, str, str]]:
        """What each alternative measured, as a table shows it: name, median, ratio, quartiles of the ratio."""
        factor, unit = UNITS[self.unit]
        return [
            (name, f"{float(f'{factor * self.median(name):.4g}'):g} {unit}", f"{middle:.2f}", spread)
            for name in self.values
            for middle, low, high in [self.ratio(name)]
            for spread in [f"{low:.2f} to {high:.2f}"]
        ]


def measure(
    name: str,
    title: str,
    alternatives: Mapping[str, Callable[[], Any]],
    baseline: str,
    repeats: int,
    calls_per_repeat: int = 1,
) -> Table:
    """Time one call of each alternative, by turns."""
    return Table(name, title, baseline, seconds_by_turns(alternatives, repeats, calls_per_repeat))


def as_text(table: Table) -> str:
    """A table for the terminal."""
    lines = [f"{table.title} (1.00 is: {table.baseline})"]
    lines += [f"  {name:<52} {median:>14} {ratio:>8} x  {spread}" for name, median, ratio, spread in table.rows()]
    return "\n".join(lines)


def as_markdown(table: Table) -> str:
    """A table for a document."""
    head = [f"{table.title}:", "", "| | Median | Ratio | Quartiles of the ratio |", "| --- | ---: | ---: | ---: |"]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in table.rows())])


def run(description: str | None, tables: Callable[[], Iterable[Table]]) -> None:
    """The command line of a benchmark: measure and print, as text or with ``--json`` as one table a line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="print one JSON object a line for each table")
    options = parser.parse_args()
    for table in tables():
        print(json.dumps(asdict(table)) if options.json else as_text(table), flush=True)
