"""Lines of Python that show what is wrong, made to work wherever they are run."""

from __future__ import annotations

from pathlib import Path


def runnable(snippet: str, folder: str) -> list[str]:
    """The lines of a snippet, behind one that lets Python find the package.

    Parameters
    ----------
    snippet
        Lines that import the package; or nothing, and then nothing is added.
    folder
        What holds the package; empty where it is installed. Python looks in its working directory by itself.
    """
    lines = snippet.splitlines()
    if not lines or not folder or Path(folder) == Path.cwd():
        return lines
    return [f"import sys; sys.path.insert(0, {folder!r})", *lines]
