"""Accuracies over seeds that documents quote: ``python -m docs.tools.seeds`` trains, and keeps what came of it.

It needs PyTorch and takes half a minute. `docs.tools.cards` then writes the documents.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tinytorch_hf import compare_training
from tinytorch_hf.compare import paired
from tinytorch_hf.compare.sweep import Sweep
from tinytorch_hf.reports import sweep_table

PATH = Path(__file__).with_name("seeds.json")
N_SEEDS = 10
DATASETS = ("tinydigits",)
"""What is quoted, by the default settings of each."""


def record(sweep: Sweep) -> dict[str, Any]:
    """The numbers of right predictions on either side, seed by seed."""
    found = [(run.comparison, run.accuracies) for run in sweep.runs]
    if not sweep.agree:
        raise AssertionError(sweep_table.conclusion(sweep))
    n_test = next(comparison.n_test for comparison, _ in found if comparison is not None)
    sides = zip(*(accuracies for _, accuracies in found if accuracies is not None), strict=True)
    mine, theirs = ([round(n_test * accuracy) for accuracy in side] for side in sides)
    return {"seeds": list(sweep.seeds), "n_test": n_test, "tinytorch": mine, "pytorch": theirs}


def recorded(name: str) -> dict[str, Any]:
    """What is kept of a dataset."""
    found: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))[name]
    return found


def lines(name: str) -> str:
    """What `tinytorch-hf compare NAME --seeds 10` says of the accuracies."""
    kept = recorded(name)
    found = paired.compared(kept["tinytorch"], kept["pytorch"], kept["n_test"])
    return "\n".join(["```text", *sweep_table.paired_lines(found), "```"])


def main() -> None:
    """Train with all seeds and keep what came of it."""
    found = {name: record(compare_training(name, "tinytorch_hf.reference", seeds=N_SEEDS)) for name in DATASETS}
    PATH.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
