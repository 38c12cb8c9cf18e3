"""Make a tiny set out of a large one: read, reduce, choose, prove, write."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf import _version
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.curation import content, recipe
from tinytorch_hf.curation.choosing import Choice, Parameters, chosen
from tinytorch_hf.curation.licences import may_be_packed
from tinytorch_hf.curation.mapping import N_ROWS, Reading
from tinytorch_hf.curation.pool import Pool
from tinytorch_hf.curation.proof import Proof, divided, proof
from tinytorch_hf.curation.recipe import Recipe, Row
from tinytorch_hf.curation.reducing import Engine, pool_of_candidates, summary_of
from tinytorch_hf.curation.source import Source
from tinytorch_hf.curation.spill import Spill
from tinytorch_hf.curation.summary import Summary
from tinytorch_hf.errors import InvalidArgumentError, StorageError
from tinytorch_hf.files import store

N_HELD_OUT = 200
"""Samples of each class that the proof asks about, and nothing is chosen from."""

_CANDIDATES = 12
_PLAN = "plan.json"
_LOG = "log.txt"

Say = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Wish:
    """What is asked for.

    Attributes
    ----------
    n_train, n_test
        Samples of each class.
    size
        Rows and columns of images.
    min_cosine
        From which cosine on two samples are look-alikes.
    seed
        Of the lots.
    n_candidates
        How many of each class are looked at; 0 for twelve times what is chosen.
    is_proven
        Whether it is measured what the choice is worth.
    """

    n_train: int = 100
    n_test: int = 20
    size: int = 32
    min_cosine: float = 0.995
    seed: int = 0
    n_candidates: int = 0
    is_proven: bool = True

    @property
    def candidates(self) -> int:
        """How many of each class are looked at."""
        return self.n_candidates or _CANDIDATES * (self.n_train + self.n_test)

    @property
    def parameters(self) -> Parameters:
        """What the choice hangs on beside the source."""
        return Parameters(self.n_train, self.n_test, self.min_cosine, self.seed)


@dataclass(frozen=True)
class Made:
    """A set that was made.

    Attributes
    ----------
    folder
        Where it is.
    dataset
        Its facts; None where no content was packed.
    summary, pool, choice
        What there was, what was looked at, and what was chosen.
    proof
        What the choice is worth; None where that was not asked.
    """

    folder: Path
    dataset: DatasetInfo | None
    summary: Summary
    pool: Pool
    choice: Choice
    proof: Proof | None

    @property
    def status(self) -> int:
        """Exit status: 3 where the choice was not better than chance."""
        return 3 if self.proof is not None and not self.proof.is_better_than_chance else 0


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
    dataset = _write(out, reading, wish, {**facts}, plan, summary, pool, choice, found)
    shutil.rmtree(work)
    return Made(out, dataset, summary, pool, choice, found)


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


def _write(
    out: Path,
    reading: Reading,
    wish: Wish,
    facts: dict[str, Any],
    plan: Mapping[str, Any],
    summary: Summary,
    pool: Pool,
    choice: Choice,
    found: Proof | None,
) -> DatasetInfo | None:
    positions = {"train": choice.train.tolist(), "test": choice.test.tolist()}
    rows: list[Row] = []
    for split, some in positions.items():
        rows += recipe.rows_of(pool, some, split, choice.level, choice.score)
    samples = {
        row.digest: pool.texts[one] if pool.images is None else pool.images[one]
        for row, one in zip(rows, [one for some in positions.values() for one in some], strict=True)
    }
    facts = {
        "summary": _summary(reading, pool, wish),
        "source": reading.source.name,
        "classes": list(pool.classes),
        **facts,
    }
    made_of = Recipe(
        reading.source.name,
        reading.kind,
        plan["shards"],
        reading.size if reading.kind == "images" else 0,
        plan["columns"],
        {**asdict(wish.parameters), "n_candidates": wish.candidates},
        facts,
    )
    return written_folder(out, made_of, rows, _places(summary, rows), samples, may_be_packed(str(facts.get("license"))))


def written_folder(
    out: Path,
    made_of: Recipe,
    rows: list[Row],
    places: list[tuple[str, str, int]],
    samples: Mapping[str, Any],
    is_packed: bool,
) -> DatasetInfo | None:
    """Write everything into a folder beside the one that is wanted, and rename it."""
    temporary = out.with_name(f"{out.name}{store.PARTIAL_SUFFIX}")
    shutil.rmtree(temporary, ignore_errors=True)
    del temporary
    try:
        dataset = content.written(out, made_of.kind, rows, samples, made_of.facts) if is_packed else None
        files = {}
        if dataset is not None:
            files = {file.name: file.sha256 for file in dataset.files}
        made_of = replace(made_of, files=files, versions=_versions())
        store.write(out / recipe.SELECTION, recipe.selection_bytes(rows))
        store.write(out / recipe.PLACES, recipe.places_bytes(places))
        store.write(out / recipe.RECIPE, made_of.as_bytes())
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)
        raise
    return dataset


def _places(summary: Summary, rows: list[Row]) -> list[tuple[str, str, int]]:
    from tinytorch_hf.curation.lots import hexadecimal

    facts = summary.candidates
    wanted = {row.digest for row in rows}
    found = {}
    for digest, shard, row in zip(facts.digest, facts.shard.tolist(), facts.row.tolist(), strict=True):
        name = hexadecimal(np.asarray(digest))
        if name in wanted:
            found[name] = (name, facts.shards[shard], row)
    return [found[row.digest] for row in rows]


def _summary(reading: Reading, pool: Pool, wish: Wish) -> str:
    what = "texts" if reading.kind == "texts" else f"images of {reading.size}x{reading.size} pixels"
    n = (wish.n_train + wish.n_test) * len(pool.classes)
    return f"{n} {what} in {len(pool.classes)} classes, chosen from {reading.source.name}."


def _versions() -> dict[str, str]:
    found = {"tinytorch-hf": _version.__version__, "python": sys.version.split()[0]}
    for name in ("numpy", "pillow", "datasets", "scikit-learn"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def hash_of(data: bytes) -> str:
    """SHA-256 of some bytes."""
    return sha256(data).hexdigest()
