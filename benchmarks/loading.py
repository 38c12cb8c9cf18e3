"""How long loading TinyDigits takes, beside a bare pickle.load and beside scikit-learn's load_digits.

``python -m benchmarks.loading`` (needs scikit-learn)
"""

from __future__ import annotations

import pickle
import statistics
import subprocess
import sys
import textwrap
from collections.abc import Callable
from typing import Any

from benchmarks.timing import report
from tinytorch_hf import catalog, store
from tinytorch_hf.loaders import load_tinydigits
from tinytorch_hf.timing import median_seconds

FOLDER = store.folder(catalog.TINYDIGITS)

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
OUR_FIRST_LOAD = FIRST_LOAD.format(prepare="from tinytorch_hf.loaders import load_tinydigits", load="load_tinydigits()")


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


def first_load_seconds(program: str, n_processes: int = 21) -> float:
    """Median seconds of the first load in a fresh process, imports not counted."""
    values = []
    for _ in range(n_processes):
        command = [sys.executable, "-c", textwrap.dedent(program)]
        values.append(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    return statistics.median(values)


def main() -> None:
    """Measure and print."""
    alternatives: dict[str, Callable[[], Any]] = {
        "bare pickle.load of both files": bare_pickle_load,
        "load_tinydigits(), verified": load_tinydigits,
        "sklearn.datasets.load_digits()": scikit_learn,
    }
    baseline = "bare pickle.load of both files"
    print(report("every load but the first", median_seconds(alternatives, 50), baseline))
    first = {
        baseline: first_load_seconds(BARE_FIRST_LOAD),
        "load_tinydigits(), verified": first_load_seconds(OUR_FIRST_LOAD),
    }
    print(report("the first load of a process", first, baseline))


if __name__ == "__main__":
    main()
