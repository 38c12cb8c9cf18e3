"""Specification that cuts of a table say nothing: in pieces, sliced or joined, the same rows are the same samples."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bad_files import GOOD
from hypothesis import given, settings
from hypothesis import strategies as st

from tinytorch_hf.curation.source import Piece
from tinytorch_hf.curation.sources import values
from tinytorch_hf.curation.sources.opening import open_source

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")

N = 12
_RNG = np.random.default_rng(0)
_PIXELS = _RNG.integers(0, 256, (N, 4, 4), dtype=np.uint8)
_FLAT = [image.ravel().tolist() for image in _PIXELS]
_FIXED = pa.FixedSizeListArray.from_arrays(pa.array(_PIXELS.ravel()), 4)
SAMPLES = {
    "files": pa.array([{"bytes": GOOD + bytes([n]), "path": None} for n in range(N)]),
    "files, some missing": pa.array([None if n % 5 == 0 else {"bytes": bytes([n]), "path": "a"} for n in range(N)]),
    "bytes": pa.array([bytes([n]) for n in range(N)]),
    "numbers": pa.array(_FLAT),
    "nested numbers": pa.array(_PIXELS.tolist()),
    "a number missing": pa.array([[None, *row[1:]] if n == 3 else row for n, row in enumerate(_FLAT)]),
    "a nested number missing": pa.array([[[None, 2], [3, 4]] if n == 3 else [[1, 2], [3, n]] for n in range(N)]),
    "a row missing": pa.array([None if n == 4 else row for n, row in enumerate(_FLAT)]),
    "rows of two lengths": pa.array([row[: 16 if n % 4 else 9] for n, row in enumerate(_FLAT)]),
    "fixed lists": pa.FixedSizeListArray.from_arrays(_FIXED, 4),
    "large lists": pa.array(_FLAT, pa.large_list(pa.int32())),
    "numbers above a byte": pa.array([[v + 300 * (n == 2) for v in row] for n, row in enumerate(_FLAT)]),
    "floats": pa.array((_PIXELS / 255).reshape(N, 16).tolist()),
    "texts": pa.array([f"text {n}" for n in range(N)]),
    "texts of few kinds": pa.array([f"text {n % 3}" for n in range(N)]).dictionary_encode(),
}
LABELS = {
    "whole": pa.array([n % 3 for n in range(N)]),
    "whole, one missing": pa.array([None if n == 2 else n % 3 for n in range(N)]),
    "floats, one missing": pa.array([None if n == 2 else float(n % 3) for n in range(N)]),
    "texts": pa.array([f"class {n % 3}" for n in range(N)]),
    "of few kinds": pa.array([f"class {n % 3}" for n in range(N)]).dictionary_encode(),
    "truths": pa.array([n % 2 == 0 for n in range(N)]),
}


def cut(column: Any, places: list[int]) -> list[Any]:
    """A column in pieces, each a view of a longer one that begins elsewhere."""
    longer = pa.concat_arrays([column, column])
    edges = [0, *sorted(places), len(column)]
    return [longer.slice(len(column) + start, stop - start) for start, stop in itertools.pairwise(edges)]


def told(samples: Any) -> list[Any]:
    """What each sample is: its dtype, shape and bytes."""
    return [
        (sample.dtype.str, sample.shape, sample.tobytes()) if isinstance(sample, np.ndarray) else sample
        for sample in samples
    ]


@pytest.mark.parametrize("kind", SAMPLES)
@settings(max_examples=10)
@given(places=st.lists(st.integers(0, N), max_size=5))
def test_samples_are_the_same_in_any_pieces(kind: str, places: list[int]) -> None:
    """All pieces at once, and each alone: no row changes what another one is read as."""
    expected = told(values.samples([pa.chunked_array([SAMPLES[kind]])]))
    pieces = cut(SAMPLES[kind], places)

    assert told(values.samples([pa.chunked_array(pieces)])) == expected
    alone = [values.samples([pa.chunked_array([piece])]) for piece in pieces if len(piece)]
    assert [one for samples in alone for one in told(samples)] == expected


@pytest.mark.parametrize("kind", LABELS)
@settings(max_examples=10)
@given(places=st.lists(st.integers(0, N), max_size=5))
def test_labels_are_the_same_in_any_pieces(kind: str, places: list[int]) -> None:
    """Also where each piece has a list of its own of the values there are."""
    expected = values.labels(pa.chunked_array([LABELS[kind]]), None)
    pieces = cut(LABELS[kind], places)

    assert values.labels(pa.chunked_array(pieces), None) == expected
    alone = [values.labels(pa.chunked_array([piece]), None) for piece in pieces if len(piece)]
    assert [label for labels in alone for label in labels] == expected


@settings(max_examples=10)
@given(places=st.lists(st.integers(0, N), max_size=5), missing=st.booleans())
def test_pixels_in_columns_are_the_same_in_any_pieces(places: list[int], missing: bool) -> None:
    """A column for each pixel, as tables of numbers have them."""
    numbers = [[row[pixel] for row in _FLAT] for pixel in range(16)]
    some = [
        pa.array([None if missing and (n, pixel) == (3, 2) else v for n, v in enumerate(column)])
        for pixel, column in enumerate(numbers)
    ]
    expected = told(values.samples([pa.chunked_array([column]) for column in some]))
    pieces = [cut(column, places) for column in some]

    assert told(values.samples([pa.chunked_array(column) for column in pieces])) == expected
    rows = [
        one
        for piece in zip(*pieces, strict=True)
        if len(piece[0])
        for one in told(values.samples([pa.chunked_array([column]) for column in piece]))
    ]
    assert rows == expected
    assert [dtype for dtype, _, _ in expected].count("|u1") == N - missing


def _rows(folder: Path) -> Iterator[tuple[Any, ...]]:
    source = open_source(folder, image="image", label="label").source
    for shard in source.shards():
        for piece in source.pieces(shard):
            for batch in source.batches(Piece(piece.shard, piece.start, piece.stop), None, 5):
                yield from zip(told(batch.samples), batch.labels, strict=True)


@pytest.mark.parametrize("kind", ["files", "a number missing", "rows of two lengths", "fixed lists"])
def test_groups_of_rows_in_a_file_say_nothing(tmp_path: Path, kind: str) -> None:
    """However many rows were written at once."""
    table = pa.table({"image": SAMPLES[kind], "label": LABELS["of few kinds"]})
    found = []
    for n in (1, 5, N):
        (tmp_path / str(n)).mkdir()
        importlib.import_module("pyarrow.parquet").write_table(table, tmp_path / str(n) / "a.parquet", row_group_size=n)
        found.append(list(_rows(tmp_path / str(n))))

    assert found[0] == found[1] == found[2] and len(found[0]) == N
