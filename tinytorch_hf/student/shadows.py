"""Files beside a package that have the name of a library: they would be imported instead of it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from tinytorch_hf.shown import printable

# Beside Python's own modules, what the judge itself runs on.
_LIBRARIES = ("numpy", "torch", "tinytorch_hf")
# Python has modules of these names which nobody imports, and everybody has folders of these names.
_HARMLESS = ("test", "tests", "this", "antigravity", "site", "idlelib", "lib2to3")


def is_library(name: str) -> bool:
    """Whether a name at the top level is one of Python's own, or of what judges."""
    return name not in _HARMLESS and (name in _LIBRARIES or name in sys.stdlib_module_names)


def hidden(folder: Path, own: Iterable[str]) -> dict[str, Path]:
    """The libraries that files in a folder would hide, and which files these are.

    Parameters
    ----------
    folder
        What is put on Python's path, because the package is there.
    own
        Names that are the package's own, whatever else is called so.
    """
    own = set(own)
    found: dict[str, Path] = {}
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return found
    for entry in entries:
        name = entry.name.split(".")[0]
        is_module = entry.suffix in (".py", ".so", ".pyd", ".pyc") and entry.is_file()
        if name not in own and is_library(name) and (is_module or (entry / "__init__.py").is_file()):
            found.setdefault(name, entry)
    return found


def note(library: str, path: Path) -> str:
    """What a report says of it."""
    return printable(f"{path} hides the library {library} from whoever starts Python there; the true one was used")
