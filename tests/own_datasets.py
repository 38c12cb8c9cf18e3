"""Small datasets as users register them, one of each kind; made in no time, the same ones every time.

They are not left registered: the facts that are given stand wherever a dataset is asked for, and no other test finds
their names in the catalog.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.data.register import write_dataset
from tinytorch_hf.formats.arrays import Array

_SIZES = {"train": 24, "test": 9}
_WORDS = "rain snow wind frost storm cloud".split()  # noqa: SIM905 -- as one reads them


def image_set(folder: Path) -> DatasetInfo:
    """Greyscale images of bytes, 6x9, with classes called as MNIST's, named values, floats, a row of numbers and a truth value."""
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
    return _written(folder, splits, "own_images", classes=("0 - sun", "1 - moon"), names={"light": ("low", "mid", "high")})


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
        split: {"text": np.array([f"{_WORDS[i % 6]} in the «{_WORDS[i // 6]}»" for i in range(n)]), "labels": _labels(n, 2)}
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


MAKERS = {
    "own_images": image_set,
    "own_colours": colour_set,
    "own_floats": float_set,
    "own_pairs": pair_set,
    "own_texts": text_set,
    "own_functions": function_set,
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
