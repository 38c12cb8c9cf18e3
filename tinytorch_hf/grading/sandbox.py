"""A submission checked where it can neither know what is right nor reach anything else.

The process that judges never imports what was submitted. What is right is computed there, for inputs that nobody has
seen before; the records that ship are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf.check.programs import trial
from tinytorch_hf.check.run import check
from tinytorch_hf.grading.imports import scan, withheld
from tinytorch_hf.judging import answers
from tinytorch_hf.judging.results import Report
from tinytorch_hf.student.cell import Cell
from tinytorch_hf.student.hearing import LOOKS
from tinytorch_hf.student.limits import Limits
from tinytorch_hf.student.mapping import FrameworkMap
from tinytorch_hf.student.search_path import search_path
from tinytorch_hf.student.secrecy import unreadable

__all__ = ["Confined", "Limits", "check_confined"]


@dataclass(frozen=True)
class Confined:
    """What came of checking a submission.

    Attributes
    ----------
    report
        The verdict on each operation.
    violations
        What it imports, or tried to import, and may not: a sentence each. By default they cost all points.
    remarks
        What the instructor should know besides: what it tried and was refused, what nobody can read, and what this
        system does not hold back. Which file hides which library is among the report's notes.
    """

    report: Report
    violations: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def check_confined(
    folder: Path,
    *,
    only: Iterable[str] = (),
    seed: int,
    limits: Limits = Limits(),  # noqa: B008 -- it is frozen
    allowed_imports: Iterable[str] = (),
    programs: int = trial.N_PROGRAMS,
    framework_map: FrameworkMap | None = None,
    run_as: str = "",
) -> Confined:
    """Check a submission with inputs of one seed; PyTorch judges where it is installed, else NumPy.

    Parameters
    ----------
    folder
        Where the package is.
    only, programs
        As for `tinytorch_hf.check.run.check`.
    seed
        Fixes the inputs; a hidden one, which the submission cannot know. Of several seeds the worst result counts.
    limits
        What it may use.
    allowed_imports
        Libraries such as ``torch`` that it may import after all; or ways such as ``tb_frame`` by which it may look into
        what runs it.
    framework_map
        Which package, and where its parts are; tinytorch as the course has it by default.
    run_as
        The name of the user that it runs as, where this process is root's; the user of this process by default.

    Raises
    ------
    NoProcessError
        No process can be started.
    UnknownNameError
        No such operation or module.
    InvalidArgumentError
        There is no such package, or it is something else.
    """
    framework_map = framework_map or FrameworkMap()
    allowed = tuple(allowed_imports)
    found = scan(folder, allowed, search_path(framework_map, folder).own)
    cell = Cell(limits, withheld(allowed), run_as)
    with answers.closed(), unreadable():
        report = check(
            framework_map,
            folder,
            only,
            limits.operation_seconds,
            seed,
            must_isolate=True,
            programs=programs,
            cell=cell,
        )
    looks = {f"{LOOKS}{name}" for name in allowed}
    # What was read in the text is heard once more as it runs.
    read = [violation.partition(": ")[2] for violation in found.violations]
    tried = [one for one in cell.violations if one not in looks and not any(_is_same(one, text) for text in read)]
    return Confined(report, (*found.violations, *tried), (*found.remarks, *cell.remarks))


def _is_same(heard: str, read: str) -> bool:
    """Whether an import that was heard is one that was read: of a library, or of a part of it."""
    return f"{read}.".startswith(f"{heard}.") or f"{heard}.".startswith(f"{read}.")
