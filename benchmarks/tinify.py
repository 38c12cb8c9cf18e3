"""What `tinify` costs: 100,000 and 1,000,000 images of 28x28, without the proof, as arrays and as image files.

The images are made from MNIST by shifts and noise, see `benchmarks.many_digits`; MNIST has to be in the cache. Seconds
are those of processors, of all processes of a run together; memory is the largest sum of what all of them hold at one
time, where pages that several share count once (proportional set size; Linux). It takes half an hour and 8 GB; with
TINIFY_SOURCES the images are kept in that folder for the next time. Each run is measured once: processor time says
little more when it is repeated, and it is long.

``python -m benchmarks.tinify`` (needs Pillow, pyarrow and `tinytorch-hf download mnist`; Linux)
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import many_digits
from benchmarks.timing import Table, run

FEW, MANY = 100_000, 1_000_000
N_WORKERS = 2

_INTERVAL_S = 0.25

DECODE = """
import io, sys
from pathlib import Path
import numpy as np
import pyarrow.parquet
from PIL import Image
for path in sorted(Path(sys.argv[1]).iterdir()):
    for batch in pyarrow.parquet.ParquetFile(path).iter_batches(500, columns=["image"], use_threads=False):
        for data in batch.column(0).field("bytes").to_pylist():
            with Image.open(io.BytesIO(data)) as image:
                np.asarray(image)
"""
"""What it costs to decode image files in Parquet and nothing else, in one process."""

TINIFY = """
import sys
from tinytorch_hf.cli import main
if __name__ == "__main__":
    options = ["--name", "many", "--no-proof", "--license", "CC0-1.0", "--workers", sys.argv[3]]
    sys.exit(main(["tinify", sys.argv[1], "--out", sys.argv[2], *options]))
"""


def measured(program: str, arguments: Sequence[str], folder: Path) -> tuple[float, float]:
    """Processor seconds and peak memory in MB of a program and all processes that it starts and waits for."""
    script = folder / "program.py"
    script.write_text(program, encoding="utf-8")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(Path.cwd())}
    before, most = _processor_seconds(), 0.0
    command = [sys.executable, str(script), *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment) as process:
        while process.poll() is None:
            most = max(most, _memory_mb(process.pid))
            time.sleep(_INTERVAL_S)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, str(script))
    return _processor_seconds() - before, most


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _memory_mb(root: int) -> float:
    """What a process and all below it hold now."""
    below: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[1])
        except OSError:
            continue
        below.setdefault(parent, []).append(int(path.parent.name))
    total, left = 0, [root]
    while left:
        process = left.pop()
        left += below.get(process, [])
        total += _held_kb(process)
    return total * 1024 / 1e6


def _held_kb(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def tinified(form: str, n: int, folder: Path) -> tuple[float, float]:
    """Processor seconds and peak memory of making a set of so many images in one form."""
    source = folder / f"{n} {form}"
    if not source.exists():
        many_digits.write(source, form, n)
    with tempfile.TemporaryDirectory(dir=folder) as out:
        return measured(TINIFY, [str(source), str(Path(out, "out")), str(N_WORKERS)], folder)


def tables() -> Iterator[Table]:
    """Costs by form and number, beside a tenth of the images, and beside decoding alone."""
    few, many = f"{FEW:,} images", f"{MANY:,} images"
    decoding = "decoding alone, by Pillow"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(os.environ.get("TINIFY_SOURCES", name))
        for form, (suffix, _) in many_digits.FORMS.items():
            seconds, memory = {}, {}
            for title, n in ((few, FEW), (many, MANY)):
                seconds[title], memory[title] = tinified(form, n, folder)
            key = "_".join(form.lower().replace(",", "").split())
            yield Table(
                f"tinify_{key}", f"Processor time of tinify without its proof, {form} ({suffix})", few, _one(seconds)
            )
            yield Table(f"tinify_memory_{key}", f"Peak memory of all processes, {form}", few, _one(memory), "MB")
            if "PNG" in form:
                # Each takes as long as any other, so that a tenth of them is enough to know.
                decoded = measured(DECODE, [str(folder / f"{FEW} Parquet, PNG")], folder)[0] * MANY / FEW
                both = {decoding: decoded, f"tinify, {form}": seconds[many]}
                yield Table(
                    f"tinify_beside_decoding_{key}", f"Processor time of {MANY:,} PNGs of 28x28", decoding, _one(both)
                )


def _one(values: dict[str, float]) -> dict[str, list[float]]:
    return {name: [value] for name, value in values.items()}


if __name__ == "__main__":
    run(__doc__, tables)
