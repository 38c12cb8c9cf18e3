"""Tiny against full: what the same model reaches on a tiny dataset and on the one above it, as the milestones train it.

``python -m docs.tools.stairs`` trains with NumPy alone, in a few minutes, and keeps what came of it; data that are not
on the machine are kept as not measured. With names of tiny datasets, only these are measured again. `docs.tools.cards`
then writes the documents.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docs.tools.blocks import markdown_table
from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.compare.tasks import load_arrays
from tinytorch_hf.errors import MissingFileError
from tinytorch_hf.milestones.experiments.table import MILESTONES, Experiment
from tinytorch_hf.milestones.experiments.training import Trained, measured, train

PATH = Path(__file__).with_name("stairs.json")
SEED = 0


def steps() -> list[tuple[Experiment, Experiment]]:
    """Each experiment on a whole published dataset, after the one with the same model on a tiny set of its shape."""
    return [
        (tiny, full)
        for milestone in MILESTONES
        for full in milestone.experiments
        if full.is_full
        for tiny in milestone.chosen(full=False)
        if tiny.model == full.model and _shape(tiny) == _shape(full)
    ]


def _shape(experiment: Experiment) -> tuple[int, ...]:
    return catalog.info(experiment.dataset).columns[0].shape


def measure(names: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Train both sides of every step, or of those that begin with one of these; the others stay as they were kept.

    A model of images that learned from the tiny side is also tried on the samples that judge the full one. Texts have
    other characters on either side.
    """
    before = _kept_before()
    return [
        before.get((tiny.dataset, full.dataset), {"tiny": tiny.dataset, "full": full.dataset})
        if names and tiny.dataset not in names
        else _measured(tiny, full)
        for tiny, full in steps()
    ]


def _kept_before() -> dict[tuple[str, str], dict[str, Any]]:
    return {(kept["tiny"], kept["full"]): kept for kept in json.loads(PATH.read_text(encoding="utf-8"))}


def _measured(tiny: Experiment, full: Experiment) -> dict[str, Any]:
    found: dict[str, Any] = {"tiny": tiny.dataset, "full": full.dataset, "model": tiny.model}
    trained = _try(tiny)
    if trained is not None:
        found["on_tiny"] = {**_kept(*trained), "fingerprint": catalog.info(tiny.dataset).fingerprint}
    above = _try(full)
    if above is not None:
        found["on_full"] = {**_kept(*above), "fingerprint": catalog.info(full.dataset).fingerprint}
    is_images = catalog.info(full.dataset).kind == "images"
    if is_images and trained is not None and above is not None:
        arrays = load_arrays(full.settings(SEED))
        found["tiny_on_full_test"] = measured(trained[0].side, full.goal.measure, arrays.X_test, arrays.y_test)
    return found


def _try(experiment: Experiment) -> tuple[Trained, float] | None:
    """A training and the seconds of the processor that it took; None where its data are not here."""
    start = time.process_time()
    try:
        return train(experiment, SEED, print), time.process_time() - start
    except MissingFileError:
        return None


def _kept(trained: Trained, seconds: float) -> dict[str, float]:
    return {"value": trained.value, "epochs": trained.epochs, "seconds": round(seconds, 1)}


def _current(experiment: Experiment, kept: dict[str, Any] | None) -> bool:
    """Whether something was measured, and on the content that the dataset has today."""
    return kept is not None and kept["fingerprint"] == catalog.info(experiment.dataset).fingerprint


HEAD = ("Dataset", "Training samples", "To get", "Epochs", "Processor time", "Its own unseen", "The full one's unseen")


def table(name: str) -> str:
    """Each step that a dataset is part of, or all of them for "all"; what was not measured says so."""
    found = _kept_before()
    wanted = [step for step in steps() if name in ("all", *(side.dataset for side in step))]
    rows: list[Sequence[str]] = []
    lacking: list[str] = []
    for tiny, full in wanted:
        kept = found.get((tiny.dataset, full.dataset), {})
        on_tiny, on_full = kept.get("on_tiny"), kept.get("on_full")
        on_tiny, on_full = on_tiny if _current(tiny, on_tiny) else None, on_full if _current(full, on_full) else None
        above = kept.get("tiny_on_full_test") if on_tiny and on_full else None
        is_text = catalog.info(tiny.dataset).kind != "images"
        rows.append(_row(tiny, on_tiny, "other characters" if is_text else _said(full, above)))
        rows.append(_row(full, on_full, _said(full, (on_full or {}).get("value"))))
        lacking += [side.dataset for side, one in ((tiny, on_tiny), (full, on_full)) if one is None]
    models = ", ".join(dict.fromkeys(f"`{tiny.model}` ({catalog.info(tiny.dataset).title})" for tiny, _ in wanted))
    how = f"The milestone's {models} in the reference TinyTorch, seed {SEED}; time on one core, loading included."
    lines = [markdown_table(HEAD, rows, numbers_from=1), "", how]
    if lacking:
        titles = " and ".join(catalog.info(one).title for one in lacking)
        lines += [f"{titles}: not measured, because the files were not on the machine."]
    return "\n".join(lines)


def _row(experiment: Experiment, kept: dict[str, Any] | None, above: str) -> list[str]:
    dataset = catalog.info(experiment.dataset)
    measured_cells = ["not measured"] * 3
    if kept is not None:
        value = _text(experiment, kept["value"])
        measured_cells = [f"{kept['epochs']}", f"{kept['seconds']:.1f} s", value]
    return [dataset.title, f"{dataset.splits[0].n_samples:,}", _to_get(dataset), *measured_cells, above]


def _said(full: Experiment, value: float | None) -> str:
    return "not measured" if value is None else _text(full, value)


def _text(experiment: Experiment, value: float) -> str:
    measure = experiment.goal.measure
    return f"{measure.name} {measure.text(value)}"


def _to_get(dataset: DatasetInfo) -> str:
    if dataset.is_shipped:
        return f"ships, {sum(file.size_bytes for file in dataset.files) / 1000:,.0f} kB"
    return catalog.download_cost(dataset) or "built on use"


def main() -> None:
    """Measure, and keep what came of it."""
    PATH.write_text(json.dumps(measure(sys.argv[1:]), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
