"""What `tinify` reads from other people: archives, tables, pictures and cards."""

from __future__ import annotations

import csv
import io
import json
import random
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import mutations
import numpy as np
import reading
from reading import IMAGES, LABELS, Make, Target, damaged


def targets(scratch: Path) -> list[Target]:
    """What `tinify` reads from other people: archives, tables, pictures."""
    try:
        import pyarrow as pa
        import pyarrow.csv
        import pyarrow.parquet as pq
        from PIL import Image
    except ImportError:
        return []
    from tinytorch_hf.curation.facts import merged
    from tinytorch_hf.curation.mapping import Reading, facts_of
    from tinytorch_hf.curation.sources.opening import open_source

    def read_folder(folder: Path) -> None:
        source = open_source(folder).source
        reading = Reading(source, 8, 4)
        merged(facts_of(reading, piece) for shard in source.shards() for piece in source.pieces(shard))

    def target(name: str, file: str, make: Make, beside: Mapping[str, bytes] = MappingProxyType({})) -> Target:
        folder = scratch / f"source_{name.replace(' ', '_').replace(',', '')}"

        def read(data: bytes) -> None:
            shutil.rmtree(folder, ignore_errors=True)
            (folder / file).parent.mkdir(parents=True)
            (folder / file).write_bytes(data)
            for other, content in beside.items():
                (folder / other).write_bytes(content)
            read_folder(folder)

        return Target(name, make, read)

    def png(image: Any) -> bytes:
        stream = io.BytesIO()
        Image.fromarray(image).save(stream, "PNG")
        return stream.getvalue()

    pictures = [png(image) for image in IMAGES]
    jpeg = io.BytesIO()
    Image.fromarray(IMAGES[0]).save(jpeg, "JPEG")
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for number, picture in enumerate(pictures):
            for suffix, data in (("png", picture), ("cls", b"1"), ("json", b'{"label": "a"}')):
                member = tarfile.TarInfo(f"{number}.{suffix}")
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    table = pa.table({"image": [{"bytes": one, "path": None} for one in pictures], "label": ["a", "b"]})
    parquet = io.BytesIO()
    pq.write_table(table, parquet)
    rows = [{"text": "a b", "label": "x"}, {"text": "c d", "label": "y"}]
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    table_csv = io.StringIO()
    writer = csv.DictWriter(table_csv, ["text", "label"])
    writer.writeheader()
    writer.writerows(rows)
    archives = [
        reading._npz(images=IMAGES, labels=LABELS),
        reading._zip({"images.npy": reading._npy(IMAGES), "labels.npy": reading._npy(LABELS)}, 8),
    ]
    return [
        target("source, npz", "a.npz", _source_npz(archives)),
        target("source, tar", "a.tar", damaged(tar.getvalue())),
        target("source, parquet", "a.parquet", damaged(parquet.getvalue())),
        target("source, JSON lines", "a.jsonl", damaged(lines)),
        target("source, CSV", "a.csv", damaged(table_csv.getvalue().encode())),
        target("source, picture", "cat/a.png", damaged(*pictures, jpeg.getvalue())),
        target("source, card of a copy", "README.md", damaged(CARD), {"train.parquet": parquet.getvalue()}),
    ]


CARD = b"""---
license: cc0-1.0
configs:
- config_name: default
  data_files:
  - split: train
    path: train.parquet
dataset_info:
  features:
  - name: image
    dtype: image
  - name: label
    dtype:
      class_label:
        names:
          '0': a
          '1': b
  splits:
  - name: train
    num_bytes: 10
    num_examples: 2
---
# Two
"""


def _source_npz(seeds: Sequence[bytes]) -> Make:
    arrays = [
        reading._npy(IMAGES),
        reading._npy(LABELS),
        reading._npy(np.array([{}], object)),
        reading._npy(np.array(["a", "b"])),
        reading._npy(IMAGES > 3),
    ]

    def make(rng: random.Random) -> bytes:
        if rng.random() < 0.4:
            return mutations.damaged(rng, seeds, 2**16)
        labels = arrays[1] if rng.random() < 0.5 else mutations.damaged(rng, arrays, 2**14)
        return reading._zip(
            {"images.npy": mutations.damaged(rng, arrays, 2**14), "labels.npy": labels}, rng.choice((0, 8, 12, 14))
        )

    return make
