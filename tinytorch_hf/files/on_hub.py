"""Which datasets have a place on Hugging Face's Hub."""

from __future__ import annotations

from collections.abc import Iterable

from tinytorch_hf import catalog
from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.files.folders import shipped


def has(name: str) -> bool:
    """Whether a dataset has a loading script, which says what its columns are on Hugging Face's Hub."""
    return (shipped("loading_scripts") / f"{name}.py").is_file()


def names(wanted: Iterable[str] = ()) -> list[str]:
    """The datasets that were asked for, without repetition; if none, all that have a place on the Hub.

    Raises
    ------
    UnknownNameError
        No such dataset.
    InvalidArgumentError
        A dataset has no loading script, so that it has no place on the Hub.
    """
    chosen = [catalog.info(name).name for name in dict.fromkeys(wanted)]
    known = [name for name in catalog.names() if has(name)]
    for name in chosen:
        if name not in known:
            raise InvalidArgumentError(f"{name} has no place on the Hub here. These have: {', '.join(known)}.")
    return chosen or known
