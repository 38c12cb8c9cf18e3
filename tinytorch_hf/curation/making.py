"""Make a tiny set out of a large one: read, reduce, choose, prove, write."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.curation import writing
from tinytorch_hf.curation.choosing import chosen
from tinytorch_hf.curation.findings import Findings
from tinytorch_hf.curation.mapping import N_ROWS, Reading
from tinytorch_hf.curation.proof import divided, proof
from tinytorch_hf.curation.reducing import Engine, pool_of_candidates, summary_of
from tinytorch_hf.curation.source import Source
from tinytorch_hf.curation.spill import Spill
from tinytorch_hf.curation.wish import Wish
from tinytorch_hf.errors import InvalidArgumentError, StorageError
from tinytorch_hf.files import store

N_HELD_OUT = 200
"""Samples of each class that the proof asks about, and nothing is chosen from."""

_PLAN = "plan.json"

Say = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Made:
    """A set that was made.

    Attributes
    ----------
    folder
        Where it is.
    dataset
        Its facts; None where no content was packed.
    findings
        What there was, what was looked at, what was chosen, and what that is worth.
    """

    folder: Path
    dataset: DatasetInfo | None
    findings: Findings

    @property
    def status(self) -> int:
        """Exit status: 3 where the choice was not better than chance."""
        proof = self.findings.proof
        return 3 if proof is not None and not proof.is_better_than_chance else 0


def made(
    source: Source,
    out: Path,
    wish: Wish,
    facts: Mapping[str, Any],
    *,
    columns: Mapping[str, str] | None = None,
    engine: Engine | None = None,
    resume: bool = False,
    n_rows: int = N_ROWS,
    say: Say = lambda *_: None,
) -> Made:
    """Make a set.

    Parameters
    ----------
    source
        What it is made of.
    out
        The folder that it becomes; it must not be there yet. What a run knows is kept beside it until it ends.
    wish
        What is asked for.
    facts
        For `tinytorch_hf.write_dataset`: name, license, source_url and what else is known; the rest is written here.
    columns
        What the source's columns are called, for the recipe.
    engine
        Where it runs.
    resume
        Whether to go on with a run that was interrupted; otherwise such a run is in the way.
    n_rows
        Rows that a worker holds in memory at once.
    say
        Called with what is being done, how much of it is done, and of how much.

    Raises
    ------
    InvalidArgumentError
        The wish cannot be fulfilled; ``out`` or a run before this one is in the way.
    CorruptFileError
        A row of the source is bad: the message names file and row.
    StorageError
        Something cannot be written; nothing half-written stays.
    MissingExtraError
        A library is needed that is not installed.
    """
    engine = engine or Engine()
    if os.path.lexists(out):
        raise StorageError(f"{out} is there already. Choose another folder, or remove it.")
    shards = {}
    for number, shard in enumerate(source.shards()):
        say("looking at shards", number, len(source.shards()))
        shards[shard] = source.sha256(shard)
    if not shards:
        raise InvalidArgumentError(f"{source.name} has no shards to read.")
    plan = {"source": source.name, "shards": shards, **asdict(wish), "columns": dict(columns or {})}
    work = _work_folder(out, plan, resume)
    reading = Reading(source, wish.size, n_rows)
    n_kept = wish.candidates + (N_HELD_OUT if wish.is_proven else 0)
    summary = summary_of(reading, Spill(work / "facts"), engine, n_kept, wish.seed, lambda *done: say("reading", *done))
    everything = pool_of_candidates(reading, summary, engine, wish.seed)
    pool, held_out = divided(everything, wish.candidates, N_HELD_OUT if wish.is_proven else 0)
    say("choosing", 0, 1)
    choice = chosen(pool, wish.parameters)
    found = None
    if wish.is_proven:
        found = proof(pool, choice, held_out, engine, wish.seed, lambda *done: say("proving", *done))
    say("writing", 0, 1)
    findings = Findings(
        source.name, source.kind, shards, dict(columns or {}), wish, facts, summary, pool, choice, found
    )
    dataset = writing.write(out, findings)
    shutil.rmtree(work)
    return Made(out, dataset, findings)


def _work_folder(out: Path, plan: Mapping[str, Any], resume: bool) -> Path:
    """The folder of a run, with its plan in it; that of an earlier run only to go on with the same plan."""
    work = out.with_name(f"{out.name}.work")
    written = json.dumps(plan, indent=1, sort_keys=True).encode("utf-8")
    path = work / _PLAN
    if work.exists():
        if not resume:
            raise InvalidArgumentError(
                f"{work} is there, from a run that was interrupted. Go on with --resume, or remove that folder."
            )
        before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else dict(plan)
        changed = sorted(name for name in plan if json.loads(json.dumps(plan[name])) != before.get(name))
        if changed:
            raise InvalidArgumentError(
                f"The run in {work} was made with another {', '.join(changed)}. Give the same again, or remove {work}."
            )
    try:
        (work / "facts").mkdir(parents=True, exist_ok=True)
        store.write(path, written)
    except OSError as error:
        raise StorageError(f"{work} cannot be written: {error.strerror or error}.") from error
    return work
