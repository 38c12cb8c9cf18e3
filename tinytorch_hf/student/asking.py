"""Where a student's package runs: in a process of its own, or in this one where the system starts no other."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tinytorch_hf.errors import NoProcessError
from tinytorch_hf.student.answers import Ask
from tinytorch_hf.student.apart import NOT_ISOLATED
from tinytorch_hf.student.in_process import asking_here
from tinytorch_hf.student.mapping import FrameworkMap

if TYPE_CHECKING:
    from tinytorch_hf.student.cell import Cell
    from tinytorch_hf.student.process import PackageProcess


@dataclass(frozen=True)
class Respondent:
    """Who answers about a package.

    Attributes
    ----------
    ask
        Answers requests.
    not_isolated
        What a report has to say first, where the package runs in the process that judges it; else nothing.
    """

    ask: Ask
    not_isolated: str = ""


@contextlib.contextmanager
def asking(
    child: str,
    framework_map: FrameworkMap,
    folder: Path | None,
    limit_s: float,
    *,
    must_isolate: bool = False,
    cell: Cell | None = None,
) -> Iterator[Respondent]:
    """Have a package answer requests, in a process of its own wherever one can be started.

    It is decided once, before anything of the package has run: nothing that a package does brings it into this process.

    Parameters
    ----------
    child
        The module whose ``Session`` answers, such as ``tinytorch_hf.check.child``.
    framework_map, folder
        Which package, where its parts are, and where it is, if not among what is installed.
    limit_s
        How long one answer of another process may take, in seconds.
    must_isolate
        Whether to refuse rather than to run the package here, as a grader has to.
    cell
        What confines the process of a package that is not trusted; the package never runs here then.

    Raises
    ------
    NoProcessError
        None can be started, and ``must_isolate`` is set; or another one was to be started later, and could not be.
    """
    with contextlib.ExitStack() as open_ones:
        try:
            process = open_ones.enter_context(_process(framework_map, folder, limit_s, child, cell))
            process.begin()
            respondent = Respondent(process.ask)
        except NoProcessError as error:
            if must_isolate or cell is not None:
                raise
            session = importlib.import_module(child).Session
            ask = open_ones.enter_context(asking_here(session, framework_map, folder))
            respondent = Respondent(ask, f"{NOT_ISOLATED} (no other process can be started here: {error.reason})")
        yield respondent


def _process(
    framework_map: FrameworkMap, folder: Path | None, limit_s: float, child: str, cell: Cell | None
) -> PackageProcess:
    try:
        # It imports what Python has only where there are processes.
        from tinytorch_hf.student.process import PackageProcess
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in sys.stdlib_module_names:
            raise
        raise NoProcessError(f"this Python has no {error.name}") from error
    return PackageProcess(framework_map, folder, limit_s, child, cell)
