"""Small datasets, made in no time, the same ones every time: as users register them, and in place of large ones.

They are not left registered: the facts that are given stand wherever a dataset is asked for, and no other test finds
their names in the catalog.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cifar_files
import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DataFile, DatasetInfo, Folder, SplitInfo
from tinytorch_hf.data.register import write_dataset
from tinytorch_hf.formats.arrays import Array

_SIZES = {"train": 24, "test": 9}
_WORDS = "rain snow wind frost storm cloud".split()  # noqa: SIM905 -- as one reads them


def image_set(folder: Path) -> DatasetInfo:
    """Greyscale images of bytes, 6x9, with classes called as MNIST's, and columns of many types."""
    rng = np.random.default_rng(1)
    splits = {
        split: {
            "images": rng.integers(0, 256, (n, 6, 9), dtype=np.uint8),
            "labels": _labels(n, 2),
            "light": np.arange(n) % 3,
            "weight": rng.random(n),
            "place": rng.integers(0, 9, (n, 4), dtype=np.int16),
            "sharp": rng.random(n) < 0.5,
        }
        for split, n in _SIZES.items()
    }
    return _written(
        folder, splits, "own_images", classes=("0 - sun", "1 - moon"), names={"light": ("low", "mid", "high")}
    )


def colour_set(folder: Path) -> DatasetInfo:
    """Images in colour, 3x5x7 bytes, of three classes."""
    rng = np.random.default_rng(2)
    splits = {
        split: {"images": rng.integers(0, 256, (n, 3, 5, 7), dtype=np.uint8), "labels": _labels(n, 3)}
        for split, n in _SIZES.items()
    }
    return _written(folder, splits, "own_colours", classes=("red", "green", "blue"))


def float_set(folder: Path) -> DatasetInfo:
    """Greyscale images of any floats in [0, 1], 6x6, which no PNG can hold."""
    rng = np.random.default_rng(3)
    splits = {
        split: {"images": rng.random((n, 6, 6), dtype=np.float32), "labels": _labels(n, 2)}
        for split, n in _SIZES.items()
    }
    return _written(folder, splits, "own_floats", classes=("calm", "rough"))


def pair_set(folder: Path) -> DatasetInfo:
    """Questions and answers, some of several lines and not in ASCII, with a difficulty."""
    splits = {
        split: {
            "question": np.array([f"What is {_WORDS[i % 6]} {i}?" for i in range(n)]),
            "answer": np.array([f"{_WORDS[(i + 1) % 6]}\nfür {i}" for i in range(n)]),
            "difficulty": np.arange(n) % 3,
        }
        for split, n in _SIZES.items()
    }
    return _written(folder, splits, "own_pairs", names={"difficulty": catalog.DIFFICULTIES})


def text_set(folder: Path) -> DatasetInfo:
    """Plain texts with labels of two classes."""
    splits = {
        split: {
            "text": np.array([f"{_WORDS[i % 6]} in the «{_WORDS[i // 6]}»" for i in range(n)]),
            "labels": _labels(n, 2),
        }
        for split, n in _SIZES.items()
    }
    return _written(folder, splits, "own_texts", classes=("dry", "wet"))


def function_set(folder: Path) -> DatasetInfo:
    """Functions in Python, with their parts, and a docstring where the number is even."""
    splits: dict[str, dict[str, Array]] = {
        split: {
            "signature": np.array([f"def {_WORDS[i % 6]}(n):" for i in range(n)]),
            "docstring": np.array(["" if i % 2 else f"Measure {i}." for i in range(n)]),
            "body": np.array([f"    n += {i}\n    return n" for i in range(n)]),
            "n_lines": np.array([3 if i % 2 else 4 for i in range(n)]),
        }
        for split, n in _SIZES.items()
    }
    return _written(folder, splits, "own_functions")


def small_mnist(folder: Path) -> DatasetInfo:
    """MNIST with a few images of noise, in its own format and with its own facts otherwise."""
    rng = np.random.default_rng(4)
    splits = []
    for split, n in zip(catalog.MNIST.splits, _SIZES.values(), strict=True):
        arrays = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8), _labels(n, 10).astype(np.uint8)
        idx = [struct.pack(f">HBB{a.ndim}I", 0, 8, a.ndim, *a.shape) + a.tobytes() for a in arrays]
        splits.append(_split(folder, split, n, idx))
    return replace(catalog.MNIST, provider=Folder(str(folder)), splits=tuple(splits), fingerprint="")


def small_cifar10(folder: Path) -> DatasetInfo:
    """CIFAR-10 with a few images of noise, a train split of five files."""
    rng = np.random.default_rng(5)
    splits = []
    for split in catalog.CIFAR10.splits:
        sizes = [4 + number for number, _file in enumerate(split.files)]
        images = [rng.integers(0, 256, (n, 3, 32, 32), dtype=np.uint8) for n in sizes]
        batches = [cifar_files.batch(some, _labels(len(some), 10)) for some in images]
        splits.append(_split(folder, split, sum(sizes), batches))
    return replace(catalog.CIFAR10, provider=Folder(str(folder)), splits=tuple(splits), other_files=(), fingerprint="")


def small_shakespeare(folder: Path) -> DatasetInfo:
    """All of Tiny Shakespeare with two speakers who say little, many times."""
    said = "".join(f"FIRST:\nThe {word} is here.\n\nSECOND:\nWhat {word}?\n\n" for word in _WORDS)
    splits = tuple(_split(folder, split, 1, [said.encode() * 40]) for split in catalog.SHAKESPEARE.splits)
    return replace(catalog.SHAKESPEARE, provider=Folder(str(folder)), splits=splits, fingerprint="")


def _split(folder: Path, split: SplitInfo, n_samples: int, contents: Sequence[bytes]) -> SplitInfo:
    """A split with its files written; they are called as they are in the large one."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for file, data in zip(split.files, contents, strict=True):
        (folder / file.name).write_bytes(data)
        files.append(DataFile(file.name, len(data), hashlib.sha256(data).hexdigest()))
    return SplitInfo(split.name, n_samples, tuple(files))


MAKERS = {
    "own_images": image_set,
    "own_colours": colour_set,
    "own_floats": float_set,
    "own_pairs": pair_set,
    "own_texts": text_set,
    "own_functions": function_set,
    "mnist": small_mnist,
    "cifar10": small_cifar10,
    "shakespeare": small_shakespeare,
}
"""What makes each of them, by its name."""


def _labels(n: int, n_classes: int) -> Array:
    return (np.arange(n) % n_classes).astype(np.int64)


def _written(folder: Path, splits: Mapping[str, Mapping[str, Array]], name: str, **facts: Any) -> DatasetInfo:
    dataset = write_dataset(
        folder,
        splits,
        name=name,
        summary=f"{sum(_SIZES.values())} samples that a test makes.",
        license="CC0-1.0",
        source="made by a test",
        source_url="https://example.org/own",
        citation="A tester (2026). Own samples.",
        **facts,
    )
    catalog.forget(name)
    return dataset
