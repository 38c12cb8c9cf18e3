"""A student's package in this very process, for where no other can be started; no verdict on it is beyond doubt."""

from __future__ import annotations

import contextlib
import importlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tinytorch_hf.student.answers import Answer, AnswerError, Ask, parse
from tinytorch_hf.student.apart import Apart
from tinytorch_hf.student.mapping import FrameworkMap
from tinytorch_hf.student.modules import imported_anew
from tinytorch_hf.student.search_path import SearchPath, search_path
from tinytorch_hf.student.session import Session


@contextlib.contextmanager
def asking_here(
    make: Callable[[FrameworkMap], Session], framework_map: FrameworkMap, folder: Path | None
) -> Iterator[Ask]:
    """What answers requests about a package out of this process.

    Requests and answers are those of a process of its own: they pass through JSON, so that they share no memory with
    the package. Nothing limits how long an answer takes, and nothing keeps the package from what judges it.

    Parameters
    ----------
    make
        Makes the session that answers, such as `tinytorch_hf.check.child.Session`.
    framework_map
        Which package, and where its parts are.
    folder
        Where the package is, if not among what is installed.
    """
    path = search_path(framework_map, folder)
    for library, _ in path.hidden:
        with Apart(path.rest).running(), contextlib.suppress(ImportError):
            importlib.import_module(library)
    session = make(framework_map)
    apart = Apart(path.entries)
    session.is_interrupted = apart.was_interrupted

    def ask(**request: Any) -> Answer:
        with apart.running():
            return _passed_on(session.answer(json.loads(json.dumps(request))), path)

    with imported_anew(path):
        yield ask


def _passed_on(answer: Answer, path: SearchPath) -> Answer:
    """An answer as it would arrive from another process; what arrives from none is a crash here, too."""
    try:
        notes = path.notes if answer.kind == "opened" else ()
        plain = answer.as_json()
        return parse(json.loads(json.dumps({**plain, "notes": [*plain["notes"], *notes]}, allow_nan=False)))
    except AnswerError as error:
        return Answer("crash", message=f"what came back is not an answer: {error}")
    except Exception as error:
        return Answer("crash", message=f"what came back cannot be sent on: {type(error).__name__}: {error}")
