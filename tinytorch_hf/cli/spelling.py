"""What commands were called before there were groups of them: it goes on working, and says the new name.

``milestones ROOT`` is now ``milestones prepare ROOT``. Of a checkout whose folder is called ``run`` or ``prepare`` the
old command takes ``./run``; the new one takes any name.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

_MOVED_TO_HUB = ("build", "cache", "publish", "mirror")

MODULE = "python -m tinytorch_hf.milestones"
"""The module that was a command; as the first word it stands for that command's name."""


def current(program: str, words: Sequence[str]) -> tuple[list[str], str]:
    """The words of a command as it is called now, and a sentence on its new name if that is not what was typed.

    Parameters
    ----------
    program
        How the program was called.
    words
        What was typed after it.
    """
    first, rest = (words[0], list(words[1:])) if words else ("", [])
    if first == MODULE:
        return ["milestones", *rest], _note(MODULE, f"{program} milestones")
    if first in _MOVED_TO_HUB:
        return ["hub", first, *rest], _note(f"{program} {first}", f"{program} hub {first}")
    if first == "milestones" and rest and _is_for_prepare(rest[0]):
        old, new = f"{program} milestones", f"{program} milestones prepare"
        return ["milestones", "prepare", *rest], _note(f"{old} ROOT", f"{new} ROOT")
    return list(words), ""


def _note(old: str, new: str) -> str:
    return f"`{old}` is now `{new}`; the old spelling still works."


def _is_for_prepare(word: str) -> bool:
    """Whether a word after `milestones` is a path or an option of `prepare`: neither a command nor one mistyped."""
    if word in ("prepare", "run", "-h", "--help", "--"):
        return False
    is_path = word in ("", ".", "..") or word.startswith("~") or any(mark in word for mark in (os.sep, "/"))
    return is_path or word.startswith("-") or _is_folder(word)


def _is_folder(word: str) -> bool:
    try:
        return Path(word).is_dir()
    except (OSError, ValueError):
        return False
