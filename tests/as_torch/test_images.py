"""Specification of tinytorch_hf.as_torch.images: torchvision's documented contract, held with and without torchvision.

`test_without_torchvision` runs this file again in a process where importing torchvision fails.
"""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import socket
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import Run
from PIL import Image
from torch.utils.data import ConcatDataset, DataLoader, Subset, WeightedRandomSampler, random_split

from tinytorch_hf import Digits8x8, TinyDigits, TinyMNIST, catalog, load
from tinytorch_hf.data.loaders import unit_range
from tinytorch_hf.errors import (
    GitLFSPointerError,
    InvalidArgumentError,
    MissingFileError,
    StorageError,
    TruncatedFileError,
    WrongHashError,
)
from tinytorch_hf.files import store

Make = Callable[..., Any]

# How each split of each class is made, and where its numbers are.
SPLITS: dict[str, tuple[Make, str, str]] = {
    "TinyDigits-train": (lambda root=None, **options: TinyDigits(root, True, **options), "tinydigits", "train"),
    "TinyDigits-test": (lambda root=None, **options: TinyDigits(root, False, **options), "tinydigits", "test"),
    "TinyMNIST-train": (lambda root=None, **options: TinyMNIST(root, True, **options), "tinymnist", "train"),
    "TinyMNIST-test": (lambda root=None, **options: TinyMNIST(root, False, **options), "tinymnist", "test"),
    "Digits8x8": (Digits8x8, "digits_8x8", "full"),
}
EVERY_SPLIT = pytest.mark.parametrize(("make", "name", "split"), SPLITS.values(), ids=SPLITS)
EVERY_CLASS = pytest.mark.parametrize("dataset_class", [TinyDigits, TinyMNIST, Digits8x8])


def to_tensor(image: Image.Image) -> torch.Tensor:
    """What torchvision's ToTensor does, for where there is none."""
    return torch.from_numpy(unit_range(np.array(image))).unsqueeze(0)


@EVERY_SPLIT
def test_a_sample_is_a_pil_image_of_the_exact_pixels_and_an_int(make: Make, name: str, split: str) -> None:
    """Mode "F" keeps the sixteenths, which mode "L" would not; MNIST's bytes are mode "L"."""
    dataset, expected = make(), load(name)[split]
    mode = "L" if name == "tinymnist" else "F"

    assert len(dataset) == len(expected)
    for index in (0, 7, len(dataset) - 1, -1, -len(dataset), np.int64(3), torch.tensor(3)):
        image, label = dataset[index]
        assert isinstance(image, Image.Image)
        assert (image.mode, type(label)) == (mode, int)
        assert np.array_equal(np.asarray(image), expected["images"][index])
        assert label == expected["labels"][index]


@EVERY_SPLIT
def test_data_and_targets_are_exact_tensors(make: Make, name: str, split: str) -> None:
    """As torchvision's MNIST has them: pixels in their own type, labels int64."""
    dataset, expected = make(), load(name)[split]

    assert torch.equal(dataset.data, torch.from_numpy(expected["images"]))
    assert torch.equal(dataset.targets, torch.from_numpy(expected["labels"]))


@EVERY_CLASS
def test_classes_are_named_as_mnists(dataset_class: Any) -> None:
    """On the class already, and with the label of each."""
    assert dataset_class.classes[3] == "3 - three"
    assert dataset_class().class_to_idx == {name: label for label, name in enumerate(catalog.DIGIT_CLASSES)}


def test_difficulty_is_there_where_the_dataset_has_one() -> None:
    """One number a sample in TinyMNIST, no attribute elsewhere."""
    for train, split in ((True, "train"), (False, "test")):
        assert torch.equal(TinyMNIST(train=train).difficulty, torch.from_numpy(load("tinymnist")[split]["difficulty"]))
    assert not hasattr(TinyDigits(), "difficulty")
    assert not hasattr(Digits8x8(), "difficulty")


@pytest.mark.parametrize("dataset_class", [TinyDigits, TinyMNIST])
def test_arguments_stand_where_torchvision_has_them(dataset_class: Any, root: Path) -> None:
    """root, train, transform, target_transform, download: all may be given by position."""
    dataset = dataset_class(str(root), False, to_tensor, lambda label: label + 100, False)

    image, label = dataset[0]

    assert len(dataset) == 200
    assert image.shape == (1, *dataset.data.shape[1:])
    assert label == 100 + int(dataset.targets[0])


def test_digits_8x8_has_no_splits_to_choose_from(root: Path) -> None:
    """The other arguments keep their order; `train` is refused."""
    dataset = Digits8x8(str(root), to_tensor, str, False)

    assert dataset[0][1] == str(int(dataset.targets[0]))
    with pytest.raises(TypeError, match="train"):
        Digits8x8(train=True)  # type: ignore[call-arg]


def test_a_split_given_by_name_is_refused() -> None:
    """`TinyMNIST(root, "test")` would otherwise be the training samples, without a word."""
    with pytest.raises(InvalidArgumentError, match="train=False"):
        TinyMNIST(None, "test")  # type: ignore[arg-type]


@EVERY_CLASS
def test_transforms_are_called_once_a_sample_with_the_right_object(dataset_class: Any) -> None:
    """The image's transform gets the PIL image, the label's the int; what they return comes out untouched."""
    seen: list[Any] = []
    image_result, label_result = object(), object()
    dataset = dataset_class(
        transform=lambda image: seen.append(image) or image_result,
        target_transform=lambda label: seen.append(label) or label_result,
    )

    assert dataset[5] == (image_result, label_result)
    assert isinstance(seen[0], Image.Image)
    assert type(seen[1]) is int
    assert seen[1] == int(dataset.targets[5])
    assert dataset.__getitems__([1, 2]) == [(image_result, label_result)] * 2
    assert len(seen) == 6


def test_transforms_are_attributes_that_may_be_set_anew() -> None:
    """As torchvision keeps them; a new one takes effect at once."""
    dataset = TinyMNIST(transform=to_tensor, target_transform=str)
    assert (dataset.transform, dataset.target_transform) == (to_tensor, str)
    image, label = dataset.transforms(dataset.__class__()[0][0], 5)
    assert (tuple(image.shape), label) == ((1, 28, 28), "5")

    dataset.transform, dataset.target_transform = None, lambda label: -label

    assert isinstance(dataset[0][0], Image.Image)
    assert dataset[0][1] == -int(dataset.targets[0])
    assert TinyMNIST().transforms is None


def test_the_repr_is_torchvisions(root: Path) -> None:
    """Name, number of samples, root, split, transforms: line by line as MNIST's."""

    class Double:
        def __repr__(self) -> str:
            return "Double(\n  twice\n)"

    assert repr(TinyDigits()) == "Dataset TinyDigits\n    Number of datapoints: 1000\n    Split: Train"
    assert repr(Digits8x8(str(root))) == f"Dataset Digits8x8\n    Number of datapoints: 1797\n    Root location: {root}"
    assert repr(TinyMNIST(root, train=False, transform=Double(), target_transform=Double())).splitlines() == [  # type: ignore[arg-type]
        "Dataset TinyMNIST",
        "    Number of datapoints: 200",
        f"    Root location: {root}",
        "    Split: Test",
        "    StandardTransform",
        "Transform: Double(",
        "             twice",
        "           )",
        "Target transform: Double(",
        "                    twice",
        "                  )",
    ]


@EVERY_SPLIT
def test_iterating_ends(make: Make, name: str, split: str) -> None:
    """`list` needs an IndexError past the end; past the beginning there is one too."""
    dataset = make()
    n_samples = catalog.info(name).split(split).n_samples

    assert len(list(dataset)) == n_samples
    for index in (n_samples, -n_samples - 1):
        with pytest.raises(IndexError):
            dataset[index]


@EVERY_CLASS
def test_copies_through_pickle_are_the_same_dataset(dataset_class: Any) -> None:
    """Also after what is computed on first use, which does not travel along."""
    dataset = dataset_class(transform=to_tensor)
    fresh_size = len(pickle.dumps(dataset))
    dataset.transform = None
    dataset.sample_tensors()
    dataset.transform = to_tensor

    for again in (pickle.loads(pickle.dumps(dataset)), copy.deepcopy(dataset)):
        assert torch.equal(again[7][0], dataset[7][0])
        assert (again[7][1], repr(again)) == (dataset[7][1], repr(dataset))
    assert len(pickle.dumps(dataset)) == fresh_size


@EVERY_SPLIT
def test_a_root_may_be_text_path_or_home(
    make: Make, name: str, split: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every form leads to the same files; a leading ~ is the user's home."""
    monkeypatch.setenv("HOME", str(root.parent))
    expected = torch.from_numpy(load(name)[split]["images"])

    for given in (root, str(root), f"~/{root.name}", Path("~") / root.name):
        assert torch.equal(make(given).data, expected)


@EVERY_SPLIT
def test_missing_files_raise_torchvisions_error_with_the_folders_name(
    make: Make, name: str, split: str, tmp_path: Path
) -> None:
    """A RuntimeError that says download=True and where it looked, though the bundled files are at hand."""
    with pytest.raises(RuntimeError, match="You can use download=True") as caught:
        make(tmp_path)
    assert isinstance(caught.value, MissingFileError)
    assert str(tmp_path / name) in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@EVERY_SPLIT
def test_damaged_files_raise_a_runtime_error_that_says_what_is_wrong(
    make: Make, name: str, split: str, root: Path
) -> None:
    """Cut off, a pointer, or other bytes, of which both hashes are named; download=True repairs them all."""
    (file,) = catalog.info(name).split(split).files
    path = root / name / file.name
    good = path.read_bytes()
    for damaged, error, says in (
        (good[:-1], TruncatedFileError, str(len(good))),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", GitLFSPointerError, "Git-LFS pointer"),
        (bytes([good[0] ^ 1]) + good[1:], WrongHashError, file.sha256),
    ):
        path.write_bytes(damaged)
        with pytest.raises(RuntimeError, match="download=True") as caught:
            make(root)
        assert isinstance(caught.value, error)
        assert str(path) in str(caught.value)
        assert says in str(caught.value)
        make(root, download=True)
        assert path.read_bytes() == good


@EVERY_SPLIT
def test_download_puts_verified_files_under_the_root(make: Make, name: str, split: str, tmp_path: Path) -> None:
    """Every file of the dataset and nothing else; a second time finds them good and leaves them alone."""
    make(tmp_path, download=True)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}

    assert {path.relative_to(tmp_path).as_posix() for path in files} == {
        f"{name}/{file.name}" for file in catalog.info(name).files
    }
    assert torch.equal(make(tmp_path, download=True).data, make().data)
    assert {path: path.stat().st_mtime_ns for path in files} == files


def test_downloading_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where any connection is an error."""

    def refuse(*_: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    assert len(TinyMNIST(tmp_path, download=True)) == 1000


def test_download_is_a_method_as_well(tmp_path: Path, root: Path) -> None:
    """It repairs what the dataset was made from; without a root there is nothing to do."""
    dataset = TinyDigits(root)
    path = root / "tinydigits" / "test.pkl"
    path.unlink()

    dataset.download()

    assert len(TinyDigits(root, train=False)) == 200
    TinyDigits(download=True).download()


def test_a_root_that_may_only_be_read_works_with_good_files(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even with download=True; bad files there raise, because they cannot be repaired."""

    def refuse(path: Path, _data: bytes) -> None:
        raise StorageError(f"{path} is on a read-only disk")

    monkeypatch.setattr(store, "write", refuse)

    assert len(TinyMNIST(root, download=True)) == 1000
    (root / "tinymnist" / "test.npz").write_bytes(b"")
    with pytest.raises(RuntimeError, match="read-only"):
        TinyMNIST(root, download=True)


def after_download(root: Path) -> int | str:
    """How many samples there are, or what went wrong: not every error gets through to another process."""
    try:
        return len(TinyMNIST(root, download=True)) + len(TinyMNIST(root, train=False))
    except Exception as error:
        return str(error)


def test_many_processes_may_download_at_once(tmp_path: Path) -> None:
    """All end with good files, and nothing half-written is left."""
    with multiprocessing.get_context("fork").Pool(4) as pool:
        assert pool.map_async(after_download, [tmp_path] * 16, chunksize=1).get(timeout=60) == [1200] * 16

    assert {path.name for path in (tmp_path / "tinymnist").iterdir()} == {"train.npz", "test.npz"}


def test_it_works_with_torchs_ways_to_combine_and_sample() -> None:
    """random_split, Subset, ConcatDataset and a sampler, each with the very samples it chose."""
    dataset = TinyMNIST(train=False, transform=to_tensor)
    first, rest = random_split(dataset, [150, 50], generator=torch.Generator().manual_seed(0))
    both = ConcatDataset([dataset, TinyMNIST(transform=to_tensor)])
    only_sample_3 = WeightedRandomSampler([float(index == 3) for index in range(200)], 4)

    assert (len(first), len(rest), len(both)) == (150, 50, 1200)
    assert torch.equal(first[9][0], dataset[first.indices[9]][0])
    assert torch.equal(Subset(dataset, [5, 1])[1][0], dataset[1][0])
    assert both[200][1] == int(TinyMNIST().targets[0])
    (batch,) = DataLoader(dataset, batch_size=4, sampler=only_sample_3)
    assert batch[1].tolist() == [int(dataset.targets[3])] * 4


def served(dataset: Any, **options: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """All images and labels as torch's own DataLoader gives them."""
    images, labels = zip(*DataLoader(dataset, batch_size=128, **options), strict=True)
    return torch.cat(images).squeeze(1), torch.cat(labels)


@EVERY_SPLIT
@pytest.mark.parametrize("n_workers", [0, 1, 2])
def test_a_dataloader_gives_the_exact_numbers(make: Make, name: str, split: str, n_workers: int) -> None:
    """In this process and in workers."""
    expected = load(name)[split]

    images, labels = served(make(transform=to_tensor), num_workers=n_workers)

    assert torch.equal(images, torch.from_numpy(unit_range(expected["images"])))
    assert torch.equal(labels, torch.from_numpy(expected["labels"]))


def test_forked_workers_give_the_same() -> None:
    """There the dataset travels by memory."""
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("this system does not fork")
    dataset = TinyMNIST(train=False, transform=to_tensor)

    images, labels = served(dataset, num_workers=1, multiprocessing_context="fork")

    assert torch.equal(images, torch.from_numpy(unit_range(dataset.data.numpy())))
    assert torch.equal(labels, dataset.targets)


def test_a_process_that_has_not_imported_us_gives_the_same(run_with_torch: Run, tmp_path: Path) -> None:
    """A worker that is spawned: there the dataset travels by pickle, and the rest by import."""
    dataset = TinyMNIST(train=False)
    (tmp_path / "dataset.pkl").write_bytes(pickle.dumps(dataset))
    program = (
        "import pickle, numpy, pathlib\n"
        "samples = list(pickle.loads(pathlib.Path('dataset.pkl').read_bytes()))\n"
        "numpy.savez('samples.npz', images=[numpy.array(s[0]) for s in samples], labels=[s[1] for s in samples])"
    )

    done = run_with_torch("-c", program)

    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "samples.npz") as samples:
        np.testing.assert_array_equal(samples["images"], dataset.data.numpy())
        np.testing.assert_array_equal(samples["labels"], dataset.targets.numpy())


def test_a_subclass_with_its_own_samples_is_asked_for_each() -> None:
    """Batched fetching must not go past a `__getitem__` that a user wrote."""

    class WithIndex(TinyMNIST):
        def __getitem__(self, index: int) -> Any:
            return (*super().__getitem__(index), index)

    dataset = WithIndex(transform=to_tensor)

    assert [sample[2] for sample in dataset.__getitems__([4, 2])] == [4, 2]
    assert dataset.sample_tensors() is None


def test_data_and_targets_may_be_replaced() -> None:
    """A common way to shrink MNIST; samples and batches follow, whatever stands there."""
    dataset = TinyMNIST(transform=to_tensor)
    dataset.transform = None
    dataset.sample_tensors()

    dataset.data, dataset.targets = dataset.data[:10] * 0, dataset.targets[:10]
    assert len(dataset) == 10
    assert dataset.sample_tensors()[0].count_nonzero() == 0  # type: ignore[index]
    dataset.data[3] = 255
    assert dataset.sample_tensors()[0][3].min() == 1  # type: ignore[index]
    dataset.targets = list("abcdefghij")
    assert dataset.sample_tensors() is None
    dataset.targets = torch.arange(10)
    dataset.data = torch.zeros(10, 3, 28, 28, dtype=torch.uint8)
    assert dataset.sample_tensors() is None


def test_an_image_is_the_users_own() -> None:
    """Drawing on it changes neither the dataset nor the next image of the sample."""
    for dataset in (TinyMNIST(), TinyDigits()):
        image, _ = dataset[0]
        before = np.array(image)

        image.putpixel((0, 0), 77)

        assert np.asarray(image)[0, 0] == 77
        assert np.array_equal(np.asarray(dataset[0][0]), before)
        assert np.array_equal(dataset.data[0].numpy(), before)


def test_images_in_colour_may_take_their_place() -> None:
    """As with torchvision's MNIST, whatever Pillow knows can be had."""
    dataset = TinyMNIST()
    dataset.data = torch.arange(24, dtype=torch.uint8).reshape(1, 2, 4, 3)

    assert (dataset[0][0].mode, dataset[0][0].size) == ("RGB", (4, 2))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_floats_may_take_their_place(dtype: torch.dtype) -> None:
    """Of any width, as float32; they are seen as the digits are, 1 being white."""
    dataset = TinyMNIST()
    dataset.data = torch.linspace(0, 1, 12, dtype=dtype).reshape(1, 3, 4)

    image, _ = dataset[0]

    assert np.array_equal(np.asarray(image), dataset.data[0].to(torch.float32).numpy())
    assert image.convert("RGB").getextrema() == ((0, 255),) * 3


def test_pixels_that_no_image_can_have_are_named() -> None:
    """Pillow has no floats in colour."""
    dataset = TinyMNIST()
    dataset.data = torch.zeros(1, 2, 4, 3)

    with pytest.raises(InvalidArgumentError, match=r"float32 pixels in the shape \(2, 4, 3\).*`data`"):
        dataset[0]


def test_construction_needs_little_memory() -> None:
    """At most twice the bytes of the pixels, counted at the highest moment."""
    TinyMNIST()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        dataset = TinyMNIST()
        _, highest = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert highest - before <= 2 * dataset.data.numel()


def test_using_it_touches_no_random_state(same_random_state: None) -> None:
    """Nor torch's."""
    before = torch.get_rng_state()

    TinyDigits()[0]
    TinyMNIST(transform=to_tensor).__getitems__([1])

    assert torch.equal(torch.get_rng_state(), before)


def test_without_torch_one_sentence_says_what_to_install(run_numpy_only: Run) -> None:
    """An ImportError that is one of ours."""
    done = run_numpy_only("-c", "from tinytorch_hf import TinyDigits")

    assert done.stderr.splitlines()[-1] == (
        "tinytorch_hf.errors.MissingExtraError: This needs torch, which is not installed; "
        'install it with: pip install "tinytorch-hf[torch]"'
    )


def test_without_pillow_the_first_sample_says_what_to_install(run_with_torch: Run) -> None:
    """Tensors can be had without it."""
    program = (
        "import sys; sys.modules['PIL'] = None\n"
        "from tinytorch_hf import TinyDigits\n"
        "dataset = TinyDigits(); print(dataset.data.shape)\ndataset[0]"
    )

    done = run_with_torch("-c", program)

    assert done.stdout == "torch.Size([1000, 8, 8])\n"
    assert done.stderr.splitlines()[-1].startswith("tinytorch_hf.errors.MissingExtraError: This needs PIL")
