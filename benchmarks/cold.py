"""From a cold process to an import, and to the first batch: interpreter, imports, loading, all of it.

Every line of the first table is a fresh Python process that imports what a road begins with, and ends. Every road of
the others is one that makes one batch of 32 training images and labels and ends: TinyDigits' pixels in the second
table, TinyMNIST's in the third.

``python -m benchmarks.cold`` (needs the extras torch, hf and create; medmnist where it is installed)
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.timing import Table, measure, run
from benchmarks.torch_loading import write_as_medmnist, write_as_mnist
from tinytorch_hf.hub import parquet

REPEATS = 11
CHECKOUT = Path(__file__).resolve().parents[1]

NUMPY_ALONE = "import numpy"

OURS_NUMPY = """
    from tinytorch_hf import load_{name}
    X, y, _, _ = load_{name}()
    batch = X[:32], y[:32]
"""
OURS_TENSORS = """
    from tinytorch_hf import DataLoader, as_torch
    batch = next(iter(DataLoader(as_torch.tensors("{name}"), batch_size=32)))
"""
OURS_CLASS = """
    from tinytorch_hf import DataLoader, {title}
    batch = next(iter(DataLoader({title}(), batch_size=32)))
"""
HUGGING_FACE = """
    from datasets import load_dataset
    batch = load_dataset({folder!r}, {config!r}, split="train").with_format("numpy")[:32]
    assert batch[{column!r}].shape[0] == 32
"""
SCIKIT_LEARN = """
    from sklearn.datasets import load_digits
    digits = load_digits()
    batch = digits.images[:32], digits.target[:32]
"""
TORCHVISION = """
    from torch.utils.data import DataLoader
    from torchvision.datasets import MNIST
    from torchvision.transforms.functional import pil_to_tensor
    images = MNIST({folder!r}, transform=lambda image: pil_to_tensor(image) / {highest})
    batch = next(iter(DataLoader(images, batch_size=32)))
"""
MEDMNIST = """
    from medmnist import BreastMNIST
    from torch.utils.data import DataLoader
    from torchvision.transforms import ToTensor
    BreastMNIST.__len__ = lambda self: 32
    batch = next(iter(DataLoader(BreastMNIST("train", transform=ToTensor(), root={folder!r}), batch_size=32)))
"""


def process(program: str, scratch: Path) -> Callable[[], None]:
    """A call that runs a program in a fresh interpreter, from the checkout's root, to its end."""
    command = [sys.executable, "-c", textwrap.dedent(program)]
    # As on a user's machine: what is imported is compiled once, whoever imports it.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = {**kept, "HF_HOME": str(scratch / "hf"), "HF_HUB_OFFLINE": "1"}

    def call() -> None:
        subprocess.run(command, cwd=CHECKOUT, env=environment, check=True, capture_output=True)

    return call


def import_programs() -> dict[str, str]:
    """Programs that import what a road begins with."""
    ours = "from tinytorch_hf import load_tinydigits"
    lines = [
        ours,
        "pass",
        "import numpy",
        "import tinytorch_hf",
        "from tinytorch_hf.as_torch import tensors",
        "from tinytorch_hf import TinyDigits",
        "import torch",
        "from torchvision.datasets import MNIST",
        "from sklearn.datasets import load_digits",
        "from datasets import load_dataset",
        *(["from medmnist import BreastMNIST"] if importlib.util.find_spec("medmnist") else []),
    ]
    return {"nothing" if line == "pass" else line: line for line in lines}


def digits_programs(scratch: Path) -> dict[str, str]:
    """Programs that end with a batch of TinyDigits' pixels."""
    return {
        "tinytorch_hf, NumPy": OURS_NUMPY.format(name="tinydigits"),
        "import numpy alone": NUMPY_ALONE,
        "tinytorch_hf, tensors and DataLoader": OURS_TENSORS.format(name="tinydigits"),
        "tinytorch_hf, class TinyDigits": OURS_CLASS.format(title="TinyDigits"),
        "scikit-learn, load_digits": SCIKIT_LEARN,
        "Hugging Face, load_dataset of a local folder": HUGGING_FACE.format(
            folder=str(parquet.build("tinydigits", scratch)), config="array", column="pixels"
        ),
        "torchvision, MNIST class over the same images": TORCHVISION.format(
            folder=str(write_as_mnist(scratch / "digits", "tinydigits")), highest=16
        ),
    }


def mnist_programs(scratch: Path) -> dict[str, str]:
    """Programs that end with a batch of TinyMNIST's pixels."""
    found = {
        "tinytorch_hf, NumPy": OURS_NUMPY.format(name="tinymnist"),
        "tinytorch_hf, tensors and DataLoader": OURS_TENSORS.format(name="tinymnist"),
        "tinytorch_hf, class TinyMNIST": OURS_CLASS.format(title="TinyMNIST"),
        "Hugging Face, load_dataset of a local folder": HUGGING_FACE.format(
            folder=str(parquet.build("tinymnist", scratch)), config="default", column="image"
        ),
        "torchvision, MNIST class over the same images": TORCHVISION.format(
            folder=str(write_as_mnist(scratch / "mnist", "tinymnist")), highest=255
        ),
    }
    if importlib.util.find_spec("medmnist"):
        found["MedMNIST, class over the same images"] = MEDMNIST.format(folder=str(write_as_medmnist(scratch)))
    return found


def tables() -> Iterator[Table]:
    """What imports cost, then one table for each dataset."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        # Everything is warm on disk: the first call of each is not counted.
        calls = {line: process(program, scratch) for line, program in import_programs().items()}
        yield measure("cold_imports", "Cold process that imports and ends", calls, next(iter(calls)), REPEATS)
    ours = "tinytorch_hf, NumPy"
    titles = {"tinydigits": digits_programs, "tinymnist": mnist_programs}
    for name, programs in titles.items():
        with tempfile.TemporaryDirectory() as folder:
            scratch = Path(folder)
            calls = {road: process(program, scratch) for road, program in programs(scratch).items()}
            title = f"Cold process to the first batch of {name}'s pixels"
            yield measure(f"cold_{name}", title, calls, ours, REPEATS)


if __name__ == "__main__":
    run(__doc__, tables)
