"""From a source to its candidates: pieces are mapped on any executor, their facts are reduced part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np

from tinytorch_hf import workers
from tinytorch_hf.curation import canonical
from tinytorch_hf.curation.mapping import Reading, digests_of, facts_of, samples_of
from tinytorch_hf.curation.pool import Pool, pool_of
from tinytorch_hf.curation.source import Piece
from tinytorch_hf.curation.spill import ROW, Spill
from tinytorch_hf.curation.summary import Summary, summarised, together
from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.formats.arrays import Array

Given = TypeVar("Given")
Found = TypeVar("Found")

# Facts are sorted, copied and merged: a few times what is kept of them.
_COPIES = 6


@dataclass(frozen=True)
class Engine:
    """Where pieces are mapped and parts are reduced: on processes, or on an executor of the caller's.

    Attributes
    ----------
    n_workers, executor
        As for `workers.results`; every worker has to see the spill's folder.
    memory
        Bytes that the reduce may take in one worker. What comes out does not depend on it.
    most
        Bytes that candidates may take in this process; more of them are refused.
    """

    n_workers: int | None = None
    executor: Executor | None = None
    memory: int = 1 << 29
    most: int = 1 << 30

    def map(self, work: Callable[[Given], Found], pieces: Sequence[Given]) -> Iterator[tuple[int, Found]]:
        """The result of each piece with its number, each as soon as it is done."""
        return workers.results(work, pieces, workers=self.n_workers, executor=self.executor)


def summary_of(
    reading: Reading,
    spill: Spill,
    engine: Engine,
    n_candidates: int,
    seed: int,
    on_piece: Callable[[int, int], None] = lambda *_: None,
) -> Summary:
    """Read a whole source once and reduce it.

    Pieces whose facts are in the spill already are not read again.

    Parameters
    ----------
    reading
        The source, and what its samples become.
    spill
        Where the facts of pieces are kept.
    engine
        Where it runs.
    n_candidates, seed
        As for `summarised`.
    on_piece
        Called with how many pieces are done, of how many.
    """
    pieces = [piece for shard in reading.source.shards() for piece in reading.source.pieces(shard)]
    missing = [piece for piece in pieces if not spill.has(piece)]
    on_piece(len(pieces) - len(missing), len(pieces))
    for done, _ in enumerate(engine.map(partial(_map, reading, spill), missing), 1):
        on_piece(len(pieces) - len(missing) + done, len(pieces))
    n_parts = max(1, -(-spill.n_rows(pieces) * ROW.itemsize * _COPIES // engine.memory))
    found: dict[int, Summary] = dict(
        engine.map(partial(_reduce, spill, pieces, n_parts, n_candidates, seed), range(n_parts))
    )
    summary = found[0]
    for part in range(1, n_parts):
        summary = together(summary, found[part], n_candidates, seed)
    return summary


def pool_of_candidates(reading: Reading, summary: Summary, engine: Engine, seed: int) -> Pool:
    """The candidates of a summary themselves, read from the source a second time."""
    candidates = summary.candidates
    places = [
        (candidates.shards[shard], row)
        for shard, row in zip(candidates.shard.tolist(), candidates.row.tolist(), strict=True)
    ]
    samples = samples_at(reading, places, engine)
    _check_unchanged(reading, places, samples, candidates.digest)
    if reading.kind == "texts":
        return pool_of(candidates.classes, candidates.digest, candidates.label, seed, texts=samples)
    if any(sample.ndim > 2 for sample in samples):
        samples = [canonical.in_colour(sample) for sample in samples]
    images = np.stack(samples) if samples else np.zeros((0, reading.size, reading.size), np.uint8)
    return pool_of(candidates.classes, candidates.digest, candidates.label, seed, images)


def samples_at(reading: Reading, places: Sequence[tuple[str, int]], engine: Engine) -> list[Any]:
    """The samples at these places, each a shard and a row in it; None where there is none."""
    rows: dict[str, list[int]] = {}
    for shard, row in places:
        rows.setdefault(shard, []).append(row)
    wanted: list[tuple[Piece, Array]] = []
    for shard in sorted(rows):
        of_shard = np.sort(np.array(rows[shard], dtype=np.int64))
        inside = ((piece, piece.inside(of_shard)) for piece in reading.source.pieces(shard))
        wanted += [(piece, some) for piece, some in inside if len(some)]
    found: dict[tuple[str, int], Any] = {}
    for number, samples in engine.map(partial(_fetch, reading), wanted):
        found.update({(wanted[number][0].shard, row): sample for row, sample in samples})
    return [found.get(place) for place in places]


def _check_unchanged(
    reading: Reading, places: Sequence[tuple[str, int]], samples: Sequence[Any], digest: Array
) -> None:
    """Refuse a source that gives other samples than it gave before."""
    is_there = np.array([sample is not None for sample in samples], dtype=bool)
    is_same = is_there.copy()
    is_same[is_there] = (digests_of([sample for sample in samples if sample is not None]) == digest[is_there]).all(axis=1)
    for (shard, row), same in zip(places, is_same, strict=True):
        if not same:
            raise CorruptFileError(
                f"{reading.source.name}, {shard}, row {row + 1}: it is another sample than when it was first read. "
                "Leave the source alone while a set is made of it; what is changed at random cannot be used."
            )


def _map(reading: Reading, spill: Spill, piece: Piece) -> None:
    spill.write(piece, facts_of(reading, piece))


def _reduce(spill: Spill, pieces: Sequence[Piece], n_parts: int, n_candidates: int, seed: int, part: int) -> Summary:
    return summarised(spill.read(pieces, part, n_parts), n_candidates, seed)


def _fetch(reading: Reading, wanted: tuple[Piece, Array]) -> list[tuple[int, Any]]:
    piece, rows = wanted
    return samples_of(reading, piece, rows)
