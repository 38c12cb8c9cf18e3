"""The tasks of `child` in this process, for where no other can be started."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable

from tinytorch_hf.health import child
from tinytorch_hf.student.apart import Apart
from tinytorch_hf.student.mapping import FrameworkMap
from tinytorch_hf.student.modules import imported_anew
from tinytorch_hf.student.search_path import search_path


def ask(tasks: Iterable[tuple[str, ...]]) -> list[child.Answer]:
    """Do tasks one after the other, as the user's own program in the current folder would do them.

    What is imported already is not imported again: libraries cannot be. What ends Python, ends the doctor, too.
    """
    # The current folder comes first, as in a session of the user's, also where this package was started as a command.
    apart = Apart([os.getcwd(), *filter(None, sys.path)])  # noqa: PTH109 -- an entry is a text
    return [_answer(apart, kind, *arguments) for kind, *arguments in tasks]


def _answer(apart: Apart, kind: str, *arguments: str) -> child.Answer:
    package = arguments[0].partition(".")[0]
    with apart.running():
        importlib.invalidate_caches()
        before = dict(sys.modules)
        try:
            if kind == "library":
                return child.do(kind, *arguments)
            with imported_anew(search_path(FrameworkMap(package), None)):
                return child.do(kind, *arguments)
        except KeyboardInterrupt as error:
            if apart.was_interrupted():
                raise
            return {"outcome": "broken", "detail": child.reason(error), "location": child.location_of(package)}
        finally:
            # Looking for a broken library forgets it, which may be one that others here use.
            sys.modules.update(before)
