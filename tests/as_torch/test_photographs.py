"""Specification of MNIST, CIFAR10 and TinyCIFAR: torchvision's classes over the same files, batches at once."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import cifar_files
import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from torchvision.transforms import v2

from tinytorch_hf import (
    CIFAR10,
    MNIST,
    DataLoader,
    TinyCIFAR,
    as_tinytorch,
    as_torch,
    by_difficulty,
    catalog,
    load,
    stratified_split,
    subset,
)
from tinytorch_hf.catalog import registry
from tinytorch_hf.data.loaders import load_images, unit_range
from tinytorch_hf.errors import InvalidArgumentError, MissingFileError

v1 = torchvision.transforms

V2_TO_TENSOR = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
N_TRAIN, N_TEST = 100, 40


class Root:
    """A root with CIFAR-10's files of a few images, and torchvision's class for these files."""

    def __init__(self, path: Path) -> None:
        rng = np.random.default_rng(1)
        images = rng.integers(0, 256, (N_TRAIN + N_TEST, 3, 32, 32), dtype=np.uint8)
        labels = rng.permutation(np.arange(N_TRAIN + N_TEST) % 10)
        self.splits = {"train": (images[:N_TRAIN], labels[:N_TRAIN]), "test": (images[N_TRAIN:], labels[N_TRAIN:])}
        contents = cifar_files.files(self.splits)
        cifar_files.unpack(cifar_files.archive(contents), path)
        self.path = path
        self.entry = cifar_files.entry(contents, N_TRAIN, N_TEST)
        md5 = {file.name: file.md5 for file in self.entry.files}

        theirs = torchvision.datasets.CIFAR10
        known = {
            "train_list": [[name, md5[name]] for name, _ in theirs.train_list],
            "test_list": [["test_batch", md5["test_batch"]]],
            "meta": {**theirs.meta, "md5": md5["batches.meta"]},
        }
        self.torchvisions = type("CIFAR10", (theirs,), known)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """The files, written once."""
    return Root(tmp_path_factory.mktemp("cifar10"))


@pytest.fixture
def few(files: Root, monkeypatch: pytest.MonkeyPatch) -> Root:
    """The files, and a catalog that knows them in place of the official ones."""
    monkeypatch.setitem(registry._BUILT_IN, "cifar10", files.entry)
    return files


def alike(ours: Any, theirs: Any, indices: tuple[int, ...]) -> None:
    """Two datasets that a program could not tell apart."""
    for name in ("train", "classes", "class_to_idx", "transform", "target_transform"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert repr(ours) == repr(theirs)
    assert len(ours) == len(theirs)
    assert type(ours.data) is type(theirs.data)
    assert (ours.data.shape, ours.data.dtype) == (theirs.data.shape, theirs.data.dtype)
    assert type(ours.targets) is type(theirs.targets)
    assert np.array_equal(ours.data, theirs.data)
    assert np.array_equal(ours.targets, theirs.targets)
    for index in indices:
        (our_image, our_label), (their_image, their_label) = ours[index], theirs[index]
        assert (type(our_image), type(our_label), our_label) == (type(their_image), type(their_label), their_label)
        assert not isinstance(our_image, Image.Image) or our_image.mode == their_image.mode
        assert np.array_equal(np.asarray(our_image), np.asarray(their_image))
    for index in (len(theirs), -len(theirs) - 1):
        with pytest.raises(IndexError):
            ours[index]


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("transform", [None, v1.ToTensor(), V2_TO_TENSOR], ids=["none", "v1", "v2"])
def test_cifar10_is_torchvisions_over_the_same_root(few: Root, train: bool, transform: Any) -> None:
    """The same calls, attributes, types, samples, batches and repr."""
    alike(
        CIFAR10(few.path, train, transform, None, False),
        few.torchvisions(few.path, train, transform, None, False),
        (0, 7, N_TEST - 1, -1),
    )


@pytest.mark.parametrize("train", [True, False])
def test_mnist_is_torchvisions_over_the_same_root(mnist_root: Path, train: bool) -> None:
    """All of MNIST, which either of the two may have put there."""
    alike(MNIST(mnist_root, train), torchvision.datasets.MNIST(mnist_root, train), (0, 9999, -1))
    to_tensor = v1.ToTensor()
    assert torch.equal(MNIST(mnist_root, train, to_tensor)[5][0], to_tensor(MNIST(mnist_root, train)[5][0]))


def test_a_photograph_is_the_users_own(few: Root) -> None:
    """Drawing on it changes neither the dataset nor the next image of the sample."""
    dataset = CIFAR10(few.path)
    image, _ = dataset[0]
    before = np.array(image)

    image.putpixel((0, 0), (1, 2, 3))

    assert np.array_equal(np.asarray(dataset[0][0]), before)


TRANSFORMS = {
    "none": None,
    "v1": v1.ToTensor(),
    "v1 Normalize": v1.Compose([v1.ToTensor(), v1.Normalize((0.49, 0.48, 0.45), (0.25, 0.24, 0.26))]),
    "v1 bytes": v1.PILToTensor(),
    "v2": V2_TO_TENSOR,
    "v2 Normalize": v2.Compose([V2_TO_TENSOR, v2.Normalize([0.5] * 3, [0.5] * 3, inplace=True)]),
    "v2 image": v2.ToImage(),
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_a_batch_is_gathered_to_the_same_bits(few: Root, transform: Any) -> None:
    """One by one, several, all rows, and through the DataLoader."""
    dataset = CIFAR10(few.path, transform=transform)
    one_by_one = [dataset[index] for index in (5, 1, -1)]

    together = dataset.__getitems__([5, 1, -1])

    for (image, label), (expected, expected_label) in zip(together, one_by_one, strict=True):
        assert (type(image), type(label), label) == (type(expected), type(expected_label), expected_label)
        assert np.array_equal(np.asarray(image), np.asarray(expected))
    images, labels = dataset.sample_tensors()  # type: ignore[misc]
    assert (type(images), tuple(images.shape), labels.dtype) == (torch.Tensor, (N_TRAIN, 3, 32, 32), torch.int64)
    if transform is not None:
        assert torch.equal(
            images[[5, 1, -1]], torch.stack([image.as_subclass(torch.Tensor) for image, _ in one_by_one])
        )
    (batch, batch_labels), *_ = DataLoader(dataset, batch_size=8)
    assert torch.equal(batch, images[:8])
    assert batch.is_contiguous()
    assert batch_labels.tolist() == dataset.targets[:8]


def test_without_a_transform_batches_are_the_numpy_loaders_numbers(few: Root) -> None:
    """Float32 in [0, 1], whichever road is taken."""
    expected, labels = load_images("cifar10", "train", few.path)

    images, _ = CIFAR10(few.path).sample_tensors()  # type: ignore[misc]
    batches = [images for images, _ in DataLoader(CIFAR10(few.path), batch_size=32, num_workers=1)]
    tensors = as_torch.tensors("cifar10", root=few.path).tensors

    assert expected.shape == (N_TRAIN, 3, 32, 32)
    assert np.array_equal(images.numpy(), expected)
    assert np.array_equal(torch.cat(batches).numpy(), expected)
    assert np.array_equal(tensors[0].numpy(), expected)
    assert np.array_equal(tensors[1].numpy(), labels)
    loader = as_tinytorch.dataloader("cifar10", batch_size=N_TRAIN, root=few.path)
    assert np.array_equal(np.asarray(next(iter(loader))[0].data), expected)


def test_a_transform_that_has_to_see_each_image_sees_it(few: Root) -> None:
    """In colour, as PIL images."""
    seen: list[Any] = []
    dataset = CIFAR10(few.path, transform=lambda image: seen.append(image.mode) or image)

    assert dataset.sample_tensors() is None
    assert [image.size for image, _ in dataset.__getitems__([1, 2])] == [(32, 32)] * 2
    assert seen == ["RGB", "RGB"]


def test_what_is_changed_in_place_is_served(few: Root) -> None:
    """Pixels and labels in NumPy and in lists, which unlike tensors do not count their changes."""
    dataset = CIFAR10(few.path)
    dataset.sample_tensors()

    dataset.data[3] = 255
    dataset.targets[3] = 7

    images, labels = dataset.sample_tensors()  # type: ignore[misc]
    assert images[3].min() == 1
    assert labels[3] == 7
    assert dataset.sample_tensors()[1] is labels  # type: ignore[index]
    dataset.data, dataset.targets = dataset.data[::2], dataset.targets[::2]
    assert dataset.sample_tensors() is None, "rows of other rows are not laid out one after the other"
    assert len(dataset.__getitems__([1, 2])) == 2
    dataset.data = np.ascontiguousarray(dataset.data)
    assert len(dataset.sample_tensors()[0]) == N_TRAIN // 2  # type: ignore[index]
    dataset.targets = [float(label) for label in dataset.targets]
    assert dataset.sample_tensors() is None
    assert type(dataset[0][1]) is float


def test_copies_are_the_same_dataset(few: Root) -> None:
    """Through pickle, as worker processes get it, without what was computed."""
    dataset = CIFAR10(few.path, transform=v1.ToTensor())
    fresh_size = len(pickle.dumps(dataset))
    dataset.sample_tensors()

    for again in (pickle.loads(pickle.dumps(dataset)), copy.deepcopy(dataset)):
        assert torch.equal(again[7][0], dataset[7][0])
    assert len(pickle.dumps(dataset)) == fresh_size < 10_000
    dataset.data[3] = 0
    assert np.array_equal(pickle.loads(pickle.dumps(dataset)).data, dataset.data)


@pytest.mark.parametrize("dataset_class", [MNIST, CIFAR10, TinyCIFAR])
def test_missing_files_say_size_place_and_what_to_type(dataset_class: Any, tmp_path: Path) -> None:
    """And torchvision's words."""
    with pytest.raises(RuntimeError, match="You can use download=True") as caught:
        dataset_class(tmp_path)

    megabytes = 12 if dataset_class is MNIST else 170
    assert isinstance(caught.value, MissingFileError)
    name = dataset_class.dataset_name
    for part in (f"`tinytorch-hf download {name} --root {tmp_path}`", f"{megabytes} MB", f"into {tmp_path}"):
        assert part in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_split_given_by_name_is_refused(few: Root) -> None:
    """As in every class."""
    with pytest.raises(InvalidArgumentError, match="train=False"):
        CIFAR10(few.path, "test")  # type: ignore[arg-type]


def test_tinycifar_is_balanced_and_in_colour(tinycifar_root: Path) -> None:
    """Its attributes are those of CIFAR10, and each sample has a difficulty."""
    for train, n_per_class in ((True, 200), (False, 40)):
        dataset = TinyCIFAR(tinycifar_root, train)
        stored = load("tinycifar", tinycifar_root)["train" if train else "test"]
        image, label = dataset[3]

        assert isinstance(image, Image.Image)
        assert (image.mode, image.size, type(label)) == ("RGB", (32, 32), int)
        assert len(pickle.dumps(dataset)) < 10_000
        with pytest.raises(InvalidArgumentError, match="must be a whole number"):
            dataset[True]
        assert (type(dataset.data), dataset.data.shape) == (np.ndarray, (10 * n_per_class, 32, 32, 3))
        assert np.array_equal(dataset.data.transpose(0, 3, 1, 2), stored["images"])
        assert dataset.targets == stored["labels"].tolist()
        assert np.bincount(dataset.targets).tolist() == [n_per_class] * 10
        assert dataset.difficulty.tolist() == stored["difficulty"].tolist()
        assert dataset.classes == list(catalog.CIFAR10.classes)
        assert repr(dataset).splitlines()[0] == "Dataset TinyCIFAR"


def test_parts_of_tinycifar(tinycifar_root: Path) -> None:
    """By difficulty, in proportion, so many of each class; batches are gathered from them."""
    dataset = TinyCIFAR(tinycifar_root, train=False, transform=v1.ToTensor())

    hard = by_difficulty(dataset, "hard")
    first, second = stratified_split(dataset, [0.75, 0.25], seed=0)
    some = subset(dataset, 5, seed=0)

    assert set(dataset.difficulty[hard.indices].tolist()) == {2}
    assert (len(first), len(second), len(some)) == (300, 100, 50)
    images, labels = next(iter(DataLoader(second, batch_size=100)))
    assert np.array_equal(images.numpy(), unit_range(dataset.data[second.indices].transpose(0, 3, 1, 2)))
    assert np.bincount(labels).tolist() == [10] * 10
