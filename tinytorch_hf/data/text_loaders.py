"""Datasets of texts as lists: TinyTalks' questions and answers, TinyPy's functions, TinyShakespeare's scenes."""

from __future__ import annotations

from collections.abc import Collection

from tinytorch_hf.catalog import BuiltIn
from tinytorch_hf.data import texts
from tinytorch_hf.data.loaders import Root, load
from tinytorch_hf.errors import InvalidArgumentError, UnknownNameError
from tinytorch_hf.files.splits import Split


def load_tinytalks(
    split: str | None = None,
    levels: Collection[int] | None = None,
    root: Root = None,
    *,
    download: bool = False,
) -> list[tuple[str, str]]:
    """Load TinyTalks: short questions and their answers, to train a first GPT on.

    =======  =======================================  =====  ===  ====
    level    what it is about                         train  val  test
    =======  =======================================  =====  ===  ====
    1        greetings and identity                      35    8     7
    2        facts of general knowledge and science      70   15    15
    3        mathematics                                 35    7     8
    4        reasoning and word problems                 70   15    15
    5        dialogues of two or three turns             35    8     7
    =======  =======================================  =====  ===  ====

    A later question of a dialogue needs the turns before it, which stand directly before it in the list;
    ``load("tinytalks")`` has a column ``turn``, 1 where a dialogue begins, 0 outside dialogues.

    Parameters
    ----------
    split
        "train", "val" or "test"; None for all of them, in the order of the levels.
    levels
        Which levels, such as ``[1, 2]``; None for all.
    root
        None for the bundled files, or a folder in which ``tinytalks/`` is looked for.
    download
        Put verified files under the root first; no network is needed.

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
    check_levels(levels)
    splits = _splits("tinytalks", split, root, download)
    rows = sorted(row for one in splits for row in zip(*(one[name].tolist() for name in _TALKS), strict=True))
    return [(question, answer) for _id, level, question, answer in rows if levels is None or level in levels]


def tinytalks_text(split: str | None = None) -> str:
    """TinyTalks as the milestones read it: the text of one split, or of all pairs in the order of the levels."""
    numbered = [
        row
        for one in _splits("tinytalks", split, None, download=False)
        for row in zip(one["id"].tolist(), texts.texts_of("pairs", one), strict=True)
    ]
    return "".join(text for _id, text in sorted(numbered))


# In the order of the levels, which is that of the ids.
_TALKS = ("id", "level", "question", "answer")


def check_levels(levels: Collection[int] | None) -> None:
    """Raise UnknownNameError unless these are levels of TinyTalks, InvalidArgumentError for a lone number."""
    if levels is not None and not isinstance(levels, Collection):
        raise InvalidArgumentError(f"levels is a collection, such as [{levels}], not {levels!r}.")
    known = range(1, 6)
    for level in () if levels is None else levels:
        if level not in known:
            # Quotes tell a text from a number.
            raise UnknownNameError("level of tinytalks numbered", repr(level), map(str, known))


def load_tinypy(split: str | None = None, root: Root = None, *, download: bool = False) -> list[str]:
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
    download
        Build them under the root first; no network is needed.

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
    return [
        f"{head}\n{body}"
        for one in _splits("tinypy", split, root, download)
        for head, body in texts.pairs_of("source text", one)
    ]


def load_tinyshakespeare(split: str | None = None, root: Root = None, *, download: bool = False) -> list[str]:
    r"""Load TinyShakespeare: whole scenes of eight plays, to train a GPT on.

    =======  =====================================
    train    18 scenes, 78 thousand characters
    val      5 scenes, 11 thousand
    test     4 scenes, 12 thousand
    =======  =====================================

    Comedies, histories and tragedies are in each split, in about equal parts. Play, genre, act, scene, and the lines of
    the whole on which a scene stands, are columns of ``load("tinyshakespeare")``.

    Parameters
    ----------
    split
        "train", "val" or "test"; None for all of them, in this order.
    root
        None for the bundled files, or a folder in which ``tinyshakespeare/`` is looked for.
    download
        Put verified files under the root first; no network is needed.

    Returns
    -------
    list of str
        The lines of each scene, the last one with its line end. With a blank line after each they are one text as
        the whole has it: ``"\n".join(scenes)``.

    Raises
    ------
    UnknownNameError
        There is no such split.
    MissingFileError, CorruptFileError, StorageError
        A file is not there, is damaged, or cannot be read.
    """
    return [scene for one in _splits("tinyshakespeare", split, root, download) for scene in one["text"].tolist()]


def load_shakespeare(root: Root = None, *, download: bool = False) -> str:
    """Load all of Tiny Shakespeare, which TinyShakespeare is cut from: 1,115,394 characters, nine plays in one text.

    Parameters
    ----------
    root
        None for the cache, or a folder in which ``tinyshakespeare/input.txt`` is looked for.
    download
        Download it first if it is not there, 1 MB.

    Raises
    ------
    MissingFileError
        It is not there, and ``download`` is False.
    NetworkError
        It could not be downloaded.
    CorruptFileError, StorageError
        The file is damaged, or cannot be read or written.
    """
    return "".join(text for one in _splits("shakespeare", None, root, download) for text in one["text"].tolist())


def _splits(name: BuiltIn, split: str | None, root: Root, download: bool) -> list[Split]:
    """One split, or all of them."""
    if split is not None:
        return [load(name, split, root=root, download=download)]
    return list(load(name, root=root, download=download).values())
