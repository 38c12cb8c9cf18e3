"""TinyCIFAR from an archive of CIFAR-10's real size, 184 MB unpacked, for `nox -s longer`."""

from __future__ import annotations

import shutil
from pathlib import Path

import cifar_files
import pytest

from tinytorch_hf import catalog
from tinytorch_hf.acquire import provision
from tinytorch_hf.catalog import registry
from tinytorch_hf.data import loaders
from tinytorch_hf.files import folders
from tinytorch_hf.files.splits import Split

DATASET = catalog.TINYCIFAR


def test_from_the_archive_to_the_first_use(
    genuine_cifar10: dict[str, Split], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An archive in the official layout that holds all candidates is unpacked and cut; then it is not needed again."""
    contents = cifar_files.files({name: (s["images"], s["labels"]) for name, s in genuine_cifar10.items()})
    archive = cifar_files.archive(contents)
    entry = cifar_files.entry(contents, 50_000, 10_000, archive)
    monkeypatch.setitem(registry._BUILT_IN, "cifar10", entry)
    stick, root = tmp_path / "stick" / "cifar-10-python.tar.gz", tmp_path / "root"
    stick.parent.mkdir()
    stick.write_bytes(archive)

    assert len(provision.provide(DATASET, root, stick)) == 2
    shutil.rmtree(root / "tinycifar")
    assert len(loaders.load_split("tinycifar", "test", root)) == 400
    shutil.rmtree(folders.folder(catalog.CIFAR10, root))

    assert len(loaders.load_split("tinycifar", "train", root)) == 2000
