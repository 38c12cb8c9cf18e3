"""Which TinyTorch is compared: a package of the user's, or the reference if there is none."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf.student import asking as askings
from tinytorch_hf.student import wire
from tinytorch_hf.student.answers import Answer, Ask
from tinytorch_hf.student.apart import NOT_ISOLATED
from tinytorch_hf.student.asking import Respondent
from tinytorch_hf.student.in_process import asking_here
from tinytorch_hf.student.mapping import FrameworkMap

REFERENCE = FrameworkMap("tinytorch_hf.reference")
_CHILD = "tinytorch_hf.compare.child"


@dataclass(frozen=True)
class Target:
    """What is to be compared, as the user said it.

    Attributes
    ----------
    framework_map
        Which package, and where its parts are.
    folder
        Where the package is, if not among what is installed.
    given
        What the user gave for it, to be repeated in advice; empty where nothing was given, so that the reference may
        stand in.
    limit_s
        Seconds that one step of the training, or one other request, may take.
    in_process
        Whether the package runs in this very process, without isolation or time limit, though another could be started.
    must_isolate
        Whether to refuse rather than to run the package in this process where no other can be started.
    """

    framework_map: FrameworkMap = field(default_factory=FrameworkMap)
    folder: Path | None = None
    given: str = ""
    limit_s: float = 60.0
    in_process: bool = False
    must_isolate: bool = False

    @property
    def is_reference(self) -> bool:
        """Whether it is the reference that comes with this package."""
        return self.framework_map.package == REFERENCE.package

    @property
    def is_installed(self) -> bool:
        """Whether there is something of its name to be imported; nothing is imported to find out."""
        if self.folder is not None:
            return True
        try:
            return importlib.util.find_spec(self.framework_map.package.partition(".")[0]) is not None
        except (ImportError, ValueError):
            return False


@contextlib.contextmanager
def asking(target: Target) -> Iterator[Respondent]:
    """What answers requests about a package: a process of its own, or for the reference, which is ours, this one.

    Raises
    ------
    NoProcessError
        As for `tinytorch_hf.student.asking.asking`.
    """
    if target.is_reference:
        yield Respondent(_reference(target.framework_map))
    elif target.in_process:
        session = importlib.import_module(_CHILD).Session
        with asking_here(session, target.framework_map, target.folder) as ask:
            yield Respondent(_encoding(ask), NOT_ISOLATED)
    else:
        folder, limit_s = target.folder, target.limit_s
        with askings.asking(
            _CHILD, target.framework_map, folder, limit_s, must_isolate=target.must_isolate
        ) as respondent:
            yield dataclasses.replace(respondent, ask=_encoding(respondent.ask))


def _encoding(ask: Ask) -> Ask:
    """Have inputs encoded on their way, unless they are: `check`, which names mistakes for `compare`, has done it."""

    def encoded(**request: Any) -> Answer:
        inputs = request.get("inputs", {})
        left = {name: value for name, value in inputs.items() if not isinstance(value, dict)}
        return ask(**{**request, "inputs": {**inputs, **wire.encode(left)}})

    return encoded


def _reference(framework_map: FrameworkMap) -> Ask:
    """Answers of the reference; what is in them shares no memory with it, as if it came from another process."""
    session = importlib.import_module(_CHILD).Session(framework_map)
    # It raises no KeyboardInterrupt of its own.
    session.is_interrupted = lambda: True

    def ask(**request: Any) -> Answer:
        answer: Answer = session.answer(request)
        return dataclasses.replace(answer, results={name: _copied(value) for name, value in answer.results.items()})

    return ask


def _copied(value: Any) -> Any:
    return np.array(value) if isinstance(value, np.ndarray) else value
