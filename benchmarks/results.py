"""What was measured last: kept as JSON, shown in documents."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.timing import Table, as_markdown
from docs.tools import blocks
from docs.tools.cards import documents
from tinytorch_hf.files import store

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "results.json"
MARKDOWN = FOLDER / "RESULTS.md"
LIBRARIES = ("numpy", "torch", "torchvision", "datasets", "scikit-learn", "medmnist")

Results = dict[str, list[Table]]


def load() -> Results:
    """Tables of each benchmark that has been run; empty before the first run."""
    if not RESULTS.is_file():
        return {}
    kept = json.loads(RESULTS.read_text(encoding="utf-8"))["benchmarks"]
    return {name: [Table(**fields) for fields in tables] for name, tables in kept.items()}


def machine() -> str:
    """What the measurements were made with, in one line."""
    found = []
    for library in LIBRARIES:
        try:
            found.append(f"{library} {version(library)}")
        except PackageNotFoundError:
            continue
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {', '.join(found)}"


def save(measured: Results) -> None:
    """Write the JSON, the Markdown, and the tables in the documents."""
    on = machine()
    measured = {name: [table.rounded() for table in tables] for name, tables in measured.items()}
    values = {name: [asdict(table) for table in tables] for name, tables in measured.items()}
    store.write(RESULTS, (json.dumps({"machine": on, "benchmarks": values}, indent=1) + "\n").encode("ascii"))
    store.write(MARKDOWN, markdown(measured, on).encode("utf-8"))

    def renew(text: str) -> str:
        return blocks.fill(text, "measured-table", lambda _kind, name: table(name))

    blocks.rewrite(documents(), renew)


def markdown(measured: Results, on: str) -> str:
    """Every table, one section a benchmark."""
    parts = [
        "# Measurements",
        "Made by `python -m benchmarks`; every single value is in [results.json](results.json). Alternatives take "
        "turns, and a ratio is of two measurements of the same turn, so that a busy moment of the machine hurts both.",
        f"Measured on {on}.",
    ]
    for name, tables in measured.items():
        parts += [f"## {name}", *map(as_markdown, tables)]
    return "\n\n".join(parts) + "\n"


def table(name: str) -> str:
    """One table for a document."""
    (found,) = (table for tables in load().values() for table in tables if table.name == name)
    return as_markdown(found)
