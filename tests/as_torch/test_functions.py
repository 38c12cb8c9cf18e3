"""Specification of tinytorch_hf.TinyPy in PyTorch: heads and bodies of functions, or blocks of characters."""

from __future__ import annotations

import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from tinytorch_hf import DataLoader, TinyPy, catalog, load_tinypy
from tinytorch_hf.errors import InvalidArgumentError, MissingFileError, UnknownNameError
from tinytorch_hf.files import python_functions, store

pytestmark = pytest.mark.usefixtures("tinypy")
SPLITS = pytest.mark.parametrize("split", ["train", "val", "test"])


@SPLITS
def test_samples_are_heads_and_bodies(split: str) -> None:
    """Together they are the functions of the NumPy loader, in its order."""
    dataset = TinyPy(split=split)

    assert [f"{head}\n{body}" for head, body in dataset] == load_tinypy(split)
    assert dataset.text == "".join(f"{source}\n\n" for source in load_tinypy(split))
    assert [python_functions.source_of(function) for function in dataset.functions] == load_tinypy(split)


@SPLITS
def test_ids_mean_the_same_in_all_splits(split: str) -> None:
    """The characters are those of train, and no split has one of its own."""
    dataset = TinyPy(split=split)

    assert dataset.tokenizer.vocab == ["<UNK>", *sorted({*"".join(load_tinypy("train")), "\n"})]
    assert dataset.data.tolist() == dataset.encode(dataset.text)
    assert int(dataset.data.min()) > 0
    assert dataset.decode(dataset.data) == dataset.text


def test_a_block_and_its_target_are_shifted_by_one_character() -> None:
    """At every place where a whole block and one more character fit; alone or in a batch."""
    dataset = TinyPy(split="val", block_size=64)

    for start in (0, 1, len(dataset) - 1):
        first, second = dataset[start]
        assert dataset.decode(first) == dataset.text[start : start + 64]
        assert dataset.decode(second) == dataset.text[start + 1 : start + 65]
    inputs, targets = next(iter(DataLoader(dataset, batch_size=8)))
    assert torch.equal(inputs, torch.stack([dataset[index][0] for index in range(8)]))
    assert torch.equal(inputs[1:], targets[:-1])


def test_transforms_get_each_half_of_a_sample() -> None:
    """Head and body, or input and target."""
    dataset = TinyPy(split="test", transform=str.upper, target_transform=len)
    head, body = dataset.pairs[7]

    assert dataset[7] == (head.upper(), len(body))
    assert TinyPy(split="test", block_size=4, transform=torch.Tensor.tolist)[0][0] == dataset.encode(dataset.text[:4])


def test_a_copy_through_pickle_is_the_same() -> None:
    """As a worker process gets it."""
    dataset = TinyPy(split="val", block_size=16)
    copied = pickle.loads(pickle.dumps(dataset))

    assert all(map(torch.equal, copied[99], dataset[99]))
    assert copied.functions == dataset.functions
    assert len(pickle.dumps(dataset)) < 10_000
    assert repr(copied) == repr(dataset)
    assert repr(dataset).splitlines() == [
        "Dataset TinyPy",
        f"    Number of datapoints: {len(dataset.text) - 16}",
        "    Split: Val",
        "    Block size: 16",
    ]


def test_a_root_is_only_filled_when_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is downloaded: the functions are already on this machine."""
    built = {file.name: store.read(catalog.TINYPY, file) for file in catalog.TINYPY.files}
    monkeypatch.setattr("tinytorch_hf.acquire.standard_library.build", lambda _dataset: built)

    with pytest.raises(UnknownNameError, match="Known: train, val, test"):
        TinyPy(tmp_path, "dev", download=True)
    with pytest.raises(MissingFileError, match="download=True"):
        TinyPy(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert TinyPy(tmp_path, "val", download=True).pairs == TinyPy(tmp_path, "val").pairs == TinyPy(split="val").pairs


@pytest.mark.parametrize("block_size", [0, -1, 10**7])
def test_a_block_that_does_not_fit_is_explained(block_size: int) -> None:
    """With how many characters there are."""
    with pytest.raises(InvalidArgumentError, match="at least 1 and less than"):
        TinyPy(split="val", block_size=block_size)


def test_a_character_model_learns_more_than_how_often_characters_occur() -> None:
    """Trained briefly, its loss on val is below the entropy of val's single characters."""
    torch.manual_seed(0)
    train, val = TinyPy(block_size=8), TinyPy(split="val", block_size=8)
    model = torch.nn.Sequential(
        torch.nn.Embedding(train.vocab_size, 16),
        torch.nn.Flatten(),
        torch.nn.Linear(8 * 16, 128),
        torch.nn.ReLU(),
        torch.nn.Linear(128, train.vocab_size),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

    def loss_on(dataset: TinyPy, rows: torch.Tensor) -> torch.Tensor:
        tensors = dataset.sample_tensors()
        assert tensors is not None
        return torch.nn.functional.cross_entropy(model(tensors[0][rows]), tensors[1][rows, -1])

    places = torch.Generator().manual_seed(0)
    for _ in range(150):
        optimizer.zero_grad()
        loss_on(train, torch.randint(len(train), (128,), generator=places)).backward()
        optimizer.step()
    with torch.no_grad():
        loss = float(loss_on(val, torch.arange(0, len(val), 20)))

    share = np.array([*Counter(val.text).values()]) / len(val.text)
    entropy = float(-(share * np.log(share)).sum())
    assert loss < entropy - 0.5
