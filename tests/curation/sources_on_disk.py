"""The same samples in every form in which a source may hold them."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
from PIL import Image

CLASSES = ("cat", "dog", "owl")


def samples(n: int = 12) -> tuple[np.ndarray, list[str]]:
    """Images of 8x8 bytes, and their classes."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (n, 8, 8), dtype=np.uint8), [CLASSES[number % 3] for number in range(n)]


def png(image: np.ndarray) -> bytes:
    """An image file."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return stream.getvalue()


def nested(images: np.ndarray) -> pa.Array:
    """Lists of lists of bytes."""
    n, height, width = images.shape
    rows = pa.ListArray.from_arrays(pa.array(np.arange(n * height + 1) * width, pa.int32()), images.reshape(-1))
    return pa.ListArray.from_arrays(pa.array(np.arange(n + 1) * height, pa.int32()), rows)


def flat(images: np.ndarray) -> pa.Array:
    """One list of a fixed length a row."""
    return pa.FixedSizeListArray.from_arrays(pa.array(images.reshape(-1)), images.shape[1] * images.shape[2])


def structs(images: np.ndarray) -> pa.Array:
    """As Hugging Face's library keeps images."""
    return pa.array([{"bytes": png(image), "path": f"{number}.png"} for number, image in enumerate(images)])


def binaries(images: np.ndarray) -> pa.Array:
    """Image files alone."""
    return pa.array([png(image) for image in images])


def write_parquet(path: Path, column: pa.Array, labels: Sequence[str], rows_a_group: int = 5) -> None:
    """A Parquet file with several row groups."""
    table = pa.table({"picture": column, "animal": pa.array(labels, pa.string())})
    pa.parquet.write_table(table, path, row_group_size=rows_a_group)


def in_array2d(folder: Path, images: np.ndarray, labels: Sequence[str]) -> None:
    """As Hugging Face's library writes arrays and classes."""
    import datasets

    features = datasets.Features(
        {"picture": datasets.Array2D(images.shape[1:], "uint8"), "animal": datasets.ClassLabel(names=list(CLASSES))}
    )
    values = {"picture": images, "animal": [CLASSES.index(label) for label in labels]}
    datasets.Dataset.from_dict(values, features=features).to_parquet(str(folder / "a.parquet"))


def in_csv(folder: Path, images: np.ndarray, labels: Sequence[str]) -> None:
    """A column for each pixel, as Kaggle has MNIST."""
    with (folder / "a.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["label", *(f"pixel{number}" for number in range(images.shape[1] * images.shape[2]))])
        writer.writerows([label, *image.reshape(-1).tolist()] for image, label in zip(images, labels, strict=True))


def in_json_lines(folder: Path, images: np.ndarray, labels: Sequence[str]) -> None:
    """Nested lists."""
    lines = [
        json.dumps({"picture": image.tolist(), "animal": label}) for image, label in zip(images, labels, strict=True)
    ]
    (folder / "a.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def in_tar(folder: Path, images: np.ndarray, labels: Sequence[str]) -> None:
    """WebDataset: a png and a cls for each sample."""
    members = {}
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        members |= {f"{number:04}.png": png(image), f"{number:04}.cls": label.encode()}
    write_tar(folder / "a.tar", members)


def write_tar(path: Path, members: dict[str, bytes]) -> None:
    """A tar archive."""
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def in_folders(folder: Path, images: np.ndarray, labels: Sequence[str]) -> None:
    """A folder for each class."""
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        (folder / label).mkdir(exist_ok=True)
        (folder / label / f"{number}.png").write_bytes(png(image))


FORMS: dict[str, Callable[[Path, np.ndarray, Sequence[str]], None]] = {
    "npz": lambda folder, images, labels: np.savez(folder / "a.npz", images=images, labels=labels),
    "npz packed": lambda folder, images, labels: np.savez_compressed(folder / "a.npz", images=images, labels=labels),
    "npz Fortran": lambda folder, images, labels: np.savez(
        folder / "a.npz", images=np.asfortranarray(images), labels=labels
    ),
    "Parquet, lists": lambda folder, images, labels: write_parquet(folder / "a.parquet", nested(images), labels),
    "Parquet, flat": lambda folder, images, labels: write_parquet(folder / "a.parquet", flat(images), labels),
    "Parquet, structs": lambda folder, images, labels: write_parquet(folder / "a.parquet", structs(images), labels),
    "Parquet, binary": lambda folder, images, labels: write_parquet(folder / "a.parquet", binaries(images), labels),
    "Parquet, Array2D": in_array2d,
    "CSV": in_csv,
    "JSON lines": in_json_lines,
    "tar": in_tar,
    "folders": in_folders,
}
"""How samples are written into a folder."""
