"""Modules of a student's package in this process: imported again, and gone when it was looked at."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from tinytorch_hf.student import expressions, shadows, standin
from tinytorch_hf.student.search_path import SearchPath


@contextlib.contextmanager
def imported_anew(path: SearchPath) -> Iterator[None]:
    """Set aside what is imported of a package, so that its files count as they are; bring it back in the end.

    What was imported of it meanwhile, and from its folders, goes, so that the next look finds the next edit.
    """
    names = {name for name in path.own if not shadows.is_library(name)}
    aside = {name: sys.modules.pop(name) for name in list(sys.modules) if _top(name) in names}
    before = set(sys.modules)
    importlib.invalidate_caches()
    expressions.forget()
    try:
        yield
    finally:
        for name, module in list(sys.modules.items()):
            if name not in before and (_top(name) in names or _is_from(path, name, module)):
                del sys.modules[name]
        sys.modules.update(aside)
        standin.forget()
        expressions.forget()


def _top(name: str) -> str:
    return name.partition(".")[0]


def _is_from(path: SearchPath, name: str, module: ModuleType) -> bool:
    """Whether a module comes from the package's folders rather than from what else is on the path, also inside them."""
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or shadows.is_library(_top(name)):
        return False
    places = [place for place in map(Path, path.entries) if place in Path(file).parents]
    return bool(places) and max(places, key=lambda place: len(place.parts)) in path.folders
