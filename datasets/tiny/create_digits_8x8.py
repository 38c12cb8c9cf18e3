"""Rebuild digits_8x8.npz from scikit-learn's copy of UCI optdigits, byte for byte, and check the result.

Run from anywhere, with scikit-learn installed: ``python3 datasets/tiny/create_digits_8x8.py``

All 1797 samples in scikit-learn's order. Nothing is written unless the file has the size and SHA-256 that the
catalog states.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent


def source() -> dict[str, np.ndarray[Any, Any]]:
    """All samples: images (N, 8, 8) float32, multiples of 1/16 in [0, 1], and labels (N,) int64."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return {"images": digits.images.astype(np.float32) / 16.0, "labels": digits.target.astype(np.int64)}


def build() -> bytes:
    """Content of the file."""
    from tinytorch_hf.formats.npz import write_npz

    return write_npz(source())


def main(arguments: Sequence[str] = ()) -> int:
    """Build, check against the catalog, write, and say what was written."""
    # The checkout this recipe stands in, so that it also runs where nothing is installed.
    sys.path.append(str(HERE.parents[1]))
    from tinytorch_hf import catalog
    from tinytorch_hf.errors import TinyTorchHFError
    from tinytorch_hf.files import store

    argparse.ArgumentParser(description="Rebuild Digits8x8 and check it.").parse_args(arguments)
    (file,) = catalog.info("digits_8x8").files
    try:
        content = build()
        store.check(content, file, HERE / file.name)
        store.write(HERE / file.name, content)
    except ImportError as error:
        print(f'This needs scikit-learn ({error}). Run: pip install "tinytorch-hf[create]"', file=sys.stderr)
        return 1
    except TinyTorchHFError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{file.name} {file.size_bytes} bytes  sha256 {file.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
