"""Make a tiny set out of a large one: read, reduce, choose, prove, write."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from tinytorch_hf import _version
from tinytorch_hf.curation import described, work, writing
from tinytorch_hf.curation.choosing import chosen
from tinytorch_hf.curation.findings import Findings
from tinytorch_hf.curation.made import Made
from tinytorch_hf.curation.mapping import N_ROWS, Reading
from tinytorch_hf.curation.options import option
from tinytorch_hf.curation.planning import N_HELD_OUT, Plan
from tinytorch_hf.curation.proof import Proof, divided, proof
from tinytorch_hf.curation.reducing import Engine, pool_of_candidates, summary_of
from tinytorch_hf.curation.source import Kind, Source
from tinytorch_hf.curation.summary import Summary
from tinytorch_hf.curation.work import Log, Work
from tinytorch_hf.errors import (
    CorruptFileError,
    DescriptionError,
    InvalidArgumentError,
    MissingExtraError,
    StorageError,
)

Say = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""

_MOST_NAMED = 5
_COLOURS = 3
# What of each candidate is in memory at once: copies of its pixels, and of the numbers that say what it looks like.
_PIXEL_COPIES, _FEATURE_COPIES = 3, 4
_FEATURES_BYTES = {"images": 8 * 64 * _COLOURS, "texts": 8 * 512}


def made(
    plan: Plan,
    *,
    engine: Engine | None = None,
    resume: bool = False,
    n_rows: int = N_ROWS,
    say: Say = lambda *_: None,
) -> Made:
    """Make a set.

    Parameters
    ----------
    plan
        What is made of what. Its folder must not be there yet; what a run knows is kept beside it until it ends.
    engine
        Where it runs.
    resume
        Whether to go on with a run that was interrupted; otherwise such a run is in the way.
    n_rows
        Rows that a worker holds in memory at once.
    say
        Told how far it is.

    Raises
    ------
    InvalidArgumentError
        The wish cannot be fulfilled; the folder or a run before this one is in the way.
    CorruptFileError
        A row of the source is bad: the message names file and row.
    StorageError
        Something cannot be written; nothing half-written stays.
    MissingExtraError
        A library is needed that is not installed.
    """
    engine = engine or Engine()
    out, wish, source = plan.out, plan.wish, plan.opened.source
    if os.path.lexists(out):
        raise StorageError(f"{out} is there already. Choose another folder, or remove it.")
    described.check(out, source.kind, plan.facts, ("one", "other"))
    if wish.is_proven:
        _check_judges()
    sizes = {shard: source.n_bytes(shard) for shard in source.shards()}
    shards = _hashes(source, say)
    folder = work.begun(out, _all_that_counts(plan, shards), resume=resume)
    log = Log(out)
    log(f"tinify {source.name}: {len(shards)} shards, {wish}")
    with _kept_if_of_use(folder, log):
        reading = Reading(source, wish.size, n_rows)
        n_kept = wish.candidates + (N_HELD_OUT if wish.is_proven else 0)
        summary = summary_of(reading, folder.spill, engine, n_kept, wish.seed, lambda *done: say("reading", *done))
        log(f"read {sum(summary.n_rows.values())} rows: {dict(summary.n_unique)} different ones")
        _check_classes(plan, summary)
        _check_memory(plan, summary, engine)
        say("fetching candidates", 0, 1)
        everything = pool_of_candidates(reading, summary, engine, wish.seed, folder.spill)
        _check_sizes(source, sizes)
        pool, held_out = divided(everything, wish.candidates, N_HELD_OUT if wish.is_proven else 0)
        say("choosing", 0, 1)
        choice = chosen(pool, wish.parameters)
        log(f"chose {len(choice.train)} and {len(choice.test)} of {len(pool)} candidates")
        found: Proof | None = None
        if wish.is_proven:
            found = proof(
                pool, choice, held_out, engine, wish.seed, lambda *done: say("proving", *done), folder.accuracies
            )
            log(f"proof: {found.mean_deviations:+.2f} standard deviations on average")
        say("writing", 0, 1)
        findings = Findings(
            source.name, source.kind, shards, dict(plan.opened.columns), wish, plan.facts, summary, pool, choice, found
        )
        dataset = writing.write(out, findings)
        log(f"wrote {out}")
    folder.remove()
    return Made(out, dataset, findings)


def _hashes(source: Source, say: Say) -> dict[str, str]:
    names = source.shards()
    shards = {}
    for number, shard in enumerate(names):
        say("hashing shards", number, len(names))
        shards[shard] = source.sha256(shard)
    if not shards:
        raise InvalidArgumentError(f"{source.name} has no shards to read.")
    return shards


def _check_sizes(source: Source, before: Mapping[str, int | None]) -> None:
    """Refuse a source that has grown or shrunk since it was hashed: its recipe would name what nobody can find."""
    for shard, size in before.items():
        now = source.n_bytes(shard)
        if now != size:
            raise CorruptFileError(
                f"{source.name}, {shard} has changed while it was read: it had {size} bytes, now {now}. Leave the "
                "source alone while a set is made of it."
            )


def _all_that_counts(plan: Plan, shards: Mapping[str, str]) -> dict[str, Any]:
    """All that the result hangs on."""
    return {
        "release": _version.__version__,
        "source": plan.opened.source.name,
        "kind": plan.opened.source.kind,
        "columns": dict(plan.opened.columns),
        "shards": dict(shards),
        **asdict(plan.wish),
    }


@contextmanager
def _kept_if_of_use(folder: Work, log: Log) -> Iterator[None]:
    """Keep what a run knows if it can be resumed; not if the same run would end the same way."""
    try:
        yield
    except (InvalidArgumentError, CorruptFileError, DescriptionError) as error:
        log(f"refused: {error}")
        folder.remove()
        raise
    except BaseException as error:
        log(f"interrupted: {type(error).__name__}: {error}")
        raise


def _check_judges() -> None:
    """Before anything is read: whether it can be proven."""
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("sklearn", "create", error) from error


def _check_classes(plan: Plan, summary: Summary) -> None:
    """Refuse a source whose classes are too few or too small, before candidates are fetched."""
    wish, where = plan.wish, plan.opened.source.name
    if not summary.n_rows:
        raise InvalidArgumentError(f"{where} has no rows.")
    wanted = wish.n_train + wish.n_test
    small = {name: summary.n_unique.get(name, 0) for name in summary.n_rows}
    small = {name: n for name, n in small.items() if n < wanted}
    if len(summary.n_rows) < 2:
        raise InvalidArgumentError(
            f"{where} has one class alone, {next(iter(summary.n_rows))}. A set teaches to tell at least two apart; is "
            f"{plan.opened.columns.get('label', 'the folder')} what holds the labels?"
        )
    if small:
        names = ", ".join(f"{name} ({n})" for name, n in list(small.items())[:_MOST_NAMED])
        more = f" and {len(small) - _MOST_NAMED} more" if len(small) > _MOST_NAMED else ""
        n = summary.n_contradictions
        torn = f" Not counted are the samples that stand under two labels: {n} contents." if n else ""
        raise InvalidArgumentError(
            f"{where}: {len(small)} of {len(summary.n_rows)} classes have fewer than {wanted} different samples: "
            f"{names}{more}. {wish.n_train} of each are to train and {wish.n_test} to test: ask for fewer with "
            f"{option('per-class')}, or leave these classes out of the source.{torn}"
        )
    described.check(plan.out, plan.opened.source.kind, plan.facts, sorted(summary.n_rows))


def _check_memory(plan: Plan, summary: Summary, engine: Engine) -> None:
    """Refuse what cannot be held: candidates stay in memory while one is chosen."""
    wish, kind, n = plan.wish, plan.opened.source.kind, len(summary.candidates)
    needed = bytes_of_candidates(n, kind, wish.size)
    if needed > engine.most:
        raise InvalidArgumentError(
            f"{plan.opened.source.name} has {len(summary.n_rows)} classes; {n} candidates of them need about "
            f"{needed / 1e9:.1f} GB, more than the {engine.most / 1e9:.1f} GB that are allowed. Give more with "
            f"{option('memory')}, look at less than {wish.candidates} of each class with {option('candidates')}, or "
            f"ask for less with {option('per-class')}."
        )


def bytes_of_candidates(n: int, kind: Kind, size: int) -> int:
    """What so many candidates take in memory, at most: images of ``size`` pixels a side, or texts."""
    pixels = _COLOURS * size**2 if kind == "images" else 0
    return n * (_PIXEL_COPIES * pixels + _FEATURE_COPIES * _FEATURES_BYTES[kind])
