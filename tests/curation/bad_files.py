"""Files that may be bad, as a test describes them, and what is known of the samples in a folder of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import sources_on_disk as on_disk

from tinytorch_hf.curation.facts import Facts, merged
from tinytorch_hf.curation.mapping import Reading, facts_of
from tinytorch_hf.curation.sources.opening import open_source

IMAGES, LABELS = on_disk.samples()
GOOD = on_disk.png(IMAGES[0])
Write = Callable[[Path], object]


def facts(folder: Path) -> Facts:
    """What is known of all samples in a folder."""
    source = open_source(folder).source
    reading = Reading(source, 8, 4)
    return merged(facts_of(reading, piece) for shard in source.shards() for piece in source.pieces(shard))


def parquet(images: list[bytes | None], labels: list[str | None]) -> Write:
    """A Parquet file of image files."""
    values = [None if image is None else {"bytes": image, "path": None} for image in images]
    return lambda folder: on_disk.write_parquet(folder / "a.parquet", on_disk.pa.array(values), labels)  # type: ignore[arg-type]


def text(name: str, content: str) -> Write:
    """A file of text."""
    return lambda folder: (folder / name).write_text(content, encoding="utf-8")


def npz(**arrays: np.ndarray) -> Write:
    """A NumPy archive."""
    return lambda folder: np.savez(folder / "a.npz", **arrays)


def tar(members: dict[str, bytes]) -> Write:
    """A tar archive."""
    return lambda folder: on_disk.write_tar(folder / "a.tar", members)
