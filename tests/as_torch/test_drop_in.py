"""Specification of tinytorch_hf.DataLoader in the place of PyTorch's: whatever a program does with it.

Found by running PyTorch's own tests of its DataLoader with ours in its place; see `test_loader` for the batches.
"""

from __future__ import annotations

import itertools
import typing
import warnings
from collections import OrderedDict, defaultdict, namedtuple
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import (
    BatchSampler,
    IterableDataset,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    get_worker_info,
)
from torch.utils.data import DataLoader as TorchDataLoader
from torch.utils.data._utils.collate import default_collate_fn_map

from tinytorch_hf import DataLoader, TinyMNIST, TinyTalks

TENSORS = TensorDataset(torch.arange(10), torch.arange(20).reshape(10, 2))
BOTH = (DataLoader, TorchDataLoader)


class Digit(NamedTuple):
    """A sample with named parts."""

    image: Any
    label: Any


Point = namedtuple("Point", ["x", "y"])

IMAGE = Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4))
PIXELS = torch.from_numpy(np.array(IMAGE) / np.float32(255)).unsqueeze(0)

# A sample, given what its image is.
STRUCTURES: dict[str, Callable[[Any], Any]] = {
    "namedtuple": lambda image: Digit(image, 3),
    "collections.namedtuple": lambda image: Point(1.5, Digit(image, "text")),
    "OrderedDict": lambda image: OrderedDict(label=1, image=image),
    "defaultdict": lambda image: defaultdict(list, image=image),
    "mapping": lambda image: MappingProxyType({"image": image}),
    "nested": lambda image: {"a": [image, (2, Digit(image, b"bytes"))]},
    "tuple": lambda image: (image, 3),
    "list": lambda image: [image, 3.0],
    "alone": lambda image: image,
}
EVERY_STRUCTURE = pytest.mark.parametrize("sample", STRUCTURES.values(), ids=STRUCTURES)


def alike(ours: Any, theirs: Any) -> None:
    """The same types all the way down, and equal values in the same order."""
    assert type(ours) is type(theirs)
    if isinstance(ours, torch.Tensor):
        assert (ours.dtype, ours.tolist()) == (theirs.dtype, theirs.tolist())
    elif isinstance(ours, (dict, MappingProxyType)):
        assert list(ours) == list(theirs)
        assert getattr(ours, "default_factory", None) is getattr(theirs, "default_factory", None)
        alike(list(ours.values()), list(theirs.values()))
    elif isinstance(ours, (list, tuple)):
        assert len(ours) == len(theirs)
        for our_part, their_part in zip(ours, theirs, strict=True):
            alike(our_part, their_part)
    else:
        assert ours == theirs


@EVERY_STRUCTURE
@pytest.mark.parametrize("image", [IMAGE, PIXELS], ids=["PIL", "tensor"])
@pytest.mark.parametrize("options", [{}, {"device": "cpu"}], ids=["anywhere", "on a device"])
def test_a_batch_has_the_structure_of_its_samples(sample: Any, image: Any, options: dict[str, Any]) -> None:
    """namedtuples, OrderedDicts and what is within them, whether a PIL image is in it or a tensor."""
    (ours,) = DataLoader([sample(image)] * 2, batch_size=2, **options)
    (theirs,) = TorchDataLoader([sample(PIXELS)] * 2, batch_size=2)

    alike(ours, theirs)


def test_texts_stay_what_they_were_beside_a_device() -> None:
    """Nothing moves, and nothing is another type for it."""
    pairs = TinyTalks(split="val")

    alike(next(iter(DataLoader(pairs, 2, device="cpu"))), next(iter(TorchDataLoader(pairs, 2))))


def test_transforms_of_batches_keep_a_namedtuple() -> None:
    """They take its parts and return as many."""
    loader = DataLoader(
        [Digit(PIXELS, 3)] * 2, batch_size=2, batch_transforms=lambda images, labels: (images, labels + 1)
    )

    (batch,) = loader

    assert type(batch) is Digit
    assert batch.label.tolist() == [4, 4]


def test_types_that_pytorch_was_told_to_collate_are_collated_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Images included."""
    monkeypatch.setitem(default_collate_fn_map, Image.Image, lambda images, **_: len(images))

    assert next(iter(DataLoader([(IMAGE, 1)] * 3, batch_size=3)))[0] == 3


def test_it_takes_the_type_of_its_samples() -> None:
    """In annotations, in subclasses, and as PyTorch's own does."""

    class Typed(DataLoader[int]):
        pass

    def of(_loader: DataLoader[tuple[torch.Tensor, int]]) -> DataLoader[Any] | None:
        return None

    hint = typing.get_type_hints(of)["_loader"]
    assert typing.get_origin(hint) is DataLoader
    assert typing.get_args(hint) == (tuple[torch.Tensor, int],)
    assert issubclass(Typed, DataLoader) and issubclass(DataLoader, TorchDataLoader)
    assert [batch.tolist() for batch in Typed([1, 2, 3], batch_size=2)] == [[1, 2], [3]]
    assert len(DataLoader[int](TENSORS, batch_size=3)) == 4


@pytest.mark.parametrize("dataset", [TENSORS, TinyMNIST(train=False), [*range(10)]], ids=["tensors", "ours", "theirs"])
@pytest.mark.parametrize("options", [{}, {"device": "cpu"}, {"batch_transforms": lambda *parts: parts}])
def test_its_iterator_is_one(dataset: Any, options: dict[str, Any]) -> None:
    """It has a length, is its own iterator, ends for good, and is independent of another."""
    if "batch_transforms" in options and isinstance(dataset, list):
        options = {}
    loader = DataLoader(dataset, batch_size=4, **options)
    first, second = iter(loader), iter(loader)

    assert first is not second
    assert iter(first) is first
    assert len(first) == len(loader) == (len(dataset) + 3) // 4
    assert len(list(first)) == len(loader)
    assert next(first, "ended") == next(first, "ended") == "ended"
    assert len(list(second)) == len(loader)


@pytest.mark.parametrize(
    "name", ["batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"]
)
def test_what_it_is_made_of_cannot_be_set_afterwards(name: str) -> None:
    """The rest can."""
    loader = DataLoader(TENSORS, batch_size=2)

    with pytest.raises(ValueError, match=f"{name} attribute should not be set after DataLoader is initialized"):
        setattr(loader, name, None)
    loader.collate_fn = len
    assert next(iter(loader)) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        {"num_workers": -1},
        {"timeout": -1},
        {"shuffle": True, "sampler": [0]},
        {"batch_sampler": [[0]], "batch_size": 2},
        {"batch_sampler": [[0]], "drop_last": True},
        {"batch_size": None, "drop_last": True},
        {"batch_size": 0},
        {"prefetch_factor": 2},
        {"persistent_workers": True},
        {"multiprocessing_context": "fork"},
        {"num_workers": 1, "multiprocessing_context": "knife"},
        {"num_workers": 1, "multiprocessing_context": 1},
        {"drop_last": "yes"},
        {"unknown": 1},
    ],
)
def test_arguments_that_do_not_fit_raise_what_they_raise(arguments: dict[str, Any]) -> None:
    """The same class of error with the same words."""
    raised = []
    for loader in BOTH:
        with pytest.raises((ValueError, TypeError)) as caught:
            loader(TENSORS, **arguments)
        raised.append((caught.type, str(caught.value)))

    assert raised[0] == raised[1]


class Numbers(IterableDataset[int]):
    """As many as it says, or more."""

    def __init__(self, says: int, gives: int) -> None:
        self.says = says
        self.gives = gives

    def __len__(self) -> int:
        return self.says

    def __iter__(self) -> Iterator[int]:
        info = get_worker_info()
        return itertools.islice(range(self.gives), info.id if info else 0, None, info.num_workers if info else 1)


def test_iterable_datasets_are_gone_through() -> None:
    """Their length is believed until they give more, of which PyTorch warns."""
    for loader_class in BOTH:
        loader = loader_class(Numbers(7, 7), batch_size=3)
        assert (len(loader), [batch.tolist() for batch in loader]) == (3, [[0, 1, 2], [3, 4, 5], [6]])
        assert len(loader_class(Numbers(7, 7), batch_size=3, drop_last=True)) == 2
        with pytest.raises(ValueError, match="unspecified sampler"):
            loader_class(Numbers(1, 1), sampler=[0])
        more = loader_class(Numbers(1, 3), batch_size=None)
        assert len(more) == 1
        with pytest.warns(UserWarning) as caught:
            assert len(list(more)) == 3
        assert "2 samples have been fetched" in str(caught[0].message)


SAMPLERS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "list": lambda _: {"sampler": [4, 4, 0]},
    "generator": lambda given: {"sampler": SubsetRandomSampler([5, 3, 1], given), "batch_size": 2},
    "batches": lambda _: {"batch_sampler": [[0], [3, 1], (5, 5, 5)]},
    "BatchSampler": lambda _: {"batch_sampler": BatchSampler(SequentialSampler(TENSORS), 4, drop_last=True)},
    "iterator": lambda _: {"sampler": iter([1, 2, 3]), "batch_size": 2},
    "unbatched": lambda _: {"sampler": [2, 0], "batch_size": None},
    "batches by hand": lambda _: {"sampler": [[2, 0], [1]], "batch_size": None},
    "shuffled": lambda given: {"shuffle": True, "batch_size": 3, "generator": given},
}


@pytest.mark.parametrize("make", SAMPLERS.values(), ids=SAMPLERS)
@pytest.mark.parametrize("dataset", [TENSORS, Subset(TENSORS, range(9, -1, -1))], ids=["whole", "part"])
def test_every_kind_of_sampler_gives_the_same_batches(make: Any, dataset: Any) -> None:
    """Structures included: without batches there are tuples, not lists."""
    ours, theirs = (list(loader(dataset, **make(torch.Generator().manual_seed(1)))) for loader in BOTH)

    alike(ours, theirs)


def seed_numpy(worker: int) -> None:
    """A worker_init_fn."""
    np.random.seed(worker)


class Drawn:
    """Samples that say which worker made them and what it drew."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> tuple[int, int, float]:
        info = get_worker_info()
        return index, int(np.random.randint(10**6)), float(torch.rand(())) + (info.id if info else 0)


def test_workers_are_pytorchs() -> None:
    """worker_init_fn, the seeds that follow from the generator, and workers that stay for the next epoch."""
    results = []
    for loader_class in BOTH:
        loader = loader_class(
            Drawn(), 2, num_workers=1, worker_init_fn=seed_numpy, persistent_workers=True,
            generator=torch.Generator().manual_seed(2), multiprocessing_context="fork", timeout=60,
        )  # fmt: skip
        iterator = iter(loader)
        batches = list(iterator)
        assert iter(loader) is iterator
        results.append([*batches, *iterator])

    alike(*results)


@pytest.mark.skipif(torch.accelerator.is_available(), reason="there is no warning where memory can be pinned")
def test_pinned_memory_is_asked_for_in_vain_as_there() -> None:
    """With PyTorch's warning, and the same batches."""
    for loader_class in BOTH:
        with pytest.warns(UserWarning, match="no accelerator is found"):
            (batch,) = loader_class(TENSORS, batch_size=10, pin_memory=True)
        assert type(batch) is list
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(DataLoader(TENSORS, batch_size=10))) == 1


def test_errors_of_samples_come_through() -> None:
    """As they were raised, on the way from a worker with where that was."""

    class Failing:
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> Any:
            raise KeyError("this sample")

    for n_workers in (0, 1):
        with pytest.raises(KeyError, match="this sample"):
            list(
                DataLoader(
                    Failing(), num_workers=n_workers, **({"multiprocessing_context": "fork"} if n_workers else {})
                )
            )
