"""Specification of tinytorch_hf.TinyTalks in PyTorch: pairs, or blocks of characters."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from tinytorch_hf import TinyTalks, catalog, load_tinytalks
from tinytorch_hf.errors import InvalidArgumentError, MissingFileError, UnknownNameError, WrongHashError
from tinytorch_hf.files import folders

SPLITS = pytest.mark.parametrize("split", ["train", "val", "test"])


@SPLITS
@pytest.mark.parametrize("levels", [None, [1], (2, 5)])
def test_samples_are_pairs_of_texts(split: str, levels: Any) -> None:
    """The pairs of the NumPy loader, in its order."""
    dataset = TinyTalks(split=split, levels=levels)

    assert list(dataset) == dataset.pairs == load_tinytalks(split, levels)
    assert dataset[-1] == dataset.pairs[-1]
    with pytest.raises(IndexError):
        dataset[len(dataset)]


@SPLITS
def test_the_text_is_the_milestones(split: str) -> None:
    """Byte for byte the file that they read."""
    text = (folders.folder(catalog.TINYTALKS) / "splits" / f"{split}.txt").read_text(encoding="utf-8")

    assert TinyTalks(split=split).text == text


@given(block_size=st.integers(1, 200), data=st.data())
def test_a_block_and_its_target_are_shifted_by_one_character(block_size: int, data: st.DataObject) -> None:
    """For every block size, at every place where a whole block and one more character fit."""
    dataset = TinyTalks(split="val", levels=[1], block_size=block_size)
    text = dataset.text
    index = data.draw(st.integers(-len(dataset), len(dataset) - 1))
    start = index % len(dataset)

    first, second = dataset[index]

    assert len(dataset) == len(text) - block_size
    assert (first.dtype, second.dtype, first.shape) == (torch.int64, torch.int64, (block_size,))
    assert dataset.decode(first) == text[start : start + block_size]
    assert dataset.decode(second) == text[start + 1 : start + 1 + block_size]


def test_the_last_block_ends_with_the_text() -> None:
    """Nothing is left over, and there is nothing after it."""
    dataset = TinyTalks(split="test", block_size=32)

    assert dataset.text.endswith(dataset.decode(dataset[-1][1]))
    for index in (len(dataset), -len(dataset) - 1):
        with pytest.raises(IndexError):
            dataset[index]
    assert sum(1 for _ in dataset) == len(dataset)


def test_a_sample_is_the_users_own() -> None:
    """Writing into it changes nothing else, not even its target."""
    dataset = TinyTalks(block_size=4)
    first, second = dataset[0]
    kept = second.clone()

    first.zero_()

    assert torch.equal(second, kept)
    assert torch.equal(dataset[0][1], kept)
    assert dataset.decode(dataset[0][0]) == dataset.text[:4]


@SPLITS
@pytest.mark.parametrize("levels", [None, [4]])
def test_the_tokenizer_comes_from_the_whole_train_split(split: str, levels: Any) -> None:
    """So ids mean the same everywhere, and no split has an unknown character."""
    dataset = TinyTalks(split=split, levels=levels)
    train = TinyTalks()

    assert dataset.tokenizer.vocab == train.tokenizer.vocab == ["<UNK>", *sorted(set(train.text))]
    assert dataset.vocab_size == len(dataset.tokenizer.vocab)
    assert 0 not in dataset.encode(dataset.text)
    assert dataset.decode(dataset.encode(dataset.text)) == dataset.text
    assert dataset.data.tolist() == dataset.encode(dataset.text)


def test_it_is_the_same_every_time() -> None:
    """Order, ids, and a copy through pickle."""
    dataset, again = TinyTalks(block_size=16), TinyTalks(block_size=16)

    assert torch.equal(dataset.data, again.data)
    copied = pickle.loads(pickle.dumps(dataset))
    assert all(map(torch.equal, copied[99], dataset[99]))
    assert repr(copied) == repr(dataset)


@pytest.mark.parametrize("n_workers", [0, 1])
def test_torchs_dataloader_makes_batches_of_both_kinds(n_workers: int) -> None:
    """Pairs as texts, blocks as tensors (B, block_size)."""
    questions, answers = next(iter(DataLoader(TinyTalks(), batch_size=3, num_workers=n_workers)))
    inputs, targets = next(iter(DataLoader(TinyTalks(block_size=8), batch_size=5, num_workers=n_workers)))

    assert list(zip(questions, answers, strict=True)) == TinyTalks().pairs[:3]
    assert (inputs.shape, targets.shape) == ((5, 8), (5, 8))
    assert torch.equal(inputs[:, 1:], targets[:, :-1])


def test_transforms_get_each_half_of_a_sample() -> None:
    """Question and answer, or input and target; fetched together as one by one."""
    pairs = TinyTalks(transform=str.upper, target_transform=len)
    blocks = TinyTalks(block_size=4, transform=torch.Tensor.tolist)

    question, answer = pairs.pairs[0]
    assert pairs[0] == (question.upper(), len(answer))
    assert blocks[0][0] == blocks.encode(blocks.text[:4])
    assert pairs.__getitems__([0, 1]) == [pairs[0], pairs[1]]
    assert [first for first, _ in blocks.__getitems__([3, 0])] == [blocks[3][0], blocks[0][0]]


def test_the_repr_says_what_was_chosen(root: Path) -> None:
    """In torchvision's form."""
    assert repr(TinyTalks(root, "val", [1, 2], 16)).splitlines() == [
        "Dataset TinyTalks",
        f"    Number of datapoints: {len(TinyTalks(split='val', levels=[1, 2]).text) - 16}",
        f"    Root location: {root}",
        "    Split: Val",
        "    Levels: 1, 2",
        "    Block size: 16",
    ]


def test_wrong_arguments_are_explained(tmp_path: Path) -> None:
    """Before anything is downloaded."""
    with pytest.raises(UnknownNameError, match="Known: train, val, test"):
        TinyTalks(tmp_path, "dev", download=True)
    with pytest.raises(UnknownNameError, match="Known: 1, 2, 3, 4, 5"):
        TinyTalks(tmp_path, levels=[6], download=True)
    with pytest.raises(InvalidArgumentError, match=r"such as \[1\]"):
        TinyTalks(tmp_path, levels=1, download=True)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
    for block_size in (0, -1, 10**6):
        with pytest.raises(InvalidArgumentError, match="at least 1 and less than"):
            TinyTalks(block_size=block_size)


def test_files_are_missed_repaired_and_proven_as_the_images_are(tmp_path: Path) -> None:
    """Missing, downloaded, damaged, repaired."""
    with pytest.raises(RuntimeError, match="download=True") as caught:
        TinyTalks(tmp_path)
    assert isinstance(caught.value, MissingFileError)
    assert len(TinyTalks(tmp_path, download=True)) == 245
    path = tmp_path / "tinytalks" / "tinytalks_v2.jsonl"
    path.write_bytes(path.read_bytes().replace(b"Hello", b"hello"))
    with pytest.raises(WrongHashError, match="SHA-256"):
        TinyTalks(tmp_path)
    assert TinyTalks(tmp_path, "test", download=True).pairs == load_tinytalks("test")
    TinyTalks().download()


@pytest.mark.parametrize("block_size", [1.5, 8.0, "8", [8]])
def test_a_block_size_is_a_whole_number(block_size: Any) -> None:
    """It is refused at once, not when the first sample is asked for."""
    with pytest.raises(InvalidArgumentError, match="block_size must be a whole number"):
        TinyTalks(block_size=block_size)
