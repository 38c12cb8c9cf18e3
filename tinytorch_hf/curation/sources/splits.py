"""Which part of a source is read: its training split, so that what was held out for exams stays untouched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tinytorch_hf.errors import InvalidArgumentError

TRAIN, ALL = "train", "all"

_WORDS = {
    TRAIN: ("train", "training"),
    "test": ("test", "testing", "eval", "evaluation"),
    "validation": ("validation", "valid", "val", "dev"),
}
_SPLIT_OF = {word: split for split, words in _WORDS.items() for word in words}


def split_in(name: str) -> str | None:
    """The split that a file's path or an array's name tells: the first of its words that does."""
    words = re.split(r"[^a-z]+", name.lower())
    return next((_SPLIT_OF[word] for word in words if word in _SPLIT_OF), None)


def chosen(where: str, names: Iterable[str], split: str | None) -> list[str]:
    """Those of some names that belong to the wanted split.

    Names tell splits if each of them tells one; otherwise they are all of one split.

    Parameters
    ----------
    where
        The source, for messages.
    names
        Of files, folders or arrays.
    split
        The split; "all" for everything; by default train where there is one, else everything.

    Raises
    ------
    InvalidArgumentError
        There is no such split.
    """
    found = {name: split_in(name) for name in names}
    known = sorted({one for one in found.values() if one}) if all(found.values()) else []
    wanted = which(where, known, split)
    return [name for name, one in found.items() if wanted in (ALL, one)]


def which(where: str, known: Sequence[str], split: str | None) -> str:
    """The split that is read, of those that are known; "all" for everything."""
    if split == ALL or (split is None and TRAIN not in known):
        return ALL
    if split is None:
        return TRAIN
    if split not in known:
        names = f"has the splits {', '.join(known)}" if known else "has no splits by its names"
        raise InvalidArgumentError(f"{where} {names}; there is no {split}. {ALL} is everything.")
    return split
