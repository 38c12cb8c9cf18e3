"""Whether a changed reference computes anything else: bytes of programs, construction, use and training, compared.

A program that never calls the function that was changed computes the same with the change: it is not run again.

``python -m benchmarks.mutated_reference.equality FOLDER PROGRAMS`` prints for each thing that the package ``tinytorch``
of a folder computes its digest and the functions that are called; with a file of the right digests behind it, only the
first thing that is another.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from benchmarks.mutated_reference import runs, scenes
from benchmarks.mutated_reference.places import SOURCE, Mutation
from tinytorch_hf.check.child import Session
from tinytorch_hf.check.programs import generate, interpret
from tinytorch_hf.check.programs.builder import Available
from tinytorch_hf.check.programs.forms import FORMS
from tinytorch_hf.check.programs.layers import LAYERS
from tinytorch_hf.check.programs.program import Program
from tinytorch_hf.student.mapping import FrameworkMap

N_PROGRAMS = 10_000
"""How many generated programs have to give equal bytes."""

# A function of the reference: its module, and the line at which it begins.
Function = tuple[str, int]

_EACH_SEED = 400
_LIMIT_S = 600.0


def programs(n: int = N_PROGRAMS) -> list[Program]:
    """So many generated programs of all families, from as many seeds as it takes."""
    available = Available(frozenset([*FORMS, *LAYERS, "SGD"]))
    found: list[Program] = []
    # Seeds that `check` does not use by default.
    seed = 1000
    while len(found) < n:
        for family, count in generate.counts(min(_EACH_SEED, n)).items():
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
        self._folder = folder
        self._programs = {f"program {number}": program for number, program in enumerate(programs(n))}
        runs.write(folder / "reference")
        done = _started([folder / "reference", _pickled(folder / "all.pickle", self._programs)])
        self._digests: dict[str, str] = {}
        self._called: dict[str, set[Function]] = {}
        for line in done.stdout.splitlines():
            name, self._digests[name], called = json.loads(line)
            self._called[name] = {(module, row) for module, row in called}
        self._right = folder / "right.json"
        self._right.write_text(json.dumps(self._digests), encoding="utf-8")

    def first_difference(self, mutation: Mutation) -> str:
        """What is first computed otherwise with a change; nothing if every byte is the same."""
        with tempfile.TemporaryDirectory() as folder:
            package, chosen = Path(folder) / "package", Path(folder) / "programs.pickle"
            runs.write(package, mutation)
            _pickled(chosen, {name: self._programs[name] for name in self.calling(mutation)})
            try:
                done = _started([package, chosen, self._right])
            except subprocess.TimeoutExpired:
                return "it does not end"
            return done.stdout.strip() if done.returncode == 0 else "it ends in an error"

    def calling(self, mutation: Mutation) -> list[str]:
        """The programs that call the function in which a change is; all of them for one that is in no function."""
        lines = _function_around(mutation)
        return [
            name
            for name in self._programs
            if lines is None or any(module == mutation.module and row in lines for module, row in self._called[name])
        ]


def _function_around(mutation: Mutation) -> range | None:
    """The lines of the outermost function around a change."""
    tree = ast.parse((SOURCE / f"{mutation.module}.py").read_text(encoding="utf-8"))
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
    for node in (node for body in bodies for node in body if isinstance(node, ast.FunctionDef)):
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        lines = range(first, (node.end_lineno or first) + 1)
        if mutation.line in lines:
            return lines
    return None


def _pickled(path: Path, given: Mapping[str, Program]) -> Path:
    path.write_bytes(pickle.dumps(given))
    return path


def _started(arguments: Iterable[Path]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.mutated_reference.equality", *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", timeout=_LIMIT_S, check=False)


def digests(
    folder: Path, given: Mapping[str, Program], called: Callable[[], AbstractContextManager[set[Function]]]
) -> Iterator[tuple[str, str, set[Function]]]:
    """For each thing that the package ``tinytorch`` of a folder computes its name, a digest, and what was called.

    Parameters
    ----------
    folder
        Where the package is.
    given
        The programs, by name.
    called
        Notes the functions that are called meanwhile.
    """
    sys.path.insert(0, str(folder))
    session = Session(FrameworkMap(runs.PACKAGE))
    if session.answer({"ask": "open"}).kind != "opened":
        return
    with np.errstate(all="ignore"):
        for name, values in scenes.played():
            yield name, _digest(values), set()
        student = session.student()
        for name, program in given.items():
            with called() as functions:
                results = interpret.run(student, program, lambda _: "")
            yield name, _digest(results[result] for result in sorted(results)), functions


@contextlib.contextmanager
def _noted(folder: Path) -> Iterator[set[Function]]:
    """The functions of a package that are called meanwhile."""
    seen: set[Function] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(str(folder)):
            seen.add((Path(frame.f_code.co_filename).stem, frame.f_code.co_firstlineno))

    sys.setprofile(note)
    try:
        yield seen
    finally:
        sys.setprofile(None)


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
    """Print digests, or what is first another."""
    folder, path, *right = map(Path, sys.argv[1:])
    given: dict[str, Program] = pickle.loads(path.read_bytes())
    if not right:
        for name, digest, functions in digests(folder, given, lambda: _noted(folder)):
            print(json.dumps([name, digest, sorted(functions)]))
        return
    expected: dict[str, str] = json.loads(right[0].read_text(encoding="utf-8"))
    left = {name for name in expected if name in given or not name.startswith("program ")}
    for name, digest, _ in digests(folder, given, lambda: contextlib.nullcontext(set())):
        if expected[name] != digest:
            print(name)
            return
        left.remove(name)
    print("it cannot be imported" if left else "")


if __name__ == "__main__":
    main()
