"""Datasets of texts: each sample as a pair, and as what a character-level model reads; both follow from the kind.

==============  =======================================  ==========================================================
kind            a pair                                   what a model reads
==============  =======================================  ==========================================================
pairs           question, answer                         ``Q: ...``, ``A: ...`` and a blank line
source text     signature and docstring, body            the function and a blank line
plain text      none                                     the text and a line end
==============  =======================================  ==========================================================
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tinytorch_hf import catalog
from tinytorch_hf.catalog import Dataset, Kind
from tinytorch_hf.data.loaders import load_split
from tinytorch_hf.errors import InvalidArgumentError
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
    if dataset.kind not in _READ:
        raise InvalidArgumentError(f"{dataset.title} holds {dataset.kind}, not texts.")
    return texts_of(dataset.kind, load_split(dataset, split_name, root))


def texts_of(kind: Kind, split: Split) -> Texts:
    """The same of a split that is at hand."""
    return _READ[kind](split)


def pairs_of(kind: Kind, split: Split) -> list[tuple[str, str]]:
    """The samples of a split as pairs of str; InvalidArgumentError if its kind has none."""
    if kind not in _PAIRS:
        raise InvalidArgumentError(f"Datasets of {kind} have no pairs.")
    return _PAIRS[kind](split)


def _columns(split: Split, *names: str) -> list[list[str]]:
    return [split[name].tolist() for name in names]


def _question_and_answer(split: Split) -> list[tuple[str, str]]:
    return list(zip(*_columns(split, "question", "answer"), strict=True))


def _head_and_body(split: Split) -> list[tuple[str, str]]:
    from tinytorch_hf.files.python_functions import head

    signatures, docstrings, bodies = _columns(split, "signature", "docstring", "body")
    return [(head(s, d), b) for s, d, b in zip(signatures, docstrings, bodies, strict=True)]


_PAIRS: dict[Kind, Callable[[Split], list[tuple[str, str]]]] = {
    "pairs": _question_and_answer,
    "source text": _head_and_body,
}
_READ: dict[Kind, Callable[[Split], Texts]] = {
    "pairs": lambda split: [f"Q: {question}\nA: {answer}\n\n" for question, answer in _question_and_answer(split)],
    "source text": lambda split: [f"{head}\n{body}\n\n" for head, body in _head_and_body(split)],
    "plain text": lambda split: [f"{text}\n" for text in split["text"].tolist()],
}
