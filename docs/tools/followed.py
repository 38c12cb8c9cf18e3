"""Pages that are followed word for word: their blocks are run in order, and what they print becomes what they show.

``python -m docs.tools.followed`` writes these tutorials anew, each in an empty folder; it takes a minute or two. Names
of pages behind it choose some, such as ``find_the_bug``.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docs.tools import blocks
from tinytorch_hf.cli import main

TUTORIALS = Path(__file__).resolve().parents[1] / "tutorials"
PAGES = ("first_comparison", "find_the_bug", "grade_a_class", "make_your_own")
"""The pages that are followed, in the order in which they are best read."""
HOME = "/home/me"
"""What stands on a page for the folder in which it is followed."""

_BLOCK = re.compile(r"^```(sh|python|text)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
_PROGRAM = "tinytorch-hf"


def followed(page: str, folder: Path, run: Callable[[list[str]], object] = main) -> str:
    """A page with what its blocks print when they are followed.

    Parameters
    ----------
    page
        Markdown with blocks of ``sh``, all of whose lines are commands of this package, of ``python``, which share
        their names, and of ``text``: what has been printed since the one before.
    folder
        The current folder, which is empty.
    run
        Carries out a command, from its words after the program's name.

    Raises
    ------
    ValueError
        A line is no command of this package or is not understood, or something is printed that no block shows.
    """
    printed = io.StringIO()
    names: dict[str, Any] = {"__name__": "page"}

    def follow(block: re.Match[str]) -> str:
        nonlocal printed
        kind, content = block[1], block[2]
        if kind == "text":
            shown = "\n".join(line.rstrip() for line in printed.getvalue().replace(str(folder), HOME).splitlines())
            printed = io.StringIO()
            return f"```text\n{shown}\n```\n"
        with contextlib.redirect_stdout(printed):
            if kind == "python":
                exec(compile(content, "a block of the page", "exec"), names)  # noqa: S102 -- a page of this project
                return block[0]
            for line in content.replace("\\\n", "").splitlines():
                program, *words = shlex.split(line)
                if program != _PROGRAM:
                    raise ValueError(f"{line} is no command of {_PROGRAM}.")
                # What a command refuses is shown, too; progress of libraries is not.
                with contextlib.redirect_stderr(printed):
                    _carry_out(run, words, printed)
        return block[0]

    found = _BLOCK.sub(follow, page)
    if printed.getvalue():
        raise ValueError(f"No block shows what is printed last: {printed.getvalue()}")
    return found


def _carry_out(run: Callable[[list[str]], object], words: list[str], printed: io.StringIO) -> None:
    """A command; one that the program does not understand is a mistake of the page."""
    try:
        run(words)
    except SystemExit as end:
        raise ValueError(f"{_PROGRAM} {shlex.join(words)} ended with {end.code}: {printed.getvalue()}") from end


def page(name: str) -> Path:
    """The tutorial of this name."""
    return TUTORIALS / f"{name}.md"


def _write(names: list[str]) -> None:
    for name in names or PAGES:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            blocks.rewrite([page(name)], lambda text: followed(text, Path(folder)))


if __name__ == "__main__":
    _write(sys.argv[1:])
