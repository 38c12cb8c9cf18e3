"""Specification of tinytorch_hf.milestones.data.full_data: MNIST where milestones look for it."""

from __future__ import annotations

import gzip
import stat
from pathlib import Path

import numpy as np
import pytest
from checkouts import POINTER, Small, own_cache, small_mnist, snapshot

from tinytorch_hf import catalog, load_tinymnist
from tinytorch_hf.errors import CorruptFileError, MissingFileError, StorageError, UnknownNameError
from tinytorch_hf.files import folders, store
from tinytorch_hf.milestones.data import full_data, places
from tinytorch_hf.milestones.data.places import State

pytestmark = pytest.mark.usefixtures("own_cache")


def test_each_file_belongs_where_tinytorchs_manager_reads_it(tmp_path: Path) -> None:
    """MNIST's packed; CIFAR-10's in the folder that its archive makes."""
    mnist = {place.path.relative_to(tmp_path).as_posix() for place in full_data.places(catalog.MNIST, tmp_path)}
    cifar = {place.path.relative_to(tmp_path).as_posix() for place in full_data.places(catalog.CIFAR10, tmp_path)}

    assert mnist == {
        "mnist/train-images-idx3-ubyte.gz",
        "mnist/train-labels-idx1-ubyte.gz",
        "mnist/t10k-images-idx3-ubyte.gz",
        "mnist/t10k-labels-idx1-ubyte.gz",
    }
    batches = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "batches.meta"]
    assert cifar == {f"cifar-10/cifar-10-batches-py/{name}" for name in batches}
    with pytest.raises(UnknownNameError, match="mnist"):
        full_data.folder(catalog.TINYDIGITS, tmp_path)


@pytest.mark.parametrize("has_archives", [True, False])
def test_what_is_put_there_is_a_good_copy(
    tmp_path: Path, own_cache: Path, small_mnist: Small, has_archives: bool
) -> None:
    """Byte for byte the official archives if the cache has them, else packed again; the same at every time."""
    small_mnist.unpacked_into(own_cache)
    if has_archives:
        for archive in small_mnist.files.iterdir():
            (own_cache / "MNIST" / "raw" / archive.name).write_bytes(archive.read_bytes())

    written = full_data.put(small_mnist.dataset, tmp_path / "data")

    official = snapshot(small_mnist.files)
    assert (snapshot(tmp_path / "data" / "mnist") == official) is has_archives
    for path in written:
        assert gzip.decompress(path.read_bytes()) == gzip.decompress(official[path.name])
        assert path.stat().st_nlink == 1 and path.stat().st_mode & stat.S_IWUSR
    assert full_data.put(small_mnist.dataset, tmp_path / "data") == []


def test_a_bad_archive_in_the_cache_is_not_handed_on(tmp_path: Path, own_cache: Path, small_mnist: Small) -> None:
    """The unpacked file is packed in its place."""
    small_mnist.unpacked_into(own_cache)
    (own_cache / "MNIST" / "raw" / "train-images-idx3-ubyte.gz").write_bytes(b"half")

    full_data.put(small_mnist.dataset, tmp_path)

    assert all(places.look(place).state is State.GOOD for place in full_data.places(small_mnist.dataset, tmp_path))


def test_without_a_source_nothing_is_written(tmp_path: Path, small_mnist: Small) -> None:
    """The error says what to type."""
    with pytest.raises(MissingFileError, match="tinytorch-hf download mnist"):
        full_data.put(small_mnist.dataset, tmp_path / "data")

    assert not (tmp_path / "data").exists()


def test_what_is_found_is_what_was_put(tmp_path: Path, own_cache: Path, small_mnist: Small) -> None:
    """The splits of the catalog, and where they are."""
    small_mnist.unpacked_into(own_cache)
    assert full_data.find(small_mnist.dataset, tmp_path).root == str(own_cache)
    full_data.put(small_mnist.dataset, tmp_path)

    found = full_data.find(small_mnist.dataset, tmp_path)

    assert (found.root, found.problem) == (str(tmp_path / "mnist"), None)
    assert [(split.name, len(split)) for split in found.splits] == [("train", 50), ("test", 20)]
    assert np.array_equal(found.splits[1]["labels"], load_tinymnist()[3][:20])


def test_damage_is_told_only_where_nothing_better_is_found(tmp_path: Path, own_cache: Path, small_mnist: Small) -> None:
    """The first that was met."""
    path = small_mnist.into(tmp_path / "data" / "mnist") / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(POINTER)

    with pytest.raises(CorruptFileError, match=r"t10k-labels-idx1-ubyte\.gz is a Git-LFS pointer"):
        full_data.find(small_mnist.dataset, tmp_path / "data")
    small_mnist.unpacked_into(own_cache)
    assert "t10k-labels" in str(full_data.find(small_mnist.dataset, tmp_path / "data").problem)


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path, own_cache: Path, small_mnist: Small) -> None:
    """Not half a dataset that is trusted later."""
    small_mnist.unpacked_into(own_cache)
    (tmp_path / "data").write_text("a file", encoding="utf-8")

    with pytest.raises(StorageError, match="could not be written"):
        full_data.put(small_mnist.dataset, tmp_path / "data")
    assert folders.folder(small_mnist.dataset).is_dir()
