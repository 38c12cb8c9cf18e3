"""The results of milestone 06 as documents quote them: size, latency and quality of every level of three models.

``python -m docs.tools.matrix`` measures with NumPy alone, in a minute or two, and keeps what came of it;
`docs.tools.cards` then writes the documents. Latencies are those of the machine that measured.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from tinytorch_hf import catalog
from tinytorch_hf.milestones.optimisation import matrix
from tinytorch_hf.milestones.optimisation.matrix import Matrix, Row

PATH = Path(__file__).with_name("matrix.json")


def kept() -> Matrix:
    """What was measured last, without the profiles."""
    rows = json.loads(PATH.read_text(encoding="utf-8"))["rows"]
    return Matrix((), tuple(Row(**row) for row in rows))


def measured_on() -> dict[str, str]:
    """The fingerprint of each dataset when it was measured; another one today asks for measuring again."""
    found: dict[str, str] = json.loads(PATH.read_text(encoding="utf-8"))["fingerprints"]
    return found


def record(found: Matrix) -> str:
    """The content of the file that keeps it.

    Raises
    ------
    AssertionError
        A level does not keep what it promises.
    """
    problems = matrix.problems(found)
    if problems:
        raise AssertionError(" ".join(problems))
    rows = [dataclasses.asdict(row) for row in found.rows]
    fingerprints = {row.dataset: catalog.info(row.dataset).fingerprint for row in found.rows}
    return json.dumps({"fingerprints": fingerprints, "rows": rows}, indent=2) + "\n"


def table(_scope: str) -> str:
    """A table for each model; the first level is the one that others are compared with."""
    return "\n\n".join(map(_of_model, matrix.by_model(kept())))


def _of_model(rows: list[Row]) -> str:
    first = rows[0]
    title = catalog.info(first.dataset).title
    lines = [
        f"{first.model} on {title}, {first.metric} on samples never trained on:",
        "",
        f"| Level | Bytes | of baseline | Latency | of baseline | {first.metric.capitalize()} |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        value = f"{row.value:.1%}" if row.metric == "accuracy" else f"{row.value:.3f}"
        size = f"{row.size_bytes:,} | {row.size_bytes / first.size_bytes:.2f}"
        lines.append(f"| {row.level} | {size} | {_microseconds(row)} | {row.ratio:.2f} | {value} |")
    return "\n".join(lines)


def _microseconds(row: Row) -> str:
    microseconds = 1e6 * row.latency_seconds
    return f"{microseconds:,.0f} µs" if microseconds >= 10 else f"{microseconds:.1f} µs"


def main() -> None:
    """Measure, and keep what came of it."""
    PATH.write_text(record(matrix.run(print)), encoding="utf-8")


if __name__ == "__main__":
    main()
