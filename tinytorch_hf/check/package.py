"""`check` as a function: every operation of a package against PyTorch."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tinytorch_hf.check import run
from tinytorch_hf.check.programs import trial
from tinytorch_hf.judging.judges import chosen, judged_by
from tinytorch_hf.judging.results import Report
from tinytorch_hf.student import target
from tinytorch_hf.student.mapping import FrameworkMap, read_map


def check_package(
    package: str | Path | None = None,
    *,
    only: Iterable[str] = (),
    seed: int = 0,
    programs: int = trial.N_PROGRAMS,
    operation_seconds: float = 10.0,
    judge: str | None = None,
    framework_map: str | Path | None = None,
) -> Report:
    """Compare every operation of a TinyTorch with PyTorch, forward and backward, as `tinytorch-hf check` does.

    Parameters
    ----------
    package
        The folder of the package, the folder that holds it, or an import name; by default the tinytorch that is
        installed. It runs in a process of its own.
    only
        Operations or modules such as "losses"; all by default.
    seed
        Fixes batches, weights and programs.
    programs
        How many generated programs are tried after the operations.
    operation_seconds
        How long one operation may take.
    judge
        "torch" or "recorded"; by default torch where it is installed.
    framework_map
        The file that says where a framework with other names keeps its parts; by default they are looked for.

    Raises
    ------
    InvalidArgumentError
        There is no such package, or it is something else; or the file is not a map.
    UnknownNameError
        There is no such operation, module or judge.
    MissingExtraError
        torch was chosen as the judge, and is not installed.
    """
    known = FrameworkMap() if framework_map is None else read_map(Path(framework_map))
    located, folder = target.locate(None if package is None else str(package), known)
    with judged_by(judge or chosen()):
        return run.check(located, folder, only, operation_seconds, seed, programs=programs)
