"""As many images as one likes, made from MNIST's training images by shifts and noise: what large sources are made of.

The first images are the same however many are made. Every hundredth is the copy of the one before it.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf import load
from tinytorch_hf.formats.arrays import Array

N_A_FILE = 50_000
SIDE = 28

_N_AT_ONCE = 10_000
_FARTHEST = 3
_NOISE = 12.0
_GROUP = 5_000

Part = tuple[Array, Array]


def digits() -> Part:
    """MNIST's training images, (60000, 28, 28) uint8, and their labels."""
    train = load("mnist", "train")
    return train["images"], train["labels"]


def parts(n: int, seed: int = 0, of: Part | None = None) -> Iterator[Part]:
    """Images (N, 28, 28) uint8 and labels (N,), 10,000 at a time.

    Parameters
    ----------
    n
        How many altogether.
    seed
        Of what is drawn.
    of
        Images and labels that they are made from; by default MNIST's.
    """
    images, labels = digits() if of is None else of
    for number, start in enumerate(range(0, n, _N_AT_ONCE)):
        # Of each part for itself, and the noise last, so that images are the same in a longer run.
        rng = np.random.default_rng([seed, number])
        n_here = min(_N_AT_ONCE, n - start)
        some = rng.integers(0, len(images), _N_AT_ONCE)[:n_here]
        shifts = rng.integers(-_FARTHEST, _FARTHEST + 1, (_N_AT_ONCE, 2))[:n_here]
        noise = np.rint(rng.standard_normal((n_here, SIDE, SIDE), np.float32) * _NOISE).astype(np.int16)
        found = np.zeros((n_here, SIDE, SIDE), np.uint8)
        for down in range(-_FARTHEST, _FARTHEST + 1):
            for right in range(-_FARTHEST, _FARTHEST + 1):
                rows = np.flatnonzero((shifts == (down, right)).all(axis=1))
                moved = images[some[rows]][:, _from(down), _from(right)]
                found[np.ix_(rows, np.arange(SIDE)[_from(-down)], np.arange(SIDE)[_from(-right)])] = moved
        found = np.clip(found + noise, 0, 255).astype(np.uint8)
        copies = np.arange(99, n_here, 100)
        found[copies], some[copies] = found[copies - 1], some[copies - 1]
        yield found, labels[some].astype(np.int64)


def _from(shift: int) -> slice:
    """The rows or columns that stay inside when all move by so many."""
    return slice(max(-shift, 0), SIDE - max(shift, 0))


def png(image: Array) -> bytes:
    """An image file."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return stream.getvalue()


def _parquet(path: Path, some: Iterator[Part], column: Callable[[Array], Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet

    writer = None
    for images, labels in some:
        table = pa.table({"image": column(images), "label": pa.array(labels)})
        writer = writer or pa.parquet.ParquetWriter(path, table.schema)
        writer.write_table(table, row_group_size=_GROUP)
    if writer:
        writer.close()


def _lists(images: Array) -> Any:
    """Lists of lists of bytes, as Hugging Face's library keeps arrays of two dimensions."""
    import pyarrow as pa

    n, height, width = images.shape
    rows = pa.ListArray.from_arrays(pa.array(np.arange(n * height + 1) * width, pa.int32()), images.reshape(-1))
    return pa.ListArray.from_arrays(pa.array(np.arange(n + 1) * height, pa.int32()), rows)


def _flat(images: Array) -> Any:
    import pyarrow as pa

    return pa.FixedSizeListArray.from_arrays(pa.array(images.reshape(-1)), SIDE * SIDE)


def _structs(images: Array) -> Any:
    """Image files as Hugging Face's library keeps them."""
    import pyarrow as pa

    return pa.array([{"bytes": png(image), "path": None} for image in images])


def _npz(path: Path, some: Iterator[Part]) -> None:
    images, labels = zip(*some, strict=True)
    np.savez(path, images=np.concatenate(images), labels=np.concatenate(labels))


def _tar(path: Path, some: Iterator[Part]) -> None:
    with tarfile.open(path, "w") as archive:
        for number, (image, label) in enumerate(
            (image, label) for part in some for image, label in zip(*part, strict=True)
        ):
            for extension, content in (("png", png(image)), ("cls", str(label).encode())):
                info = tarfile.TarInfo(f"{number:06}.{extension}")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))


FORMS: dict[str, tuple[str, Callable[[Path, Iterator[Part]], None]]] = {
    "Parquet, bytes": ("parquet", lambda path, some: _parquet(path, some, _flat)),
    "Parquet, lists": ("parquet", lambda path, some: _parquet(path, some, _lists)),
    "npz": ("npz", _npz),
    "Parquet, PNG": ("parquet", lambda path, some: _parquet(path, some, _structs)),
    "WebDataset, PNG": ("tar", _tar),
}
"""In which forms they are written: the suffix of the files, and what writes one."""


def write(folder: Path, form: str, n: int, seed: int = 0, of: Part | None = None) -> None:
    """Write so many images into a folder, 50,000 in a file."""
    folder.mkdir(parents=True, exist_ok=True)
    suffix, writer = FORMS[form]
    made = parts(n, seed, of)
    for number in range(-(-n // N_A_FILE)):
        n_here = min(N_A_FILE, n - number * N_A_FILE)
        writer(folder / f"{number:04}.{suffix}", (next(made) for _ in range(-(-n_here // _N_AT_ONCE))))
