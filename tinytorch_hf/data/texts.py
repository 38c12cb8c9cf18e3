"""Datasets of texts: each sample as a pair, and as what a character-level model reads; both follow from the kind.

==============  =======================================  ==========================================================
kind            a pair                                   what a model reads
==============  =======================================  ==========================================================
pairs           question, answer                         ``Q: ...``, ``A: ...`` and a blank line, which only
                                                         follows the last turn of a dialogue
source text     signature and docstring, body            the function and a blank line
plain text      none                                     the text and a line end
==============  =======================================  ==========================================================
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.catalog import Dataset, Kind
from tinytorch_hf.data.loaders import load_split
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError
from tinytorch_hf.files import python_functions, talks
from tinytorch_hf.files.splits import Split

Texts = list[str]


def texts(name: Dataset | str, split_name: str, root: str | Path | None = None) -> Texts:
    """The samples of one split, each as a character-level model reads it; one after the other they are its text.

    Raises
    ------
    InvalidArgumentError
        The dataset holds no texts.
    UnknownNameError, MissingFileError, CorruptFileError, StorageError
        As for `load_split`.
    """
    dataset = catalog.info(name)
    if dataset.kind not in _PARTS:
        raise InvalidArgumentError(f"{dataset.title} holds {dataset.kind}, not texts.")
    return texts_of(dataset.kind, load_split(dataset, split_name, root))


def texts_of(kind: Kind, split: Split) -> Texts:
    """The same of a split that is at hand."""
    return ["".join(parts) for parts in _PARTS[kind](split)]


def cut(kind: Kind, text: str, split: Split) -> Split:
    """A split's text that went through an adapter, as columns again: those that stand in it as they are.

    ``split`` says where each sample's parts end; what is found there is taken, whatever it is, to be compared.

    Raises
    ------
    CorruptFileError
        What is between the columns differs, or the text is longer or shorter.
    """
    served: dict[str, Texts] = {column: [] for column in _AS_THEY_ARE[kind].values()}
    start, is_same = 0, True
    for parts in _PARTS[kind](split):
        for place, part in enumerate(parts):
            found, start = text[start : start + len(part)], start + len(part)
            if place in _AS_THEY_ARE[kind]:
                served[_AS_THEY_ARE[kind][place]].append(found)
            else:
                is_same &= found == part
    if not is_same or start != len(text):
        raise CorruptFileError(f"The text of split {split.name!r} is not that of its samples; something changed it.")
    return Split(split.name, {column: np.array(found) for column, found in served.items()})


def pairs_of(kind: Kind, split: Split) -> list[tuple[str, str]]:
    """The samples of a split as pairs of str; InvalidArgumentError if its kind has none."""
    if kind not in _PAIRS:
        raise InvalidArgumentError(f"Datasets of {kind} have no pairs.")
    return _PAIRS[kind](split)


def conversation(kind: Kind, split: Split, index: int) -> str:
    """One sample as a model reads it, after the turns of its dialogue that come before it."""
    first = index
    while first and kind == "pairs" and "turn" in split and split["turn"][first] > 1:
        first -= 1
    return "".join(texts_of(kind, split[first : index + 1]))


def _columns(split: Split, *names: str) -> list[list[str]]:
    return [split[name].tolist() for name in names]


def _question_and_answer(split: Split) -> list[tuple[str, str]]:
    return list(zip(*_columns(split, "question", "answer"), strict=True))


def _head_and_body(split: Split) -> list[tuple[str, str]]:
    signatures, docstrings, bodies = _columns(split, "signature", "docstring", "body")
    return [(python_functions.head(s, d), b) for s, d, b in zip(signatures, docstrings, bodies, strict=True)]


def _talks(split: Split) -> list[tuple[str, ...]]:
    """Pairs in parts; those that have no turns are each alone."""
    pairs = _question_and_answer(split)
    turns = split["turn"].tolist() if "turn" in split and split["turn"].dtype.kind in "iu" else [0] * len(pairs)
    ends = talks.are_continued(turns)
    return [talks.parts_of(*pair, is_continued=is_continued) for pair, is_continued in zip(pairs, ends, strict=True)]


_PAIRS: dict[Kind, Callable[[Split], list[tuple[str, str]]]] = {
    "pairs": _question_and_answer,
    "source text": _head_and_body,
}
# What a model reads of each sample, in parts.
_PARTS: dict[Kind, Callable[[Split], list[tuple[str, ...]]]] = {
    "pairs": _talks,
    "source text": lambda split: [python_functions.parts_of(*pair) for pair in _PAIRS["source text"](split)],
    "plain text": lambda split: [(text, "\n") for text in split["text"].tolist()],
}
# Which of the parts are a column as it is.
_AS_THEY_ARE: dict[Kind, dict[int, str]] = {
    "pairs": {1: "question", 3: "answer"},
    "source text": {2: "body"},
    "plain text": {0: "text"},
}
