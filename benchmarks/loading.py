"""How long loading TinyDigits takes, beside a bare pickle.load and beside scikit-learn's load_digits.

``python -m benchmarks.loading`` (needs scikit-learn)
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.timing import Table, measure, run
from tinytorch_hf import catalog
from tinytorch_hf.data.lessons import load_tinydigits
from tinytorch_hf.files import folders

FOLDER = folders.folder(catalog.TINYDIGITS)

# The first load of a process also hashes the files; every later one compares them with what was hashed.
FIRST_LOAD = """
    import time, pickle
    import numpy
    from pathlib import Path
    {prepare}
    start = time.perf_counter()
    {load}
    print(time.perf_counter() - start)
"""
BARE_FIRST_LOAD = FIRST_LOAD.format(
    prepare="numpy._core.multiarray",
    load=f"[pickle.load((Path({str(FOLDER)!r}) / name).open('rb')) for name in ('train.pkl', 'test.pkl')]",
)
OUR_FIRST_LOAD = FIRST_LOAD.format(
    prepare="from tinytorch_hf.data.lessons import load_tinydigits", load="load_tinydigits()"
)


def bare_pickle_load() -> list[Any]:
    """Read the same two files without verifying anything."""
    contents = []
    for file in catalog.TINYDIGITS.files:
        with (FOLDER / file.name).open("rb") as stream:
            contents.append(pickle.load(stream))
    return contents


def scikit_learn() -> Any:
    """Load the same images from scikit-learn's compressed text."""
    from sklearn.datasets import load_digits

    return load_digits()


def first_load_seconds(program: str) -> float:
    """Seconds of the first load in a fresh process, imports not counted."""
    command = [sys.executable, "-c", textwrap.dedent(program)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def tables() -> Iterator[Table]:
    """Every load but the first of a process, then the first."""
    alternatives: dict[str, Callable[[], Any]] = {
        "bare pickle.load of both files": bare_pickle_load,
        "load_tinydigits(), verified": load_tinydigits,
        "sklearn.datasets.load_digits()": scikit_learn,
    }
    baseline = "bare pickle.load of both files"
    yield measure("loads", "Loading TinyDigits, every time but the first", alternatives, baseline, 50)
    first: dict[str, list[float]] = {baseline: [], "load_tinydigits(), verified": []}
    for _ in range(21):
        for values, program in zip(first.values(), (BARE_FIRST_LOAD, OUR_FIRST_LOAD), strict=True):
            values.append(first_load_seconds(program))
    yield Table("first_loads", "The first load of a process, imports not counted", baseline, first)


if __name__ == "__main__":
    run(__doc__, tables)
