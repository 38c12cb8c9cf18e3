"""Texts as samples of a character-level model: windows of ids, and what follows each character."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tinytorch_hf import catalog
from tinytorch_hf.catalog import Dataset
from tinytorch_hf.data.texts import texts
from tinytorch_hf.data.tokenizer import CharTokenizer
from tinytorch_hf.formats.arrays import Array


def tokenizer_of(corpus: Iterable[str]) -> CharTokenizer:
    """A tokenizer that knows the characters of these texts."""
    characters = CharTokenizer()
    characters.build_vocab(corpus)
    return characters


def tokenizer(name: Dataset | str, root: str | Path | None = None) -> CharTokenizer:
    """The characters of a dataset's train split as numbers, so that an id means the same in all of its splits.

    Where no split is called train, those of the first one.

    Raises
    ------
    InvalidArgumentError
        The dataset holds no texts.
    UnknownNameError, MissingFileError, CorruptFileError, StorageError
        As for `tinytorch_hf.load`.
    """
    dataset = catalog.info(name)
    splits = [split.name for split in dataset.splits]
    return tokenizer_of(texts(dataset, "train" if "train" in splits else splits[0], root))


def encoded(text: str, characters: CharTokenizer) -> Array:
    """The id of each character of a text, int64."""
    return np.array(characters.encode(text), dtype=np.int64)


def windows(ids: Array, length: int, step: int = 1) -> tuple[Array, Array]:
    """Windows of ids, one beginning every ``step`` ids, and for each the ids one further on.

    Returns
    -------
    inputs, targets
        (N, length) each, of the dtype of ``ids``; they share memory with each other and not with ``ids``. What is left
        at the end, and is not as long as a window and the id after it, is in none.

    Raises
    ------
    ValueError
        There are not more ids than a window has.
    """
    blocks = sliding_window_view(ids, length + 1)[::step].copy()
    return blocks[:, :-1], blocks[:, 1:]
