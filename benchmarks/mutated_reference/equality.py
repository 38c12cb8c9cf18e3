"""Whether a changed reference computes anything else: bytes of programs, construction, use and training, compared.

``python -m benchmarks.mutated_reference.equality FOLDER PROGRAMS [RIGHT]`` prints the digest of each thing that the
package ``tinytorch`` of a folder computes; with those of the reference, only the first thing that is another.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
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


class Reference:
    """What the reference itself computes, to hold changed copies of it against.

    Parameters
    ----------
    folder
        Where the programs and the digests are kept meanwhile.
    n
        How many generated programs are run.
    """

    def __init__(self, folder: Path, n: int = N_PROGRAMS) -> None:
        self._programs, self._right = folder / "programs.pickle", folder / "right.json"
        self._programs.write_bytes(pickle.dumps(programs(n)))
        package = folder / "reference"
        runs.write(package)
        self._right.write_text(_started([package, self._programs]).stdout, encoding="utf-8")

    def first_difference(self, mutation: Mutation) -> str:
        """What is first computed otherwise with a change; nothing if every byte is the same."""
        with tempfile.TemporaryDirectory() as folder:
            runs.write(Path(folder), mutation)
            try:
                done = _started([Path(folder), self._programs, self._right])
            except subprocess.TimeoutExpired:
                return "it does not end"
            return done.stdout.strip() if done.returncode == 0 else "it ends in an error"


def _started(arguments: Iterable[Path]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.mutated_reference.equality", *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", timeout=_LIMIT_S, check=False)


def digests(folder: Path, given: Iterable[Program]) -> Iterator[tuple[str, str]]:
    """A digest of each thing that the package ``tinytorch`` of a folder computes, with its name."""
    sys.path.insert(0, str(folder))
    session = Session(FrameworkMap(runs.PACKAGE))
    if session.answer({"ask": "open"}).kind != "opened":
        return
    with np.errstate(all="ignore"):
        for name, values in scenes.played():
            yield name, _digest(values)
        student = session.student()
        for number, program in enumerate(given):
            results = interpret.run(student, program, lambda _: "")
            yield f"program {number}", _digest(results[name] for name in sorted(results))


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
    """Print the digests, or what is first another."""
    folder, path, *right = map(Path, sys.argv[1:])
    computed = digests(folder, pickle.loads(path.read_bytes()))
    if not right:
        print(json.dumps(dict(computed)))
        return
    expected: dict[str, str] = json.loads(right[0].read_text(encoding="utf-8"))
    seen = 0
    for name, digest in computed:
        seen += 1
        if expected.get(name) != digest:
            print(name)
            return
    print("" if seen == len(expected) else "it cannot be imported")


if __name__ == "__main__":
    main()
