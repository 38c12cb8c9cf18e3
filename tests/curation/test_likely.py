"""Specification of the candidates that are kept when they are read: they save a second reading and change nothing."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from array_source import ArraySource, cut

from tinytorch_hf.curation.mapping import Reading
from tinytorch_hf.curation.pool import Pool
from tinytorch_hf.curation.reducing import Engine, pool_of_candidates, summary_of
from tinytorch_hf.curation.source import Kind
from tinytorch_hf.curation.spill import Spill

HERE, SEED = Engine(n_workers=1), 5


@dataclasses.dataclass(frozen=True)
class Watched(ArraySource):
    """A source that tells which rows it is asked for a second time."""

    again: list[tuple[str, int]] = dataclasses.field(default_factory=list)
    is_counted: bool = True

    def n_rows(self, shard: str) -> int | None:
        """As every source has it."""
        return super().n_rows(shard) if self.is_counted else None

    def batches(self, piece, rows, n_rows):  # type: ignore[no-untyped-def]
        """As every source has it."""
        self.again.extend((piece.shard, row) for row in ([] if rows is None else rows.tolist()))
        return super().batches(piece, rows, n_rows)


def source(kind: Kind = "images", n: int = 3000, *, is_counted: bool = True) -> Watched:
    """Grey and coloured images, or texts, in three classes of which one is rare, and one in twelve twice."""
    rng = np.random.default_rng(0)
    images = [
        image if number % 3 else np.stack([image] * 2 + [255 - image])
        for number, image in enumerate(rng.integers(0, 256, (n, 4, 4), dtype=np.uint8))
    ]
    samples = images if kind == "images" else [f"text {number} ü" for number in range(n)]
    labels = [("often", "seldom", "now and then")[number] for number in rng.choice(3, n, p=(0.7, 0.03, 0.27))]
    for number in range(0, n - 12, 12):
        samples[number + 7], labels[number + 7] = samples[number], labels[number]
    return Watched(cut(samples, labels, 10).content, kind, is_counted=is_counted)


def pooled(watched: Watched, folder: Path, *, uses_kept: bool = True, n: int = 20) -> Pool:
    """The candidates."""
    reading = Reading(watched, 4, 100)
    summary = summary_of(reading, Spill(folder), HERE, n, SEED)
    return pool_of_candidates(reading, summary, HERE, SEED, Spill(folder) if uses_kept else None)


@pytest.mark.parametrize("kind", ["images", "texts"])
def test_few_rows_are_read_a_second_time(kind: Kind, tmp_path: Path) -> None:
    """Those of the first piece, and hardly any other; and the candidates are the same as if all were."""
    kept, read = source(kind), source(kind)
    one, other = pooled(kept, tmp_path / "a"), pooled(read, tmp_path / "b", uses_kept=False)

    assert len(read.again) == len(other) == 60
    assert 0 < len(kept.again) < 15
    assert {row for row in kept.again if row[0] == "000"} == {row for row in read.again if row[0] == "000"}
    assert np.array_equal(one.digest, other.digest) and one.texts == other.texts
    assert one.images is None or np.array_equal(one.images, other.images)


def test_of_a_source_of_unknown_length_nothing_is_kept(tmp_path: Path) -> None:
    """All candidates are read a second time."""
    watched = source(is_counted=False)

    assert len(pooled(watched, tmp_path)) == len(watched.again) == 60
    assert not list(tmp_path.glob("*.contents"))


def test_what_is_kept_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it samples are read again, and are the same."""
    whole = pooled(source(), tmp_path / "a")
    monkeypatch.setattr("tinytorch_hf.curation.likely._MOST_BYTES", 40)
    watched = source()

    assert np.array_equal(pooled(watched, tmp_path / "b").digest, whole.digest)
    assert len(watched.again) > 20
