"""Proving that scripts of a checkout get their data, without changing anything of it."""

from __future__ import annotations

import ast
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import TinyTorchHFError
from tinytorch_hf.files import folders
from tinytorch_hf.milestones.checkout.needs import Milestone
from tinytorch_hf.milestones.proving import shapes
from tinytorch_hf.milestones.proving.executing import CACHE, CAN_COPY, NETWORK, NO_DATA
from tinytorch_hf.milestones.proving.plan import Plan, plan
from tinytorch_hf.shown import printable
from tinytorch_hf.student.answers import Answer, Ask
from tinytorch_hf.student.mapping import FrameworkMap
from tinytorch_hf.student.process import PackageProcess

LIMIT_S = 30.0
_CHILD = "tinytorch_hf.milestones.proving.child"
# What scripts read and import; larger files are not copied but linked to, and cannot be changed through the link.
_FOLDERS = ("milestones", "datasets", "tinytorch")
_LARGEST_COPY_BYTES = 1 << 20
_LARGEST_SCRIPT_BYTES = 1 << 20
_MOST_FILES = 20_000
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".*", "venv", "node_modules")


class Outcome(Enum):
    """What came of the attempt to load a script's data."""

    PROVEN = "proven"
    NOT_PROVEN = "unproven"
    FAILED = "failed"


@dataclass(frozen=True)
class Proof:
    """One script, and whether it gets its data.

    Attributes
    ----------
    script
        Where it is.
    calls
        What of it was executed, as it is written there.
    outcome
        Whether the data came.
    asks_network
        Whether it failed because it wanted to connect to somewhere.
    note
        Which arrays and texts came; or why they did not, or why that cannot be told.
    """

    script: Path
    calls: tuple[str, ...]
    outcome: Outcome
    note: str
    asks_network: bool = False


def prove(root: Path, milestones: Sequence[Milestone], limit_s: float = LIMIT_S) -> dict[str, list[Proof]]:
    """Load what each script of some milestones loads, each in a process of its own.

    Each process works in a copy of the checkout, has no network, may change nothing outside of the copy, and ends
    with all that it started after ``limit_s`` seconds. Scripts that load nothing have no proof.

    Parameters
    ----------
    root
        The root of a checkout.
    milestones
        Those whose files are there.
    limit_s
        How long one script may take, in seconds.

    Returns
    -------
    The proofs by the number of the milestone.
    """
    planned = {
        milestone.number: [
            (script, found)
            for script in sorted((root / "milestones").glob(f"{milestone.number}*/*.py"))
            if (found := _plan(script)) is not None
        ]
        for milestone in milestones
    }
    if not any(planned.values()):
        return {number: [] for number in planned}
    with tempfile.TemporaryDirectory(prefix="tinytorch_hf_", ignore_cleanup_errors=True) as name:
        # Paths are compared with what links lead to.
        copies = Path(name).resolve()
        with contextlib.ExitStack() as stack:
            ask = _one_process(stack, copies, limit_s) if CAN_COPY else _processes(copies, limit_s)
            return {
                milestone.number: [
                    _prove(script, found, root, copies, milestone, ask) for script, found in planned[milestone.number]
                ]
                for milestone in milestones
            }


def _one_process(stack: contextlib.ExitStack, copies: Path, limit_s: float) -> Ask:
    """Asks one process, which copies itself for each script."""
    return stack.enter_context(PackageProcess(FrameworkMap(), copies, limit_s, _CHILD)).ask


def _processes(copies: Path, limit_s: float) -> Ask:
    """Asks another process each time."""

    def ask(**request: Any) -> Answer:
        with PackageProcess(FrameworkMap(), copies, limit_s, _CHILD) as process:
            return process.ask(**request)

    return ask


def _plan(script: Path) -> Plan | None:
    """What a script loads; None if that is nothing, or it cannot be parsed, which is the student's business."""
    with contextlib.suppress(OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        if script.stat().st_size <= _LARGEST_SCRIPT_BYTES:
            found = plan(ast.parse(script.read_bytes()))
            return found if found.loads or found.problems else None
    return None


def _prove(script: Path, planned: Plan, root: Path, copies: Path, milestone: Milestone, ask: Ask) -> Proof:
    calls = tuple(load.shown for load in planned.loads)
    if planned.problems:
        return Proof(script, calls, Outcome.NOT_PROVEN, "; ".join(planned.problems))
    copy = Path(tempfile.mkdtemp(dir=copies))
    _copy(root, copy)
    _link_cached(shapes.datasets_of(milestone), copy / CACHE)
    there = copy / script.relative_to(root)
    try:
        answer = ask(ask="load", script=str(there), folder=str(copy))
    except (TinyTorchHFError, OSError) as error:
        # Nothing is said against the script where no process can be started.
        return Proof(script, calls, Outcome.NOT_PROVEN, printable(f"it cannot be tried here: {error}"))
    outcome, note = _judge(answer, milestone)
    # What a message says is to be typed and found in the checkout and the cache, not in their copies.
    note = note.replace(str(copy / CACHE), str(folders.cache())).replace(f"{copy}{os.sep}", "")
    return Proof(script, calls, outcome, note, answer.unbuilt == NETWORK)


def _judge(answer: Answer, milestone: Milestone) -> tuple[Outcome, str]:
    if answer.kind != "results":
        return Outcome.FAILED if answer.unbuilt in (NO_DATA, NETWORK) else Outcome.NOT_PROVEN, answer.message
    loaded, datasets = shapes.received(answer.results), shapes.datasets_of(milestone)
    problem, doubt = shapes.wrong(loaded, datasets), shapes.unknown(loaded, datasets)
    if problem or doubt:
        return Outcome.FAILED if problem else Outcome.NOT_PROVEN, problem or doubt
    return Outcome.PROVEN, ", ".join(map(str, loaded[:6]))


def _copy(root: Path, copy: Path) -> None:
    """Copy what scripts use of a checkout."""
    left = iter(range(_MOST_FILES))
    for path in sorted(root.glob("*.py")):
        _take(path, copy / path.name)
    for name in _FOLDERS:
        if (root / name).is_dir():
            for folder, target in _folders(root / name, copy / name):
                target.mkdir(exist_ok=True)
                for path in _files(folder):
                    if next(left, None) is not None:
                        _take(path, target / path.name)


def _link_cached(datasets: Sequence[DatasetInfo], cache: Path) -> None:
    """Let a script find in its own cache what is in the user's of some datasets; what it puts there stays its own."""
    for dataset in datasets:
        for file in () if dataset.is_shipped else dataset.files:
            path = folders.folder(dataset) / file.name
            with contextlib.suppress(OSError):
                if path.is_file():
                    link = cache / path.relative_to(folders.cache())
                    link.parent.mkdir(parents=True, exist_ok=True)
                    _link(path, link)


def _folders(folder: Path, target: Path) -> Iterator[tuple[Path, Path]]:
    """A folder and those in it, without what links lead to, which may go round in circles."""
    yield folder, target
    with contextlib.suppress(OSError):
        names = [path.name for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]
        for name in sorted(set(names) - _LEFT_OUT(str(folder), names)):
            yield from _folders(folder / name, target / name)


def _files(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        names = [path.name for path in folder.iterdir() if path.is_file()]
        return [folder / name for name in sorted(set(names) - _LEFT_OUT(str(folder), names))]
    return []


def _take(path: Path, target: Path) -> None:
    # What cannot be read here cannot be read by the script either, and is missed there.
    with contextlib.suppress(OSError):
        if path.stat().st_size <= _LARGEST_COPY_BYTES:
            shutil.copyfile(path, target)
        else:
            _link(path, target)


def _link(path: Path, link: Path) -> None:
    """A link to a file; a copy where the system lets this user make none, as Windows does."""
    try:
        link.symlink_to(path.resolve())
    except (OSError, NotImplementedError):
        # What is behind a hard link could be changed through it.
        shutil.copyfile(path, link)
