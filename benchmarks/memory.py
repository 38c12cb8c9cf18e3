"""Peak memory of loading each shipped dataset in a fresh process, beside `import numpy` alone.

``python -m benchmarks.memory`` (NumPy alone; Linux and macOS)
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from benchmarks.timing import Table, run
from tinytorch_hf import catalog

REPEATS = 9
BASELINE = "import numpy alone"

# Linux counts in kilobytes, macOS in bytes.
PEAK = """
import resource, sys
{program}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6)
"""


def peak_mb(program: str) -> float:
    """Peak resident memory, in MB, of a process that runs this."""
    command = [sys.executable, "-c", PEAK.format(program=program)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def programs() -> dict[str, str]:
    """What each process does."""
    loads = {
        f"load({name!r}), every column": f"from tinytorch_hf import load; splits = load({name!r})"
        for name in catalog.shipped_names()
    }
    lessons = {
        f"{function}()": f"from tinytorch_hf import {function}; arrays = {function}()"
        for function in ("load_tinydigits", "load_digits_8x8", "load_tinymnist", "load_tinytalks")
    }
    return {BASELINE: "import numpy", **loads, **lessons}


def tables() -> Iterator[Table]:
    """One table."""
    found: dict[str, list[float]] = {name: [] for name in programs()}
    for _ in range(REPEATS):
        for name, program in programs().items():
            found[name].append(peak_mb(program))
    yield Table("memory", "Peak memory of a process", BASELINE, found, "MB")


if __name__ == "__main__":
    run(__doc__, tables)
