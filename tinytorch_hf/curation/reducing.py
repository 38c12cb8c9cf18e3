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
from tinytorch_hf.curation.likely import Expected, Likely
from tinytorch_hf.curation.mapping import Reading, digests_of, facts_of, sample_of, samples_of
from tinytorch_hf.curation.pool import Pool, pool_of
from tinytorch_hf.curation.source import Piece
from tinytorch_hf.curation.spill import ROW, Spill
from tinytorch_hf.curation.summary import Summary, summarised, together
from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.formats.arrays import Array

Given = TypeVar("Given")
Found = TypeVar("Found")

COPIES = 6
"""Facts are sorted, copied and merged in memory: so many times what is kept of them."""


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
    expected = Expected(n_candidates, seed, _n_rows(reading))
    for done, _ in enumerate(engine.map(partial(_map, reading, spill, expected), missing), 1):
        on_piece(len(pieces) - len(missing) + done, len(pieces))
    n_parts = max(1, -(-spill.n_rows(pieces) * ROW.itemsize * COPIES // engine.memory))
    found: dict[int, Summary] = dict(
        engine.map(partial(_reduce, spill, pieces, n_parts, n_candidates, seed), range(n_parts))
    )
    summary = found[0]
    for part in range(1, n_parts):
        summary = together(summary, found[part], n_candidates, seed)
    return summary


def pool_of_candidates(
    reading: Reading, summary: Summary, engine: Engine, seed: int, spill: Spill | None = None
) -> Pool:
    """The candidates of a summary themselves.

    Those that the spill has kept are taken from there, but for the first piece's: these are read from the source a
    second time, as all others are, which shows whether it gives the same again.
    """
    candidates = summary.candidates
    places = [
        (candidates.shards[shard], row)
        for shard, row in zip(candidates.shard.tolist(), candidates.row.tolist(), strict=True)
    ]
    samples: list[Any] = [None] * len(places)
    if spill is not None:
        samples = _kept(reading, spill, candidates.digest, places)
    rest = [number for number, sample in enumerate(samples) if sample is None]
    for number, sample in zip(rest, samples_at(reading, [places[number] for number in rest], engine), strict=True):
        samples[number] = sample
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


def _kept(reading: Reading, spill: Spill, digest: Array, places: Sequence[tuple[str, int]]) -> list[Any]:
    """The samples at these places as far as the spill has kept them; None for others, and those of the first piece."""
    samples: list[Any] = [None] * len(places)
    number_of = {one.astype("<u8").tobytes(): number for number, one in enumerate(digest)}
    for shard in reading.source.shards():
        for piece in reading.source.pieces(shard):
            for key, content in spill.contents(piece, number_of):
                samples[number_of[key]] = sample_of(reading, content)
    for number in _of_first_piece(reading, places):
        samples[number] = None
    return samples


def _of_first_piece(reading: Reading, places: Sequence[tuple[str, int]]) -> list[int]:
    """Which of these places lie in the piece in which the first of them does."""
    shard = min((shard for shard, _ in places), default="")
    here = [number for number, (of, _) in enumerate(places) if of == shard]
    rows = np.array([places[number][1] for number in here], dtype=np.int64)
    for piece in reading.source.pieces(shard) if here else ():
        inside = np.isin(rows, piece.inside(rows))
        if inside.any():
            return [here[place] for place in np.flatnonzero(inside)]
    return []


def _n_rows(reading: Reading) -> int | None:
    """Samples of a whole source, where that is known or can be told from the first ones of each shard."""
    about = getattr(reading.source, "n_rows_about", reading.source.n_rows)
    found = [about(shard) for shard in reading.source.shards()]
    known = [n for n in found if n is not None]
    return sum(known) if len(known) == len(found) else None


def _check_unchanged(
    reading: Reading, places: Sequence[tuple[str, int]], samples: Sequence[Any], digest: Array
) -> None:
    """Refuse a source that gives other samples than it gave before."""
    is_same = np.array([sample is not None for sample in samples], dtype=bool)
    found = digests_of([sample for sample in samples if sample is not None])
    is_same[is_same] = (found == digest[is_same]).all(axis=1)
    for (shard, row), same in zip(places, is_same, strict=True):
        if not same:
            raise CorruptFileError(
                f"{reading.source.name}, {shard}, row {row + 1}: it is another sample than when it was first read. "
                "Do not change the source while a set is made from it; what is changed at random cannot be used."
            )


def _map(reading: Reading, spill: Spill, expected: Expected, piece: Piece) -> None:
    likely = Likely(expected)
    spill.write(piece, facts_of(reading, piece, likely), likely.contents)


def _reduce(spill: Spill, pieces: Sequence[Piece], n_parts: int, n_candidates: int, seed: int, part: int) -> Summary:
    return summarised(spill.read(pieces, part, n_parts), n_candidates, seed)


def _fetch(reading: Reading, wanted: tuple[Piece, Array]) -> list[tuple[int, Any]]:
    piece, rows = wanted
    return samples_of(reading, piece, rows)
