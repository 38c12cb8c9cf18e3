"""Which TinyTorch is compared: a package of the user's, or the reference where there is none."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf.student import wire
from tinytorch_hf.student.answers import Answer, Ask
from tinytorch_hf.student.mapping import FrameworkMap
from tinytorch_hf.student.process import PackageProcess

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
        Whether the package runs in this very process: without isolation or time limit, where no other can be started.
    """

    framework_map: FrameworkMap = field(default_factory=FrameworkMap)
    folder: Path | None = None
    given: str = ""
    limit_s: float = 60.0
    in_process: bool = False

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
def asking(target: Target) -> Iterator[Ask]:
    """What answers requests about a package: a process of its own, or for the reference, which is ours, this one."""
    if target.in_process or target.is_reference:
        with _importable(target.folder):
            yield _here(target.framework_map)
        return
    with PackageProcess(target.framework_map, target.folder, target.limit_s, _CHILD) as process:
        yield lambda **request: process.ask(**{**request, "inputs": wire.encode(request.get("inputs", {}))})


def _here(framework_map: FrameworkMap) -> Ask:
    """Answers out of this process; what is in them shares no memory with the package, as if it came from another."""
    from tinytorch_hf.compare.child import Session

    session = Session(framework_map)
    session.is_in_process = True

    def ask(**request: Any) -> Answer:
        answer = session.answer(request)
        return dataclasses.replace(answer, results={name: _copied(value) for name, value in answer.results.items()})

    return ask


def _copied(value: Any) -> Any:
    return np.array(value) if isinstance(value, np.ndarray) else value


@contextlib.contextmanager
def _importable(folder: Path | None) -> Iterator[None]:
    if folder is not None:
        sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        if folder is not None:
            sys.path.remove(str(folder))
