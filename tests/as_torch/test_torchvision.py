"""Specification of the image classes beside torchvision: its base class, its transforms, its MNIST."""

from __future__ import annotations

import inspect
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from tinytorch_hf import Digits8x8, TinyDigits, TinyMNIST, load, load_tinydigits, load_tinymnist
from tinytorch_hf.as_torch import contract

v1 = torchvision.transforms

V2_TO_TENSOR = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])


@pytest.fixture(scope="module")
def mnist_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root in which torchvision's MNIST finds the images of TinyMNIST."""
    root = tmp_path_factory.mktemp("torchvision")
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for prefix, split in (("train", load("tinymnist")["train"]), ("t10k", load("tinymnist")["test"])):
        images, labels = split["images"].tobytes(), split["labels"].astype(np.uint8).tobytes()
        (raw / f"{prefix}-images-idx3-ubyte").write_bytes(struct.pack(">4i", 0x803, len(split), 28, 28) + images)
        (raw / f"{prefix}-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 0x801, len(split)) + labels)
    return root


def test_the_classes_are_vision_datasets() -> None:
    """Real subclasses, whose arguments stand where MNIST's do."""
    mnist = inspect.getfullargspec(torchvision.datasets.MNIST.__init__).args
    for dataset_class in (TinyDigits, TinyMNIST):
        assert issubclass(dataset_class, torchvision.datasets.VisionDataset)
        assert inspect.getfullargspec(dataset_class.__init__).args == mnist
    assert issubclass(Digits8x8, torchvision.datasets.VisionDataset)
    assert inspect.getfullargspec(Digits8x8.__init__).args == [name for name in mnist if name != "train"]


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("transform", [None, v1.ToTensor(), V2_TO_TENSOR], ids=["none", "v1", "v2"])
def test_tinymnist_stands_where_mnist_stood(mnist_root: Path, train: bool, transform: Any) -> None:
    """The same calls give the same samples, batches and attributes."""
    theirs = torchvision.datasets.MNIST(mnist_root, train, transform, None, False)
    ours = TinyMNIST(None, train, transform, None, False)

    for name in ("train", "classes", "class_to_idx", "transform", "target_transform"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert repr(ours.transforms) == repr(theirs.transforms)
    assert ours.extra_repr() == theirs.extra_repr()
    assert (ours.data.dtype, ours.targets.dtype) == (theirs.data.dtype, theirs.targets.dtype)
    assert torch.equal(ours.data, theirs.data)
    assert torch.equal(ours.targets, theirs.targets)
    for index in (0, 99, -1):
        (our_image, our_label), (their_image, their_label) = ours[index], theirs[index]
        assert (type(our_image), type(our_label), our_label) == (type(their_image), type(their_label), their_label)
        assert np.array_equal(np.asarray(our_image), np.asarray(their_image))
    if transform is not None:
        for our_batch, their_batch in zip(DataLoader(ours, 64), DataLoader(theirs, 64), strict=True):
            assert all(map(torch.equal, our_batch, their_batch))


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("n_workers", [0, 2])
def test_to_tensor_gives_the_numbers_of_the_numpy_loaders(train: bool, n_workers: int) -> None:
    """Bit for bit, in this process and in workers; v2 as well where pixels are floats already."""
    for dataset_class, loader, transforms in (
        (TinyDigits, load_tinydigits, (v1.ToTensor(), V2_TO_TENSOR)),
        (TinyMNIST, load_tinymnist, (v1.ToTensor(),)),
    ):
        X_train, y_train, X_test, y_test = loader()
        images, labels = (X_train, y_train) if train else (X_test, y_test)
        for transform in transforms:
            batches = list(
                DataLoader(dataset_class(train=train, transform=transform), batch_size=64, num_workers=n_workers)
            )
            assert torch.equal(torch.cat([x for x, _ in batches]), torch.from_numpy(images).unsqueeze(1))
            assert torch.equal(torch.cat([y for _, y in batches]), torch.from_numpy(labels))


@pytest.mark.parametrize("transforms", [v1, v2], ids=["v1", "v2"])
@pytest.mark.parametrize("dataset_class", [TinyDigits, TinyMNIST, Digits8x8])
def test_the_usual_augmentations_work(transforms: Any, dataset_class: Any) -> None:
    """Those that work on floats work on the floats of the 8x8 digits too."""
    size = dataset_class().data.shape[1]
    augmented = dataset_class(
        transform=transforms.Compose(
            [
                transforms.RandomCrop(size, padding=1),
                transforms.RandomRotation(10),
                transforms.RandomAffine(0, translate=(0.1, 0.1)),
                transforms.Resize(2 * size),
                transforms.ToTensor() if transforms is v1 else V2_TO_TENSOR,
                transforms.Normalize((0.5,), (0.5,)),
                transforms.RandomErasing(p=1.0),
            ]
        )
    )

    images, _ = next(iter(DataLoader(augmented, batch_size=16)))

    assert (images.shape, images.dtype) == ((16, 1, 2 * size, 2 * size), torch.float32)
    assert float(images.std()) > 0.1


@pytest.mark.parametrize("dataset_class", [TinyDigits, TinyMNIST, Digits8x8])
def test_wrapping_for_v2_transforms_changes_nothing(dataset_class: Any) -> None:
    """As for MNIST; and the same as handing v2 transforms to the class."""
    plain = dataset_class(transform=V2_TO_TENSOR)

    wrapped = torchvision.datasets.wrap_dataset_for_transforms_v2(dataset_class(transform=V2_TO_TENSOR))

    assert isinstance(wrapped, dataset_class)
    assert len(wrapped) == len(plain)
    assert type(wrapped[3][0]) is type(plain[3][0])
    for ours, theirs in zip(DataLoader(wrapped, 500), DataLoader(plain, 500), strict=True):
        assert all(map(torch.equal, ours, theirs))


def test_samples_fetched_together_are_those_fetched_one_by_one() -> None:
    """The same types and bits, for every transform that is applied to all images at once and for others."""
    for transform in (
        v1.ToTensor(),
        V2_TO_TENSOR,
        v1.Compose([v1.PILToTensor(), v1.ConvertImageDtype(torch.float32), v1.Normalize(0.1307, 0.3081)]),
        v2.Compose([v2.ToImage(), v2.ToDtype(torch.float64, scale=True), v2.ToPureTensor()]),
        v1.RandomCrop(28),
        None,
    ):
        dataset = TinyMNIST(transform=transform)

        together = dataset.__getitems__([5, 1, -1])

        assert type(together) is list
        for (image, label), index in zip(together, [5, 1, -1], strict=True):
            expected_image, expected_label = dataset[index]
            assert (type(image), type(label), label) == (type(expected_image), type(expected_label), expected_label)
            assert np.array_equal(np.asarray(image), np.asarray(expected_image))


def test_what_torchvision_promises_is_what_the_stand_in_does(tmp_path: Path) -> None:
    """The same repr and the same attributes for the same arguments, and the same refusal."""
    theirs_class, ours_class = torchvision.datasets.VisionDataset, contract.SampleDataset

    def make(base: Any, *arguments: Any, **options: Any) -> Any:
        return type("Three", (base,), {"__len__": lambda self: 3})(*arguments, **options)

    to_tensor, normalize = v1.ToTensor(), v1.Compose([v1.ToTensor(), v1.Normalize(0.5, 0.5)])
    for arguments, options in (
        ((), {}),
        ((str(tmp_path),), {"transform": normalize}),
        ((tmp_path,), {"transform": normalize, "target_transform": to_tensor}),
        (("~",), {"target_transform": normalize}),
        ((Path("~"),), {"transforms": to_tensor}),
    ):
        theirs, ours = make(theirs_class, *arguments, **options), make(ours_class, *arguments, **options)
        assert repr(ours) == repr(theirs)
        for name in ("root", "transform", "target_transform"):
            assert getattr(ours, name) == getattr(theirs, name)
    for base in (theirs_class, ours_class):
        with pytest.raises(ValueError, match=r"transform/target_transform|transform and target_transform"):
            make(base, transforms=to_tensor, transform=to_tensor)
    image = TinyMNIST()[0][0]
    assert torch.equal(make(ours_class, transform=to_tensor).transforms(image, 3)[0], to_tensor(image))
