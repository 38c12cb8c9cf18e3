"""Rebuild TinyDigits from scikit-learn's copy of UCI optdigits, byte for byte, and check the result.

Run from anywhere, with scikit-learn installed: ``python3 datasets/tinydigits/create_tinydigits.py``

Of each digit, 100 samples go to train and 20 to test, drawn by the generator that NumPy calls RandomState
seeded with 42, whose stream is frozen for all releases (NEP 19, https://numpy.org/neps/nep-0019-rng-policy.html).
Nothing is written unless both files have the sizes and SHA-256 that the catalog states.
"""

from __future__ import annotations

import argparse
import io
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
N_TRAIN_PER_CLASS = 100
N_TEST_PER_CLASS = 20
SEED = 42

Arrays = dict[str, np.ndarray[Any, Any]]

# The pickler in Python, not in C: only there can the writing of names be changed.
_PythonPickler: Any = pickle._Pickler


def source() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """All 1797 samples in scikit-learn's order: images (N, 8, 8) float32 in [0, 1], labels (N,) int64."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return digits.images.astype(np.float32) / 16.0, digits.target.astype(np.int64)


def select(labels: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """Positions of the samples of each split, in their final order."""
    rng = np.random.RandomState(SEED)
    train, test = [], []
    for digit in range(10):
        positions = np.where(labels == digit)[0]
        rng.shuffle(positions)
        train.append(positions[:N_TRAIN_PER_CLASS])
        test.append(positions[N_TRAIN_PER_CLASS : N_TRAIN_PER_CLASS + N_TEST_PER_CLASS])
    splits = {"train": np.concatenate(train), "test": np.concatenate(test)}
    return {name: positions[rng.permutation(len(positions))] for name, positions in splits.items()}


class _PicklerOfNumPy2(_PythonPickler):  # type: ignore[misc]
    """Write NumPy 2's module names under any NumPy, so that the bytes do not depend on who runs the recipe."""

    def save_global(self, obj: Any, name: str | None = None) -> None:  # noqa: ARG002 -- the base's signature
        self.save(sys.intern(obj.__module__.replace("numpy.core", "numpy._core")))
        self.save(obj.__qualname__)
        self.write(pickle.STACK_GLOBAL)
        self.memoize(obj)


def encode(arrays: Arrays) -> bytes:
    """Bytes of one file: what pickle.dump writes at protocol 4 under NumPy 2."""
    stream = io.BytesIO()
    _PicklerOfNumPy2(stream, protocol=4).dump(arrays)
    return stream.getvalue()


def build() -> dict[str, bytes]:
    """Content of each file of the dataset, by file name."""
    images, labels = source()
    return {
        f"{split}.pkl": encode({"images": images[positions], "labels": labels[positions]})
        for split, positions in select(labels).items()
    }


def main(arguments: Sequence[str] = ()) -> int:
    """Build, check against the catalog, write, and say what was written."""
    # The checkout this recipe stands in, so that it also runs where nothing is installed.
    sys.path.append(str(HERE.parents[1]))
    from tinytorch_hf import catalog
    from tinytorch_hf.errors import TinyTorchHFError
    from tinytorch_hf.files import store

    argparse.ArgumentParser(description="Rebuild TinyDigits and check it.").parse_args(arguments)
    files = catalog.info("tinydigits").files
    try:
        contents = build()
        for file in files:
            store.check(contents[file.name], file, HERE / file.name)
        for file in files:
            store.write(HERE / file.name, contents[file.name])
    except ImportError as error:
        print(f'This needs scikit-learn ({error}). Run: pip install "tinytorch-hf[create]"', file=sys.stderr)
        return 1
    except TinyTorchHFError as error:
        print(error, file=sys.stderr)
        return 1
    for file in files:
        print(f"{file.name:<10} {file.size_bytes:>7} bytes  sha256 {file.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# train.pkl   264255 bytes  sha256 254293630e549113002cdc3f7f1542715e0a40288a3a8a0358fb8e478dce1e54
# test.pkl     53044 bytes  sha256 767ea1644a12dac6f3f94f63536de4deace8a0fa1f5c54f80a9419a267c7802d
