"""Specification of the reduce: what comes out hangs on the samples, not on how they are cut, read, or by whom."""

from __future__ import annotations

import dataclasses
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from array_source import ArraySource, cut

from tinytorch_hf.curation.mapping import Reading
from tinytorch_hf.curation.reducing import Engine, pool_of_candidates, summary_of
from tinytorch_hf.curation.source import Piece
from tinytorch_hf.curation.spill import Spill
from tinytorch_hf.errors import CorruptFileError

N_CANDIDATES, SEED = 20, 3
HERE = Engine(n_workers=1)


def samples(n: int = 400) -> tuple[np.ndarray, list[str]]:
    """Noise in three classes of different size; every tenth image is one that stands before it."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (n, 8, 8), dtype=np.uint8)
    labels = np.array(["cat", "dog", "owl"])[np.minimum(rng.integers(0, 4, n), 2)]
    images[10::10], labels[10::10] = images[9:-1:10], labels[9:-1:10]
    return images, labels.tolist()


def candidates(
    source: ArraySource, folder: Path, n_rows: int = 500, engine: Engine = HERE
) -> tuple[str, dict[str, int], dict[str, int]]:
    """A hash of the candidates in their order, and how many samples and different ones there are."""
    reading = Reading(source, 8, n_rows)
    summary = summary_of(reading, Spill(folder), engine, N_CANDIDATES, SEED)
    pool = pool_of_candidates(reading, summary, engine, SEED)
    assert pool.images is not None
    content = (pool.digest.tobytes(), pool.label.tobytes(), pool.images.tobytes(), repr(pool.classes).encode())
    return hashlib.sha256(b"".join(content)).hexdigest(), dict(summary.n_rows), dict(summary.n_unique)


def test_cutting_batches_order_and_memory_change_nothing(tmp_path: Path) -> None:
    """1, 7 and 40 shards; rows one by one and all at once; backwards; parts that are reduced for themselves."""
    images, labels = samples()
    once = candidates(cut(images, labels, 1), tmp_path / "once")
    backwards = range(len(labels) - 1, -1, -1)
    others = [
        (cut(images, labels, 7), 500, HERE),
        (cut(images, labels, 40, backwards), 5000, HERE),
        (dataclasses.replace(cut(images, labels, 3), n_rows_a_piece=11), 1, HERE),
        (cut(images, labels, 4), 500, Engine(1, memory=4000)),
    ]
    for number, (source, n_rows, engine) in enumerate(others):
        assert candidates(source, tmp_path / str(number), n_rows, engine) == once
    with ThreadPoolExecutor(3) as pool:
        assert candidates(cut(images, labels, 9), tmp_path / "threads", 50, Engine(executor=pool)) == once


def test_equal_samples_are_counted_once(tmp_path: Path) -> None:
    """However far they lie apart; the classes have their numbers before and after that."""
    images, labels = samples()
    _, n_rows, n_unique = candidates(cut(images, labels, 5), tmp_path)

    assert n_rows == {name: labels.count(name) for name in sorted(set(labels))}
    assert sum(n_unique.values()) == len({image.tobytes() for image in images})


def test_a_content_with_two_labels_is_left_out_and_told(tmp_path: Path) -> None:
    """Nobody knows which of the labels is right."""
    images, labels = samples(30)
    images, labels = np.concatenate([images, images[:1]]), [*labels, "zebu"]
    summary = summary_of(Reading(cut(images, labels, 2), 8), Spill(tmp_path), HERE, N_CANDIDATES, SEED)

    assert summary.n_contradictions == 1
    assert list(summary.contradictions.values()) == [tuple(sorted([labels[0], "zebu"]))]
    assert "zebu" not in summary.n_unique


def test_what_is_in_the_spill_is_not_read_again(tmp_path: Path) -> None:
    """A run that was killed goes on where it was."""
    images, labels = samples()
    source = cut(images, labels, 4)
    once = candidates(source, tmp_path)
    read: list[Piece] = []

    class Watched(ArraySource):
        def batches(self, piece: Piece, rows, n_rows):  # type: ignore[no-untyped-def]
            if rows is None:
                read.append(piece)
            return super().batches(piece, rows, n_rows)

    (victim,) = [*tmp_path.glob("*.json")][:1]
    victim.unlink()

    assert candidates(Watched(source.content), tmp_path) == once
    assert len(read) == 1


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        ("images", ([np.full((8, 8), np.nan)], ["a"]), r"arrays, 0, row 1: .* not numbers"),
        ("images", ([b"GIF89a"], ["a"]), r"row 1: it is not an image that can be read"),
        ("images", ([np.zeros((8, 8, 3, 2), np.uint8)], ["a"]), r"the shape \(8, 8, 3, 2\) is not an image"),
        ("images", ([np.full((8, 8), 3.0)], ["a"]), r"floats have to be in \[0, 1\]"),
        ("images", ([np.zeros((8, 8), np.uint8)] * 2, ["a", None]), r"row 2: it has no label"),
        ("texts", (["one", " \n"], ["a", "b"]), r"row 2: its text is empty"),
        ("texts", ([7], ["a"]), r"row 1: it is a int, not a text"),
    ],
)
def test_a_bad_row_is_named(kind: str, content: tuple, message: str, tmp_path: Path) -> None:
    """By source, shard and row, counted from 1; nothing of its piece is kept."""
    source = ArraySource({"0": content}, kind=kind)  # type: ignore[arg-type]

    with pytest.raises(CorruptFileError, match=message):
        summary_of(Reading(source, 8), Spill(tmp_path), HERE, N_CANDIDATES, SEED)
    assert list(tmp_path.iterdir()) == []


def test_empty_shards_and_single_rows_are_read(tmp_path: Path) -> None:
    """A folder of shards may well have such."""
    images, labels = samples(30)
    whole = cut(images, labels, 1).content["000"]
    empty = (np.zeros((0, 8, 8), np.uint8), [])
    single = cut(images, labels, 30).content
    source = ArraySource({"none": empty, **single})

    assert candidates(source, tmp_path / "a") == candidates(ArraySource({"all": whole}), tmp_path / "b")


def test_texts_are_reduced_as_images_are(tmp_path: Path) -> None:
    """Spaces at the ends make no other text."""
    source = ArraySource({"0": (["ape", " ape ", "bee"], ["x", "x", "y"])}, kind="texts")
    reading = Reading(source, 8)
    summary = summary_of(reading, Spill(tmp_path), HERE, N_CANDIDATES, SEED)
    pool = pool_of_candidates(reading, summary, HERE, SEED)

    assert dict(summary.n_rows) == {"x": 2, "y": 1}
    assert sorted(pool.texts) == ["ape", "bee"]
