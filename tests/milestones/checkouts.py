"""Small TinyTorch checkouts for these tests, and the formats of MNIST and CIFAR-10 with a few images.

The scripts import, look for and take their data as the milestones of the three generations do.
"""

from __future__ import annotations

import gzip
import hashlib
import pickle
import struct
import textwrap
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from generations import GENERATIONS, write_package

from tinytorch_hf import catalog, load
from tinytorch_hf.catalog import DataFile, DatasetInfo
from tinytorch_hf.files import folders, store

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 264255\n"

# Opens the pickles by their path from the script, as every generation's milestones 03 and 04 do.
DIGITS_BY_PATH = """
    import pickle, sys
    from pathlib import Path
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from tinytorch.core.tensor import Tensor
    folder = Path(__file__).parent.parent.parent / "datasets" / "tinydigits"
    for name in ("train.pkl", "test.pkl"):
        with open(folder / name, "rb") as file:
            data = pickle.load(file)
        print(Tensor(data["images"]).shape, data["labels"].dtype)
"""
DIGITS_BY_IMPORT = """
    import sys
    from pathlib import Path
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from datasets.tinydigits import load_tinydigits
    from datasets.tinytalks import load_tinytalks
    print(load_tinydigits()[0].shape, len(load_tinytalks()))
"""
MNIST_FROM_BESIDE = """
    import os, sys
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from data_manager import DatasetManager
    (X_train, y_train), (X_test, y_test) = DatasetManager().get_mnist()
    print(X_train.shape, X_train.dtype, y_train.dtype, X_test.shape, y_test.shape)
"""
TALKS_FROM_THE_ROOT = """
    import sys
    from pathlib import Path
    root = Path(__file__).resolve().parents[2]
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    from milestones.data_manager import DatasetManager
    manager = DatasetManager()
    print(manager.get_tinytalks(sample_only=False, topic="tinytorch", split="train").count("Q: "))
    print((root / "datasets" / "tinytalks" / "splits" / "train.txt").read_text(encoding="utf-8").count("Q: "))
"""
PLAYS_FROM_BESIDE = """
    import os, sys
    from pathlib import Path
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from data_manager import DatasetManager
    text = DatasetManager().get_tinyshakespeare(sample_only=False)
    sample = Path(__file__).parents[2] / "datasets" / "tinyshakespeare" / "tinyshakespeare_sample.txt"
    print(len(text), len(sample.read_text(encoding="utf-8")))
"""
DIGITS_FROM_THE_PACKAGE = """
    import os, sys
    sys.path.insert(0, os.getcwd())
    from tinytorch.datasets import TinyDigits
    dataset = TinyDigits()
    X_train, y_train = dataset.get_train_data()
    X_test, y_test = dataset.get_test_data()
    print(X_train.reshape(X_train.shape[0], -1).shape, X_test.dtype, len(y_train), len(y_test))
"""
DIGITS_FROM_THE_LOADER = """
    try:
        from tinytorch.core.dataloader import TinyDigits
    except Exception:
        print("random numbers")
"""

SCRIPTS = {
    "01_1958_perceptron/01_rosenblatt_forward.py": "print('points')",
    "03_1986_mlp/01_rumelhart_tinydigits.py": DIGITS_BY_PATH,
    "03_1986_mlp/02_rumelhart_mnist.py": MNIST_FROM_BESIDE,
    "04_1998_cnn/01_lecun_tinydigits.py": DIGITS_BY_IMPORT,
    "05_2017_transformer/04_tinygpt_chat.py": TALKS_FROM_THE_ROOT,
    "06_2018_mlperf/01_optimization_olympics.py": DIGITS_FROM_THE_PACKAGE,
    "07_tinygpt/01_plays.py": PLAYS_FROM_BESIDE,
}


def write_checkout(folder: Path, generation: str = "C", scripts: dict[str, str] = SCRIPTS) -> Path:
    """Write a checkout: a package, and scripts under ``milestones``; returns its root."""
    write_package(folder, GENERATIONS[generation])
    for name, text in scripts.items():
        path = folder / "milestones" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file of a folder and its content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@dataclass(frozen=True)
class Small:
    """A dataset in the format of MNIST or CIFAR-10 that takes its place: its facts, and the folder of its files."""

    dataset: DatasetInfo
    files: Path

    def into(self, folder: Path) -> Path:
        """Put them into a folder as they are; returns the folder."""
        folder.mkdir(parents=True)
        for path in self.files.iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
        return folder

    def unpacked_into(self, root: Path) -> Path:
        """Put them, unpacked, where torchvision has them under a root; returns the root."""
        folder = folders.folder(self.dataset, root)
        folder.mkdir(parents=True)
        for path in self.files.iterdir():
            data = path.read_bytes()
            unpacked = gzip.decompress(data) if path.suffix == ".gz" else data
            (folder / path.name.removesuffix(".gz")).write_bytes(unpacked)
        return root


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache for one test, which says yes to no download."""
    monkeypatch.setenv("TINYTORCH_HF_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TINYTORCH_AUTO_DOWNLOAD", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def small_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Small:
    """TinyMNIST's first 50 and 20 images in MNIST's files and archives, in place of MNIST."""
    folder = tmp_path / "archives"
    folder.mkdir()
    tiny = load("tinymnist")
    splits, archives = [], []
    for split, start, n_samples in ((catalog.MNIST.splits[0], "train", 50), (catalog.MNIST.splits[1], "t10k", 20)):
        columns = tiny[split.name]
        contents = {
            f"{start}-images-idx3-ubyte": struct.pack(">4I", 2051, n_samples, 28, 28)
            + columns["images"][:n_samples].tobytes(),
            f"{start}-labels-idx1-ubyte": struct.pack(">2I", 2049, n_samples)
            + columns["labels"][:n_samples].astype(np.uint8).tobytes(),
        }
        splits.append(replace(split, n_samples=n_samples, files=tuple(_facts(n, d) for n, d in contents.items())))
        for name, data in contents.items():
            packed = gzip.compress(data, mtime=1)
            (folder / f"{name}.gz").write_bytes(packed)
            archives.append(catalog.Archive(_facts(f"{name}.gz", packed), "MNIST/raw", ()))
    dataset = replace(
        catalog.MNIST, splits=tuple(splits), provider=catalog.Downloaded(tuple(archives), catalog.MNIST.place)
    )
    monkeypatch.setattr(catalog, "MNIST", dataset)
    return Small(dataset, folder)


@pytest.fixture
def small_cifar10(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Small:
    """Ten pictures of noise in each of CIFAR-10's batches, in place of CIFAR-10."""
    folder = tmp_path / "batches"
    folder.mkdir()
    noise = np.random.default_rng(0)
    for file in catalog.CIFAR10.files:
        batch = {"data": noise.integers(0, 256, (10, 3072), dtype=np.uint8), "labels": list(range(10))}
        (folder / file.name).write_bytes(pickle.dumps(batch, protocol=4))

    def facts(files: tuple[DataFile, ...]) -> tuple[DataFile, ...]:
        # As in the catalog: neither sizes nor anything but the md5.
        found = [(file.name, (folder / file.name).read_bytes()) for file in files]
        return tuple(
            DataFile(name, 0, "", hashlib.md5(data, usedforsecurity=False).hexdigest()) for name, data in found
        )

    splits = [replace(s, n_samples=10 * len(s.files), files=facts(s.files)) for s in catalog.CIFAR10.splits]
    dataset = replace(catalog.CIFAR10, splits=tuple(splits), other_files=facts(catalog.CIFAR10.other_files))
    monkeypatch.setattr(catalog, "CIFAR10", dataset)
    return Small(dataset, folder)


@pytest.fixture
def small_shakespeare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Small:
    """One speech, in place of all of Tiny Shakespeare."""
    folder = tmp_path / "plays"
    folder.mkdir()
    (folder / "input.txt").write_bytes(b"KING:\nAll of it.\n")
    file = _facts("input.txt", b"KING:\nAll of it.\n")
    dataset = replace(catalog.SHAKESPEARE, splits=tuple(replace(s, files=(file,)) for s in catalog.SHAKESPEARE.splits))
    monkeypatch.setattr(catalog, "SHAKESPEARE", dataset)
    return Small(dataset, folder)


def _facts(name: str, data: bytes) -> DataFile:
    return DataFile(name, len(data), hashlib.sha256(data).hexdigest())
