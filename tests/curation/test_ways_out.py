"""Specification of sources whose descriptions name files elsewhere: nothing outside of a source is read as a sample."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow", reason="pyarrow is not installed")
import pyarrow as pa
import pyarrow.parquet as pq
import sources_on_disk as on_disk
from bad_files import GOOD, IMAGES, LABELS

from tinytorch_hf.curation.source import Piece
from tinytorch_hf.curation.sources.opening import open_source
from tinytorch_hf.errors import TinyTorchHFError

OTHER = on_disk.png(255 - IMAGES[0])
WAYS = ("../secret.png", "{outside}/secret.png", "train/../../secret.png", "link.png", "file://{outside}/secret.png")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The folder of a source beside a picture that is none of its own, and a link to that."""
    (tmp_path / "secret.png").write_bytes(OTHER)
    folder = tmp_path / "source"
    (folder / "train").mkdir(parents=True)
    on_disk.in_folders(folder / "train", IMAGES, LABELS)
    return folder


def read(folder: Path, **roles: Any) -> Iterator[Any]:
    """Every sample of a source."""
    source = open_source(folder, **roles).source
    for shard in source.shards():
        source.sha256(shard)
        for piece in source.pieces(shard):
            for batch in source.batches(Piece(piece.shard, piece.start, piece.stop), None, 5):
                yield from batch.samples


def _csv(folder: Path, way: str) -> None:
    (folder / "train" / "metadata.csv").write_text(f"file_name,label\n{way},cat\n", encoding="utf-8")


def _jsonl(folder: Path, way: str) -> None:
    rows = [{"file_name": way, "label": "cat"}, {"file_name": "cat/0.png", "label": "dog"}]
    (folder / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _parquet(folder: Path, way: str) -> None:
    table = pa.table({"file_name": [way, "cat/0.png"], "label": ["cat", "dog"]})
    pq.write_table(table, folder / "train" / "metadata.parquet")


def _by_path(folder: Path, way: str) -> None:
    images = pa.array([{"bytes": None, "path": way}, {"bytes": GOOD, "path": None}])
    pq.write_table(pa.table({"image": images, "label": ["cat", "dog"]}), folder / "a.parquet")


def _card(folder: Path, way: str) -> None:
    files = f"  data_files:\n  - split: train\n    path: {json.dumps(way)}\n"
    (folder / "README.md").write_text(f"---\nconfigs:\n- config_name: default\n{files}---\n", encoding="utf-8")


def _card_with_folder(folder: Path, way: str) -> None:
    where = str(Path(way).parent).replace("file:/", "/")
    text = f"---\nconfigs:\n- config_name: default\n  data_dir: {json.dumps(where)}\n---\n"
    (folder / "README.md").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("write", [_csv, _jsonl, _parquet, _by_path, _card, _card_with_folder])
def test_a_path_out_of_the_folder_is_not_followed(source: Path, write: Any, way: str) -> None:
    """Whether a table of metadata, a column of pictures or a card names it, from above, absolute or through a link."""
    if way == "link.png":
        (source / way).symlink_to(source.parent / "secret.png")
        (source / "train" / way).symlink_to(source.parent / "secret.png")
    write(source, way.format(outside=source.parent))

    try:
        samples = list(read(source))
    except TinyTorchHFError as error:
        assert str(error)
        return
    assert samples
    assert OTHER not in [sample for sample in samples if isinstance(sample, bytes)]
