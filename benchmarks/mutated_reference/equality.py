"""Whether a changed reference computes anything else: bytes of programs, construction, use and training, compared.

``python -m benchmarks.mutated_reference.equality FOLDER PROGRAMS`` prints what the package ``tinytorch`` of a folder
gives, as a digest for each thing that is computed; `first_difference` starts that for two of them.
"""

from __future__ import annotations

import functools
import hashlib
import json
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mutated_reference import runs, scenes
from benchmarks.mutated_reference.places import Mutation
from tinytorch_hf.check.child import Session
from tinytorch_hf.check.programs import generate, interpret
from tinytorch_hf.check.programs.builder import Available
from tinytorch_hf.check.programs.forms import FORMS
from tinytorch_hf.check.programs.layers import LAYERS
from tinytorch_hf.check.programs.program import Program
from tinytorch_hf.student.mapping import FrameworkMap

N_PROGRAMS = 10_000
"""How many generated programs have to give equal bytes."""

_EACH_SEED = 400
_LIMIT_S = 600.0


def programs(n: int = N_PROGRAMS) -> list[Program]:
    """So many generated programs of all families, from as many seeds as it takes."""
    available = Available(frozenset([*FORMS, *LAYERS, "SGD"]))
    found: list[Program] = []
    # Seeds that `check` does not use by default.
    seed = 1000
    while len(found) < n:
        for family, count in generate.counts(_EACH_SEED).items():
            if family == generate.RELATED:
                found += (builder.program() for _, builder in generate.related(available, count, seed))
            else:
                found += generate.programs(family, available, count, seed)
        seed += 1
    return found[:n]


def first_difference(mutation: Mutation) -> str:
    """What the reference first computes otherwise with a change; nothing if every byte is the same."""
    with tempfile.TemporaryDirectory() as folder:
        runs.write(Path(folder), mutation)
        changed = _digests(Path(folder))
    return next((name for name, digest in _right().items() if changed.get(name) != digest), "")


@functools.cache
def _right() -> Mapping[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        runs.write(Path(folder))
        return _digests(Path(folder))


@functools.cache
def _written_programs() -> Path:
    # It is there until the process ends.
    _written_programs.folder = tempfile.TemporaryDirectory()  # type: ignore[attr-defined]
    path = Path(_written_programs.folder.name) / "programs.pickle"  # type: ignore[attr-defined]
    path.write_bytes(pickle.dumps(programs()))
    return path


def _digests(folder: Path) -> dict[str, str]:
    command = [sys.executable, "-m", __name__, str(folder), str(_written_programs())]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return {}
    found: dict[str, str] = json.loads(done.stdout) if done.returncode == 0 else {}
    return found


def digests(folder: Path, given: Iterable[Program]) -> dict[str, str]:
    """A digest of everything that the package ``tinytorch`` of a folder computes, by name."""
    sys.path.insert(0, str(folder))
    session = Session(FrameworkMap(runs.PACKAGE))
    if session.answer({"ask": "open"}).kind != "opened":
        return {}
    student = session.student()
    found = {}
    with np.errstate(all="ignore"):
        for number, program in enumerate(given):
            results = interpret.run(student, program, lambda _: "")
            found[f"program {number}"] = _digest(results[name] for name in sorted(results))
        for name, values in scenes.played():
            found[name] = _digest(values)
    return found


def _digest(values: Iterable[Any]) -> str:
    summed = hashlib.sha256()
    for value in _flat(values):
        if isinstance(value, np.ndarray | np.generic):
            summed.update(f"{value.dtype} {value.shape}".encode() + np.ascontiguousarray(value).tobytes())
        else:
            summed.update(repr(value).encode())
    return summed.hexdigest()[:16]


def _flat(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _flat(value)
        else:
            yield value


def main() -> None:
    """Print the digests."""
    folder, path = map(Path, sys.argv[1:])
    print(json.dumps(digests(folder, pickle.loads(path.read_bytes()))))  # noqa: S301 -- written by `first_difference`


if __name__ == "__main__":
    main()
