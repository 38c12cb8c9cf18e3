"""Specification of tinytorch_hf.as_torch.pickling: small pickles of what files hold, whole ones of what was changed."""

from __future__ import annotations

import copy
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tinytorch_hf import Digits8x8, TinyDigits, TinyMNIST, TinyTalks, by_difficulty
from tinytorch_hf.as_torch.pickling import is_same
from tinytorch_hf.errors import MissingFileError, WrongHashError

SMALL = 10_000


def add_one(label: int) -> int:
    """As a target_transform."""
    return label + 1


def to_tensor(image: Image.Image) -> torch.Tensor:
    """A transform that a pickle knows by name."""
    return torch.from_numpy(np.array(image))


DATASETS: dict[str, Callable[..., Any]] = {
    "TinyDigits": lambda root=None: TinyDigits(root, train=False, transform=to_tensor),
    "TinyMNIST": lambda root=None: TinyMNIST(root, transform=to_tensor, target_transform=add_one),
    "Digits8x8": Digits8x8,
    "TinyTalks": lambda root=None: TinyTalks(root, "val", [1, 3]),
    "blocks": lambda root=None: TinyTalks(root, "train", block_size=8, transform=torch.Tensor.tolist),
}
EVERY_DATASET = pytest.mark.parametrize("make", DATASETS.values(), ids=DATASETS)


def passed_on(value: Any) -> Any:
    """Through a pickle, as a worker gets it."""
    return pickle.loads(pickle.dumps(value))


def assert_equal(ours: Any, theirs: Any) -> None:
    """Every attribute of two datasets, to the bit."""
    assert type(ours) is type(theirs)
    assert vars(ours).keys() == vars(theirs).keys()
    for name, value in vars(ours).items():
        if not name.startswith("_"):
            assert is_same(value, vars(theirs)[name]) or value == vars(theirs)[name], name
    assert repr(ours) == repr(theirs)
    assert [str(ours[index][1]) for index in (0, 5, -1)] == [str(theirs[index][1]) for index in (0, 5, -1)]


@EVERY_DATASET
def test_a_pickle_is_small_and_gives_the_same_dataset(make: Any, root: Path) -> None:
    """Of the bundled files and of others, once and twice; in the first protocol and the last."""
    for dataset, protocol in ((make(), 0), (make(root), pickle.HIGHEST_PROTOCOL)):
        data = pickle.dumps(dataset, protocol)
        again = pickle.loads(data)

        assert_equal(again, dataset)
        assert len(data) < SMALL
        assert len(pickle.dumps(again)) < SMALL


@EVERY_DATASET
def test_datasets_from_pickles_share_no_memory(make: Any) -> None:
    """Nor do deep copies; flat copies do, as of any object."""
    dataset = make()

    for other in (passed_on(dataset), copy.deepcopy(dataset)):
        assert_equal(other, dataset)
        other.data.zero_()
        assert dataset.data.any()
    shared = copy.copy(dataset)
    assert_equal(shared, dataset)
    assert all(vars(shared)[name] is value for name, value in vars(dataset).items() if not name.startswith("_made"))


CHANGES: dict[str, Callable[[Any], Any]] = {
    "in place": lambda dataset: dataset.data[3].fill_(7),
    "through NumPy": lambda dataset: dataset.data.numpy().__setitem__((3, 0, 0), 7),
    "labels in place": lambda dataset: dataset.targets.add_(1),
    "replaced": lambda dataset: setattr(dataset, "data", dataset.data[:20]),
    "another type": lambda dataset: setattr(dataset, "data", dataset.data.double()),
    "a list of labels": lambda dataset: setattr(dataset, "targets", dataset.targets.tolist()),
    "difficulty": lambda dataset: dataset.difficulty.zero_(),
    "gradients": lambda dataset: setattr(dataset, "targets", dataset.targets.float().requires_grad_()),
    "an array": lambda dataset: setattr(dataset, "data", dataset.data.numpy()),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_was_changed_survives(change: Any) -> None:
    """Whatever way it was changed, seen by PyTorch or not; the files have no part in it."""
    dataset = TinyMNIST(train=False)
    change(dataset)

    for again in (passed_on(dataset), passed_on(passed_on(dataset)), copy.deepcopy(dataset)):
        for name in ("data", "targets", "difficulty"):
            assert is_same(getattr(again, name), getattr(dataset, name))


def test_changed_texts_survive() -> None:
    """Pairs, text, ids and the characters that the tokenizer knows."""
    dataset = TinyTalks(split="val", block_size=4)
    dataset.pairs[0] = ("Why?", "Because.")
    dataset.tokenizer.build_vocab(["only these"])
    dataset.data[:4] = 1

    again = passed_on(dataset)

    assert again.pairs == dataset.pairs
    assert again.tokenizer.vocab == dataset.tokenizer.vocab
    assert again[0][0].tolist() == [1, 1, 1, 1]
    assert again.text == TinyTalks(split="val").text


def test_a_sign_of_zero_and_the_type_of_a_number_are_changes() -> None:
    """Equality would not see them."""
    dataset = TinyDigits(train=False)
    dataset.data.mul_(-1).abs_().neg_()
    dataset.targets = [float(label) for label in dataset.targets]

    again = passed_on(dataset)

    assert torch.equal(again.data.signbit(), dataset.data.signbit())
    assert {type(label) for label in again.targets} == {float}


class Larger(TinyMNIST):
    """A dataset of a user, with attributes of its own, one of which is another name for the images."""

    __slots__ = ("note",)

    def __init__(self, **options: Any) -> None:
        super().__init__(train=False, **options)
        self.images = self.data
        self.weights = torch.arange(len(self)) / 7
        self.extra = {"a": [1, 2]}


class Stateful(Larger):
    """One that says itself what is pickled, and how it is read."""

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "extra": "from the state"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.was_set = True


def test_attributes_of_subclasses_are_kept() -> None:
    """And an object that had two names has two."""
    dataset = Larger(transform=to_tensor)

    for again in (passed_on(dataset), copy.deepcopy(dataset)):
        assert again.images is again.data
        assert torch.equal(again.data, dataset.data)
        assert torch.equal(again.weights, dataset.weights)
        assert (again.extra, again.transform) == (dataset.extra, to_tensor)
        assert again.extra is not dataset.extra


def test_a_subclass_may_have_slots_and_a_state_of_its_own() -> None:
    """What Python does with them is done."""
    dataset, stateful = Larger(), Stateful()
    dataset.note = "in a slot"

    for again in (passed_on(dataset), copy.copy(dataset), copy.deepcopy(dataset)):
        assert again.note == "in a slot"
        assert torch.equal(again.data, dataset.data)
    for again in (passed_on(stateful), copy.copy(stateful), copy.deepcopy(stateful)):
        assert again.was_set
        assert again.extra == "from the state"
        assert torch.equal(again.data, stateful.data)
    assert len(pickle.dumps(dataset)) < SMALL
    assert len(pickle.dumps(stateful)) < SMALL


def test_a_deep_copy_is_made_once_and_may_lead_back() -> None:
    """Two places that hold one dataset hold one copy of it."""
    dataset = TinyDigits(train=False)
    dataset.extra = [dataset]

    first, second = copy.deepcopy([dataset, dataset])

    assert first is second is first.extra[0]
    assert passed_on([dataset, dataset])[0].extra[0].data.shape == dataset.data.shape


def test_parts_of_a_dataset_are_small_too() -> None:
    """A Subset is its indices and the dataset."""
    part = by_difficulty(TinyMNIST(), "hard")
    again = passed_on(part)

    assert len(pickle.dumps(part)) < SMALL
    assert [label for _, label in again] == [label for _, label in part]


def test_a_relative_root_is_found_from_another_folder(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who reads may have been started elsewhere."""
    monkeypatch.chdir(root.parent)
    dataset = TinyMNIST(root.name, train=False)
    monkeypatch.chdir(tmp_path)

    assert len(pickle.dumps(dataset)) < SMALL
    assert_equal(passed_on(dataset), dataset)
    assert passed_on(dataset).root == root.name


def test_files_that_are_gone_are_said_to_be(root: Path) -> None:
    """What was pickled before cannot be read; what is pickled now is whole."""
    dataset = TinyMNIST(root, train=False)
    small = pickle.dumps(dataset)
    shutil.rmtree(root / "tinymnist")

    with pytest.raises(
        MissingFileError, match="Unpickling a dataset reads its files again, and they are missing"
    ) as caught:
        pickle.loads(small)
    assert str(root / "tinymnist" / "test.npz") in str(caught.value)
    assert_equal(passed_on(dataset), dataset)


def test_files_that_are_damaged_are_said_to_be(root: Path) -> None:
    """As when a dataset is made from them; never is something else served."""
    dataset = TinyMNIST(root, train=False)
    small = pickle.dumps(dataset)
    path = root / "tinymnist" / "test.npz"
    path.write_bytes(os.urandom(path.stat().st_size))

    with pytest.raises(WrongHashError, match="does not hold the published data"):
        pickle.loads(small)
    assert_equal(passed_on(dataset), dataset)


def test_what_cannot_be_compared_is_another_thing() -> None:
    """And is pickled, or says itself why it cannot be."""
    assert not is_same(lambda: 1, lambda: 1)
    assert not is_same([1], (1,))
    assert not is_same([True], [1])
    assert is_same([1, "a"], [1, "a"])
    dataset = TinyMNIST(train=False)
    dataset.targets = [lambda: 1]
    with pytest.raises(Exception, match="lambda"):
        pickle.dumps(dataset)


def test_pickling_draws_nothing_and_changes_nothing() -> None:
    """A dataset is the same after it."""
    dataset, before = TinyMNIST(train=False), torch.get_rng_state()
    version = dataset.data._version

    pickle.dumps(dataset)

    assert dataset.data._version == version
    assert torch.equal(torch.get_rng_state(), before)
