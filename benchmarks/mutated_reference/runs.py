"""Has `check` look at changed copies of the reference, each in a process of its own, as it looks at a student's."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.mutated_reference import places
from benchmarks.mutated_reference.places import Mutation
from tinytorch_hf.check.run import check
from tinytorch_hf.errors import TinyTorchHFError
from tinytorch_hf.judging.case import MODULES
from tinytorch_hf.judging.judges import judged_by
from tinytorch_hf.judging.results import WRONG, Result
from tinytorch_hf.student.mapping import FrameworkMap

PACKAGE = "tinytorch"
_LIMIT_S = 5.0
# Which cases are run first, as they are likelier to notice a change of a module; those of its own name for the others.
_LIKELY = {
    **{"windows": "spatial", "normalization": "spatial", "data": "dataloader"},
    **{"checks": "losses"},
}


class _Noticed(Exception):
    """Something is wrong: nothing that comes later makes `check` call the package right."""


def noticed(mutation: Mutation | None) -> str:
    """What `check`, judging with NumPy alone, first calls wrong in the reference with a change; nothing if nothing.

    An operation that takes longer than five seconds is one of these, as for a student.
    """
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), mutation)
        likely = _LIKELY.get(mutation.module, mutation.module) if mutation else ""
        # What is wrong among these cases is wrong among all.
        found = noticed_in(Path(folder), [likely]) if likely in MODULES else ""
        return found or noticed_in(Path(folder))


def noticed_in(folder: Path, only: Sequence[str] = ()) -> str:
    """What `check` first calls wrong in the package of a folder; nothing if all agrees."""

    def stop_at(result: Result) -> None:
        if result.outcome in WRONG:
            raise _Noticed(result.name)

    try:
        with judged_by("recorded"):
            report = check(FrameworkMap(PACKAGE), folder, only, limit_s=_LIMIT_S, on_result=stop_at, must_isolate=True)
    except _Noticed as found:
        return str(found)
    except TinyTorchHFError as error:
        return f"the package: {type(error).__name__}"
    unknown = [result.name for result in report.results if result.outcome.value != "agrees"]
    return f"not tried: {unknown[0]}" if report.status else ""


def write(folder: Path, mutation: Mutation | None = None) -> None:
    """Write the reference, as a package of its own, into a folder; with one change."""
    package = folder / PACKAGE
    package.mkdir(parents=True)
    for path in places.SOURCE.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if mutation is not None and mutation.module == path.stem:
            text = mutation.applied(text)
        own = text.replace("tinytorch_hf.reference", PACKAGE)
        (package / path.name).write_text(own, encoding="utf-8")


def all_noticed(wanted: Iterable[Mutation], workers: int | None = None) -> Iterator[tuple[Mutation, str]]:
    """Each change with what is first noticed of it, in the order in which they end; on every core by default."""
    # What a package does to the process that judges it, if anything, ends with a few packages.
    with multiprocessing.get_context("spawn").Pool(workers or os.cpu_count(), maxtasksperchild=50) as pool:
        yield from pool.imap_unordered(_pair, wanted)


def _pair(mutation: Mutation) -> tuple[Mutation, str]:
    return mutation, noticed(mutation)
