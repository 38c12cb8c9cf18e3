"""How long an epoch over TinyMNIST takes in PyTorch, by the road that the images take.

1000 images of 28x28, shuffled, one process, one thread. Every alternative gives the same images and labels (Hugging
Face's and MedMNIST's in their own shape); the baseline is what nobody can do without: a permutation and one
`index_select` of a float32 tensor for each batch. The batch size is 32 in the first table; in the second it is 256, and
only the roads through tensors are in it, whose time is that of gathering. The third is a pass over single samples.

``python -m benchmarks.torch_loading`` (needs torch and torchvision; datasets and medmnist where they are installed)
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import importlib.util
import struct
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.timing import Table, measure, run
from tinytorch_hf import DataLoader, TinyMNIST, as_torch, catalog, load

BATCH_SIZE = 32
LARGE_BATCH_SIZE = 256
BASELINE = "bare index_select of float32"

Road = Callable[[], Iterable[Any]]


def bare_index_select(batch_size: int = BATCH_SIZE) -> Road:
    """A permutation, and two index_selects for each batch."""
    import torch

    images, labels = as_torch.tensors("tinymnist").tensors

    def epoch() -> Iterable[Any]:
        for rows in torch.randperm(len(images)).split(batch_size):
            yield images.index_select(0, rows), labels.index_select(0, rows)

    return epoch


def _loader(dataset: Any, loader_class: Any = None, batch_size: int = BATCH_SIZE) -> Road:
    from torch.utils.data import DataLoader as TorchDataLoader

    loader = (loader_class or TorchDataLoader)(dataset, batch_size=batch_size, shuffle=True)
    return lambda: loader


def v1_to_tensor() -> Any:
    """`ToTensor()` of the first generation of transforms."""
    from torchvision import transforms

    return transforms.ToTensor()


def v2_to_tensor() -> Any:
    """What the second generation writes for it."""
    import torch
    from torchvision.transforms import v2

    return v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])


def write_as_mnist(folder: Path, name: str) -> Path:
    """Put a dataset's images into MNIST's own files, where torchvision looks for them; TinyDigits' in sixteenths."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for prefix, columns in zip(("train", "t10k"), load(catalog.info(name)).values(), strict=True):
        images = columns["images"] if columns["images"].dtype == np.uint8 else 16 * columns["images"]
        for part, values in (("images-idx3", images), ("labels-idx1", columns["labels"])):
            header = struct.pack(f">{1 + values.ndim}i", 0x800 + values.ndim, *values.shape)
            (raw / f"{prefix}-{part}-ubyte").write_bytes(header + values.astype(np.uint8).tobytes())
    return folder


def torchvision_mnist(folder: Path, transform: Any = None) -> Any:
    """torchvision's MNIST over the same 1000 images."""
    from torchvision.datasets import MNIST

    return MNIST(write_as_mnist(folder, "tinymnist"), transform=transform)


def write_as_medmnist(folder: Path) -> Path:
    """Put TinyMNIST's images into the file of MedMNIST's smallest grey dataset."""
    train = load("tinymnist")["train"]
    columns = {"images": train["images"], "labels": train["labels"][:, np.newaxis]}
    arrays: dict[str, Any] = {f"{split}_{name}": c for split in ("train", "val", "test") for name, c in columns.items()}
    np.savez(folder / "breastmnist.npz", **arrays)
    return folder


def medmnist(folder: Path) -> Any:
    """MedMNIST's class over the same 1000 images."""
    from medmnist import BreastMNIST

    dataset = BreastMNIST("train", transform=v1_to_tensor(), root=str(write_as_medmnist(folder)))
    # Its class insists on the size that its own dataset has.
    dataset.info = {**dataset.info, "n_samples": {"train": len(dataset.imgs)}}
    return dataset


def hugging_face() -> Any:
    """Arrays in a Hugging Face dataset with torch format."""
    from datasets import Array2D, Dataset, Features, Value

    train = load("tinymnist")["train"]
    features = Features({"pixels": Array2D((28, 28), "uint8"), "label": Value("int64")})
    columns = {"pixels": list(train["images"]), "label": train["labels"]}
    return Dataset.from_dict(columns, features=features).with_format("torch")


def roads(folder: Path) -> dict[str, Road]:
    """Every alternative that is installed, by what the table calls it."""
    found = {
        BASELINE: bare_index_select(),
        "tinytorch_hf.DataLoader, no transform": _loader(TinyMNIST(), DataLoader),
        "tinytorch_hf.DataLoader, ToTensor()": _loader(TinyMNIST(transform=v1_to_tensor()), DataLoader),
        "tinytorch_hf.DataLoader, v2": _loader(TinyMNIST(transform=v2_to_tensor()), DataLoader),
        "TinyMNIST, ToTensor(), torch's DataLoader": _loader(TinyMNIST(transform=v1_to_tensor())),
        "TensorDataset, torch's DataLoader": _loader(as_torch.tensors("tinymnist")),
        "torchvision's MNIST, ToTensor()": _loader(torchvision_mnist(folder, v1_to_tensor())),
        "torchvision's MNIST, v2": _loader(torchvision_mnist(folder, v2_to_tensor())),
    }
    if importlib.util.find_spec("medmnist"):
        found["MedMNIST, ToTensor()"] = _loader(medmnist(folder))
    if importlib.util.find_spec("datasets"):
        dataset = hugging_face()
        found["Hugging Face, torch format, torch's DataLoader"] = _loader(dataset)
        found["Hugging Face, torch format, .iter(32)"] = lambda: dataset.shuffle().iter(BATCH_SIZE)
    return found


def large_batches() -> dict[str, Road]:
    """The roads through tensors."""
    tensors = as_torch.tensors("tinymnist")
    return {
        BASELINE: bare_index_select(LARGE_BATCH_SIZE),
        "tinytorch_hf.DataLoader, no transform": _loader(TinyMNIST(), DataLoader, LARGE_BATCH_SIZE),
        "tinytorch_hf.DataLoader, ToTensor()": _loader(
            TinyMNIST(transform=v1_to_tensor()), DataLoader, LARGE_BATCH_SIZE
        ),
        "TensorDataset, tinytorch_hf.DataLoader": _loader(tensors, DataLoader, LARGE_BATCH_SIZE),
        "TensorDataset, torch's DataLoader": _loader(tensors, None, LARGE_BATCH_SIZE),
    }


def single_samples(folder: Path) -> dict[str, Road]:
    """One sample after the other, as PIL images and after ToTensor()."""
    theirs, ours = torchvision_mnist(folder), TinyMNIST()
    theirs_as_tensor, ours_as_tensor = torchvision_mnist(folder, v1_to_tensor()), TinyMNIST(transform=v1_to_tensor())
    return {
        "torchvision's MNIST, PIL images": lambda: map(theirs.__getitem__, range(1000)),
        "TinyMNIST, PIL images": lambda: map(ours.__getitem__, range(1000)),
        "torchvision's MNIST, ToTensor()": lambda: map(theirs_as_tensor.__getitem__, range(1000)),
        "TinyMNIST, ToTensor()": lambda: map(ours_as_tensor.__getitem__, range(1000)),
    }


def _passes(alternatives: dict[str, Road]) -> dict[str, Callable[[], None]]:
    def whole(road: Road) -> Callable[[], None]:
        def one_pass() -> None:
            for _ in road():
                pass

        return one_pass

    return {name: whole(road) for name, road in alternatives.items()}


def tables() -> Iterator[Table]:
    """Epochs, then single samples."""
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        title = "An epoch of TinyMNIST in PyTorch, batch size 32, shuffled"
        yield measure("epochs", title, _passes(roads(folder)), BASELINE, 10, calls_per_repeat=5)
        title = "An epoch of TinyMNIST in PyTorch, batch size 256, shuffled, through tensors"
        yield measure("large_batches", title, _passes(large_batches()), BASELINE, 50, calls_per_repeat=5)
        samples = _passes(single_samples(folder))
        yield measure("samples", "1000 single samples", samples, "torchvision's MNIST, PIL images", 10, 5)


if __name__ == "__main__":
    run(__doc__, tables)
