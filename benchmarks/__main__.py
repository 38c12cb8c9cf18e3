"""Measure everything in one run, and write what the documents quote.

``python -m benchmarks [NAME ...]`` (needs all extras, medmnist and matplotlib) runs each benchmark in a process of
its own and writes into this folder: ``results.json`` with every single measurement, ``RESULTS.md`` with a table of
each, and the pictures in ``plots``. Tables in other documents stand between
``<!-- measured-table: benchmark NAME -->`` and ``<!-- /measured-table -->``. With names, only these are measured again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys

from benchmarks import plots, results
from benchmarks.timing import Table, as_text

BENCHMARKS = (
    "cold",
    "memory",
    "loading",
    "torch_loading",
    "growth",
    "bridge",
    "training",
    "verdicts",
    "hub_loading",
    "mirror",
    "attacked",
    "installed",
    "tinify",
)


def tables_of(benchmark: str) -> list[Table]:
    """Run a benchmark in a fresh process, so that none sees what another imported or set."""
    command = [sys.executable, "-m", f"benchmarks.{benchmark}", "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True)
    return [Table(**json.loads(line)) for line in done.stdout.splitlines()]


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description="Measure, and write what the documents quote.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)} (default: all)")
    names = parser.parse_args().names or BENCHMARKS
    for unknown in set(names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {unknown}")
    kept = results.load()
    for name in names:
        kept[name] = tables_of(name)
        for table in kept[name]:
            print(as_text(table), flush=True)
    results.save({name: kept[name] for name in BENCHMARKS if name in kept})
    plots.draw(results.load())


if __name__ == "__main__":
    main()
