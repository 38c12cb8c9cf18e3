"""Specification of tinytorch_hf.DataLoader: torch's batches in torch's order, gathered at once where that is the same.

`test_without_torchvision` runs this file again in a process where importing torchvision fails.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)
from torch.utils.data import DataLoader as TorchDataLoader

from tinytorch_hf import DataLoader, Digits8x8, TinyDigits, TinyMNIST, TinyTalks, as_torch, stratified_split
from tinytorch_hf.data.loaders import unit_range

try:
    from torchvision import transforms as v1
    from torchvision.transforms import v2
except RuntimeError:
    v1 = v2 = None

NEEDS_TORCHVISION = pytest.mark.skipif(v1 is None, reason="torchvision cannot be imported here, on purpose")


def to_tensor(image: Image.Image) -> torch.Tensor:
    """What ToTensor does; a function of which nothing is known."""
    return torch.from_numpy(unit_range(np.array(image))).unsqueeze(0)


class PerSample:
    """A dataset seen sample by sample, so that torch's DataLoader knows no short way."""

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, index: int) -> Any:
        return self._dataset[index]


@functools.cache
def per_sample(make: Callable[[Any], Any]) -> Any:
    """What the dataset that `make` gives has for each index, one after the other, with a transform of each image."""
    dataset = make(to_tensor)
    return PerSample([dataset[index] for index in range(len(dataset))])


# Datasets by the transform of their images; what is made without one is to be the same as what to_tensor makes.
DATASETS: dict[str, Callable[[Any], Any]] = {
    "TinyDigits": lambda transform: TinyDigits(train=False, transform=transform),
    "TinyMNIST": lambda transform: TinyMNIST(train=False, transform=transform),
    "Digits8x8": lambda transform: Digits8x8(transform=transform),
    "Subset": lambda transform: Subset(TinyMNIST(transform=transform), range(17, 117)),
    "stratified": lambda transform: stratified_split(
        Subset(TinyMNIST(transform=transform), [*range(100)]), [0.5, 0.5], 1
    )[1],
    "TensorDataset": lambda _: as_torch.tensors("tinymnist", "test"),
    "three tensors": lambda _: TensorDataset(torch.arange(50), torch.arange(100).reshape(50, 2), torch.ones(50, 3)),
    "TinyTalks": lambda _: TinyTalks(split="val", levels=[1], block_size=16),
}
EVERY_DATASET = pytest.mark.parametrize("make", DATASETS.values(), ids=DATASETS)


def generator(seed: int = 5) -> torch.Generator:
    """A generator of its own for each loader."""
    return torch.Generator().manual_seed(seed)


ORDERS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "in order": lambda dataset: {"batch_size": 32},
    "one by one": lambda dataset: {},
    "drop_last": lambda dataset: {"batch_size": 33, "drop_last": True},
    "shuffle": lambda dataset: {"batch_size": 32, "shuffle": True, "generator": generator()},
    "shuffle, drop_last": lambda dataset: {
        "batch_size": 7,
        "shuffle": True,
        "drop_last": True,
        "generator": generator(),
    },
    "more than all": lambda dataset: {"batch_size": 10**6, "shuffle": True, "generator": generator()},
    "SubsetRandomSampler": lambda dataset: {"batch_size": 4, "sampler": SubsetRandomSampler(range(9), generator())},
    "WeightedRandomSampler": lambda dataset: {
        "batch_size": 8,
        "sampler": WeightedRandomSampler([1.0, 2.0, 3.0], 50, generator=generator()),
        "generator": generator(),
    },
    "with replacement": lambda dataset: {
        "batch_size": 8,
        "sampler": RandomSampler(dataset, replacement=True, num_samples=77, generator=generator()),
    },
    "a list": lambda dataset: {"batch_size": 2, "sampler": [3, -1, 0]},
    "BatchSampler": lambda dataset: {"batch_sampler": BatchSampler(SequentialSampler(dataset), 6, drop_last=True)},
    "batches of tensors": lambda dataset: {"batch_sampler": [torch.tensor([1, 2]), [0], (5, 4), np.array([9])]},
}


def assert_same_batches(ours: Any, theirs: Any) -> None:
    """As many batches, each a list of equal tensors."""
    for our_batch, their_batch in itertools.zip_longest(ours, theirs):
        assert type(our_batch) is type(their_batch) is list
        assert len(our_batch) == len(their_batch)
        for our_part, their_part in zip(our_batch, their_batch, strict=True):
            assert our_part.dtype == their_part.dtype
            assert torch.equal(our_part, their_part)


@EVERY_DATASET
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_batches_are_torchs_in_torchs_order(make: Callable[[Any], Any], order: Callable[[Any], Any]) -> None:
    """Epoch after epoch, sample by sample the same bits, and as many batches as len() says."""
    reference = per_sample(make)
    ours, theirs = DataLoader(make(None), **order(make(None))), TorchDataLoader(reference, **order(reference))

    for _ in range(2):
        batches = list(ours)
        assert len(ours) == len(theirs) == len(batches)
        assert_same_batches(batches, theirs)


@given(batch_size=st.integers(1, 70), drop_last=st.booleans(), seed=st.integers(0, 2**31))
def test_every_batch_size_and_seed_gives_torchs_batches(batch_size: int, drop_last: bool, seed: int) -> None:
    """Whatever is left for the last batch."""
    dataset = TensorDataset(torch.arange(64))
    options: dict[str, Any] = {"batch_size": batch_size, "drop_last": drop_last, "shuffle": True}

    assert_same_batches(
        DataLoader(dataset, generator=generator(seed), **options),
        TorchDataLoader(dataset, generator=generator(seed), **options),
    )


def test_random_numbers_drawn_around_it_stay_the_same() -> None:
    """Without a generator the global state is used as torch uses it, before, between and after the batches."""

    def draws(loader: Any) -> list[float]:
        torch.manual_seed(3)
        numbers = []
        for _ in range(2):
            iterator = iter(loader)
            numbers.append(float(torch.rand(())))
            numbers.extend(float(labels.sum()) + float(torch.rand(())) for _, labels in iterator)
        return [*numbers, float(torch.rand(()))]

    options: dict[str, Any] = {"batch_size": 40, "shuffle": True}
    reference = per_sample(DATASETS["TinyMNIST"])

    assert draws(DataLoader(TinyMNIST(train=False), **options)) == draws(TorchDataLoader(reference, **options))


@EVERY_DATASET
def test_batches_are_gathered_without_asking_for_samples(
    make: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is where the speed comes from."""

    def refuse(*_: Any) -> Any:
        raise AssertionError("a sample was asked for")

    loader = DataLoader(make(None), batch_size=16, shuffle=True)
    for fetcher in ("_MapDatasetFetcher", "_IterableDatasetFetcher"):
        monkeypatch.setattr(f"torch.utils.data._utils.fetch.{fetcher}.fetch", refuse)

    assert len(list(loader)) == len(loader)


@NEEDS_TORCHVISION
@pytest.mark.parametrize("dataset_class", [TinyDigits, TinyMNIST])
def test_transforms_of_each_pixel_are_gathered_with_the_bits_of_each_image(dataset_class: Any) -> None:
    """ToTensor(), its v2 equal whose division rounds differently, and the usual Normalize."""
    for transform in (
        v1.ToTensor(),
        v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]),
        v1.Compose([v1.ToTensor(), v1.Normalize((0.1307,), (0.3081,))]),
    ):
        dataset = dataset_class(train=False, transform=transform)

        assert dataset.sample_tensors() is not None
        assert_same_batches(DataLoader(dataset, batch_size=64), TorchDataLoader(PerSample(dataset), batch_size=64))


@pytest.mark.parametrize("n_workers", [0, 1])
def test_without_a_transform_images_are_tensors_on_every_road(n_workers: int) -> None:
    """torch alone cannot collate PIL images; here they are float32 in [0, 1], gathered or from workers."""
    images = torch.from_numpy(unit_range(TinyMNIST().data.numpy())).unsqueeze(1)

    for dataset in (TinyMNIST(), ConcatDataset([TinyMNIST()])):
        batches = list(DataLoader(dataset, batch_size=300, num_workers=n_workers))
        assert torch.equal(torch.cat([batch[0] for batch in batches]), images)
    assert_same_batches(
        DataLoader(TinyMNIST(target_transform=float), batch_size=300, num_workers=n_workers),
        TorchDataLoader(PerSample(TinyMNIST(transform=to_tensor, target_transform=float)), batch_size=300),
    )


def test_colour_images_of_other_datasets_are_collated_as_well() -> None:
    """Channels first, as everywhere in torch."""
    image = Image.fromarray(np.arange(24, dtype=np.uint8).reshape(2, 4, 3))

    (batch,) = DataLoader([(image, 1), (image, 2)], batch_size=2)

    assert batch[0].shape == (2, 3, 2, 4)
    assert torch.equal(batch[0][0], torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255)


def test_other_ways_of_working_are_torchs() -> None:
    """Custom collation, no batching, transforms that see each image, iterable datasets, any other dataset."""
    dataset = TinyMNIST(train=False, transform=to_tensor)

    assert next(iter(DataLoader(dataset, batch_size=3, collate_fn=len))) == 3
    assert torch.equal(next(iter(DataLoader(dataset, batch_size=None)))[0], dataset[0][0])
    assert_same_batches(DataLoader(dataset, batch_size=64), TorchDataLoader(PerSample(dataset), batch_size=64))
    assert next(iter(DataLoader([{"a": 1}, {"a": 2}], batch_size=2)))["a"].tolist() == [1, 2]
    assert next(iter(DataLoader(TinyTalks(split="val"), batch_size=2)))[0] == tuple(
        question for question, _ in TinyTalks(split="val").pairs[:2]
    )
    with pytest.raises(ValueError, match="mutually exclusive"):
        DataLoader(dataset, shuffle=True, sampler=[1])


class Counting(IterableDataset[int]):
    """Numbers without end."""

    def __iter__(self) -> Iterator[int]:
        return itertools.count()


def test_what_has_no_end_is_followed_as_it_goes() -> None:
    """Datasets and samplers alike: nothing is drawn before its batch is asked for."""

    class Endless:
        drawn = 0

        def __iter__(self) -> Iterator[int]:
            while True:
                self.drawn += 1
                yield 3

    assert next(iter(DataLoader(Counting(), batch_size=4))).tolist() == [0, 1, 2, 3]
    sampler = Endless()
    images, labels = next(iter(DataLoader(TinyMNIST(), batch_size=4, sampler=sampler)))
    assert (images.shape, labels.tolist(), sampler.drawn) == ((4, 1, 28, 28), [int(TinyMNIST().targets[3])] * 4, 4)


def test_an_index_that_is_not_there_raises() -> None:
    """An IndexError, as sample by sample."""
    with pytest.raises(IndexError):
        list(DataLoader(TinyMNIST(train=False), batch_size=2, sampler=[0, 200]))


def test_a_batch_is_the_users_own() -> None:
    """Writing into it changes neither the dataset nor the next batch."""
    for dataset in (TinyDigits(), TinyMNIST(), as_torch.tensors("tinydigits")):
        loader = DataLoader(dataset, batch_size=1000)
        ((images, labels),) = loader
        kept = images.clone(), labels.clone()

        images.zero_()
        labels.zero_()

        assert_same_batches(loader, [[*kept]])


def test_changes_of_the_dataset_show_in_the_next_epoch() -> None:
    """Transform, pixels and labels alike."""
    dataset = TinyMNIST(train=False)
    loader = DataLoader(dataset, batch_size=200)
    list(loader)

    dataset.data[0] = 255
    dataset.targets = dataset.targets + 10
    ((images, labels),) = loader
    assert float(images[0].min()) == 1
    assert int(labels.min()) == 10
    dataset.transform = lambda image: to_tensor(image) * 2
    assert float(next(iter(loader))[0].max()) == 2


@NEEDS_TORCHVISION
def test_a_step_that_is_added_to_a_composition_takes_effect() -> None:
    """The composition stays the same object, what it does is another thing."""
    composed = v1.Compose([v1.ToTensor()])
    loader = DataLoader(TinyMNIST(train=False, transform=composed), batch_size=200)
    ((before, _),) = loader

    composed.transforms.append(v1.Normalize(0.5, 0.5))
    ((after, _),) = loader
    composed.transforms.append(lambda image: image * 0)
    ((last, _),) = loader

    assert torch.equal(after, (before - 0.5) / 0.5)
    assert not last.any()
    dataset = TinyMNIST()
    assert dataset.sample_tensors() is not None
    dataset.transform = v1.Compose([])
    assert dataset.sample_tensors() is None


def test_batches_made_in_inference_mode_do_not_spoil_training() -> None:
    """What was computed while evaluating may be used where gradients are wanted."""
    loader = DataLoader(TinyMNIST(train=False), batch_size=10)
    with torch.inference_mode():
        next(iter(loader))
    weight = torch.ones(784, requires_grad=True)

    images, _ = next(iter(loader))
    (images.flatten(1) @ weight).sum().backward()

    assert weight.grad is not None


def test_a_device_keeps_the_whole_dataset() -> None:
    """It moves once, and not again as long as it stays the same; subsets and fallbacks end there too."""
    dataset = TinyMNIST(train=False)
    loader = DataLoader(dataset, batch_size=64, device="meta")
    for images, labels in loader:
        assert (images.device.type, labels.device.type) == ("meta", "meta")
    moved = loader._on_device.get(dataset.sample_tensors(), lambda: pytest.fail("it was moved again"))
    assert [tensor.shape[0] for tensor in moved] == [200, 200]

    slow = TinyMNIST(train=False, transform=to_tensor)
    for other in (Subset(dataset, [1, 2]), slow, [{"a": torch.ones(1), "b": "text"}]):
        batch = next(iter(DataLoader(other, batch_size=2, device="meta")))
        assert (batch["a"] if isinstance(batch, dict) else batch[0]).device.type == "meta"
    assert_same_batches(
        DataLoader(dataset, batch_size=64, device="cpu"), DataLoader(dataset, batch_size=64, device=torch.device("cpu"))
    )


@pytest.mark.parametrize("transform", [None, to_tensor], ids=["gathered", "one by one"])
def test_transforms_of_batches_get_images_and_labels_together(transform: Any) -> None:
    """Once a batch, on whatever road it came, and what they return is the batch."""
    seen = []

    def double(images: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        seen.append(tuple(images.shape))
        return images * 2, labels + 100

    loader = DataLoader(TinyMNIST(train=False, transform=transform), batch_size=150, batch_transforms=double)

    (first, labels), _ = loader
    assert seen == [(150, 1, 28, 28), (50, 1, 28, 28)]
    assert (float(first.max()), int(labels.min())) == (2.0, 100)


@NEEDS_TORCHVISION
def test_v2_transforms_work_on_batches() -> None:
    """Those that mix samples are made for nothing else."""
    flipped = DataLoader(TinyMNIST(), batch_size=8, batch_transforms=v2.RandomHorizontalFlip(p=1.0))
    mixed = DataLoader(TinyMNIST(), batch_size=8, batch_transforms=v2.CutMix(num_classes=10))
    plain = DataLoader(TinyMNIST(), batch_size=8)

    assert torch.equal(next(iter(flipped))[0], next(iter(plain))[0].flip(-1))
    images, labels = next(iter(mixed))
    assert (images.shape, labels.shape) == ((8, 1, 28, 28), (8, 10))


@pytest.mark.parametrize("option", [{"device": "cpu"}, {"batch_transforms": lambda *batch: batch}])
@pytest.mark.parametrize("unknown", [{"collate_fn": list}, {"batch_size": None}])
def test_what_needs_ordinary_batches_says_so(option: dict[str, Any], unknown: dict[str, Any]) -> None:
    """A collate_fn may make anything of a batch."""
    with pytest.raises(ValueError, match="collate_fn"):
        DataLoader(TinyMNIST(), **option, **unknown)
