"""Datasets of texts as lists: TinyTalks' questions and answers, TinyPy's functions."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from tinytorch_hf import catalog
from tinytorch_hf.errors import InvalidArgumentError, UnknownNameError
from tinytorch_hf.files import store

if TYPE_CHECKING:
    from tinytorch_hf.files.python_functions import Function
    from tinytorch_hf.files.talks import Pair


def talks_pairs(root: str | Path | None = None) -> list[Pair]:
    """Every pair of TinyTalks with all that its source says of it, in the source's order."""
    from tinytorch_hf.files import talks

    dataset = catalog.TINYTALKS
    (source,) = dataset.splits[0].files
    return talks.parse_jsonl(store.read(dataset, source, root), store.folder(dataset, root) / source.name)


def load_tinytalks(
    split: str | None = None, levels: Collection[int] | None = None, root: str | Path | None = None
) -> list[tuple[str, str]]:
    """Load TinyTalks: short questions and their answers, to train a first GPT on.

    =======  =======================================  =====  ===  ====
    level    what it is about                         train  val  test
    =======  =======================================  =====  ===  ====
    1        greetings and identity                      35    8     7
    2        simple facts                                70   15    15
    3        arithmetic                                  35    7     8
    4        purpose, cause and small word problems      70   15    15
    5        dialogues of two or three turns             35    8     7
    =======  =======================================  =====  ===  ====

    Parameters
    ----------
    split
        "train", "val" or "test"; None for all of them, in the order of the levels.
    levels
        Which levels, such as ``[1, 2]``; None for all.
    root
        None for the bundled files, or a folder in which ``tinytalks/`` is looked for.

    Returns
    -------
    list of (str, str)
        Question and answer of each pair.

    Raises
    ------
    UnknownNameError
        There is no such split or level.
    MissingFileError, CorruptFileError, StorageError
        A file is not there, is damaged, or cannot be read.
    """
    if split is not None:
        catalog.TINYTALKS.split(split)
    check_levels(levels)
    return [
        (pair.question, pair.answer)
        for pair in talks_pairs(root)
        if split in (None, pair.split) and (levels is None or pair.level in levels)
    ]


def check_levels(levels: Collection[int] | None) -> None:
    """Raise UnknownNameError unless these are levels of TinyTalks, InvalidArgumentError for a lone number."""
    if levels is not None and not isinstance(levels, Collection):
        raise InvalidArgumentError(f"levels is a collection, such as [{levels}], not {levels!r}.")
    known = range(1, 6)
    for level in () if levels is None else levels:
        if level not in known:
            # Quotes tell a text from a number.
            raise UnknownNameError("level of tinytalks numbered", repr(level), map(str, known))


def tinypy_functions(split: str, root: str | Path | None = None) -> list[Function]:
    """One split of TinyPy with all that is known of each function; see `load_tinypy`."""
    from tinytorch_hf.acquire import provision
    from tinytorch_hf.files import python_functions

    catalog.TINYPY.split(split)
    provision.provide_on_first_use(catalog.TINYPY, root)
    return python_functions.read(split, root)


def load_tinypy(split: str | None = None, root: str | Path | None = None) -> list[str]:
    """Load TinyPy: functions from the standard library of the Python that runs this, to train a GPT on.

    =======  ======================================================================
    train    4000 functions
    val      500 functions, of modules that train has nothing from
    test     500 functions, of modules that neither has anything from
    =======  ======================================================================

    Each has 3 to 25 lines, is printable ASCII and compiles alone; no two are near-duplicates. Every release of Python
    has functions of its own. Module, name, signature, docstring and body are columns of ``load("tinypy")``.

    Parameters
    ----------
    split
        "train", "val" or "test"; None for all of them, in this order.
    root
        None for the cache, where the functions are put on first use, which takes seconds and no network; or a folder
        in which ``tinypy/`` is looked for.

    Returns
    -------
    list of str
        The source of each function, without a line end after its last line.

    Raises
    ------
    UnknownNameError
        There is no such split.
    MissingFileError
        It is not under the root, or this Python has no sources to build it from.
    CorruptFileError, StorageError
        A file is damaged, or cannot be read or written.
    """
    from tinytorch_hf.files.python_functions import source_of

    splits = [one.name for one in catalog.TINYPY.splits] if split is None else [split]
    return [source_of(function) for name in splits for function in tinypy_functions(name, root)]
