"""How the mirror bears a class: many clients at once fetch everything, and many real `load_dataset` at once.

``python -m benchmarks.mirror`` (needs the extra `serve`; memory is measured on Linux)
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from benchmarks.timing import Table, run
from tinytorch_hf import catalog

N_CLIENTS = 200
N_PROCESSES = 20

LOAD = """
import sys, time
import datasets
from tinytorch_hf import as_hf
from tinytorch_hf.data import content_hash
datasets.disable_progress_bars()
start = time.perf_counter()
loaded = datasets.load_dataset("tinytorch/" + sys.argv[1])
seconds = time.perf_counter() - start
print(seconds, *content_hash.fingerprints(sys.argv[1], as_hf.to_numpy(sys.argv[1], loaded)))
"""


@dataclass(frozen=True)
class Fetched:
    """What clients got together: files, bytes, what went wrong, and the seconds it took all of them."""

    n_files: int
    n_bytes: int
    errors: tuple[str, ...]
    seconds: float


@contextlib.contextmanager
def running_mirror() -> Iterator[tuple[int, str]]:
    """Process id and address of a mirror that serves every dataset, in a process of its own."""
    command = [sys.executable, "-m", "tinytorch_hf", "hub", "mirror", "--port", "0", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    try:
        assert process.stdout is not None  # noqa: S101 -- it was asked for
        yield process.pid, str(json.loads(process.stdout.readline())["endpoint"])
    finally:
        process.terminate()
        process.communicate()


def memory_mb(pid: int) -> float:
    """Peak resident memory of a process, not a number where Linux is not."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return float("nan")
    lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
    return int(lines["VmHWM"].split()[0]) / 1000


def fetch_everything(address: str, n_clients: int) -> Fetched:
    """Have clients fetch every file of every dataset, all at the same time, and check each against its ETag."""
    start_together = threading.Barrier(n_clients)
    counts: list[tuple[int, int]] = []
    errors: list[str] = []

    def client() -> None:
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=120)
        with contextlib.closing(connection):
            start_together.wait()
            try:
                counts.extend(_fetch(connection))
            except (OSError, ValueError, http.client.HTTPException) as error:
                errors.append(repr(error))

    threads = [threading.Thread(target=client) for _ in range(n_clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    return Fetched(sum(n for n, _ in counts), sum(size for _, size in counts), tuple(errors), seconds)


def _fetch(connection: http.client.HTTPConnection) -> Iterator[tuple[int, int]]:
    for dataset in json.loads(_get(connection, "/api/datasets?full=true")[1]):
        for sibling in dataset["siblings"]:
            path = f"/datasets/{dataset['id']}/resolve/{dataset['sha']}/{quote(sibling['rfilename'])}"
            etag, body = _get(connection, path)
            git_sha1 = hashlib.sha1(f"blob {len(body)}\0".encode() + body, usedforsecurity=False).hexdigest()
            if etag != f'"{git_sha1}"':
                raise ValueError(f"{path} is not what its ETag says")
            yield 1, len(body)


def _get(connection: http.client.HTTPConnection, path: str) -> tuple[str, bytes]:
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    if response.status != http.client.OK:
        raise ValueError(f"{path}: {response.status} {body[:200]!r}")
    return response.headers.get("ETag", ""), body


def load_dataset_seconds(address: str, name: str, n_processes: int) -> list[float]:
    """Seconds of the literal ``load_dataset`` in processes that run at the same time, each with an empty cache.

    Raises
    ------
    RuntimeError
        A process failed, or got other numbers.
    """
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(n_processes) as pool:
        return list(pool.map(lambda i: _load(address, name, Path(scratch) / str(i)), range(n_processes)))


def _load(address: str, name: str, home: Path) -> float:
    home.mkdir()
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    environment: dict[str, Any] = {**kept, "HF_ENDPOINT": address, "HF_HOME": str(home), "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-c", LOAD, name]
    done = subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, check=False)
    words = done.stdout.split()
    if done.returncode or words[1] != words[2]:
        raise RuntimeError(f"load_dataset of {name} failed: {done.stdout} {done.stderr}")
    return float(words[0])


def tables() -> Iterator[Table]:
    """Clients at once beside one after the other, real `load_dataset` beside one alone, and the mirror's memory.

    Raises
    ------
    RuntimeError
        A client met an error.
    """
    with running_mirror() as (pid, address):
        memory = {"before": [memory_mb(pid)]}
        one, together = f"one client, {N_CLIENTS} times", f"{N_CLIENTS} clients at once"
        found: dict[str, list[float]] = {one: [], together: []}
        for number in range(1, 4):
            alone = sorted(fetch_everything(address, 1).seconds for _ in range(9))
            many = fetch_everything(address, N_CLIENTS)
            if many.errors:
                raise RuntimeError(f"{len(many.errors)} clients failed: {many.errors[0]}")
            found[one].append(N_CLIENTS * alone[len(alone) // 2])
            found[together].append(many.seconds)
            memory[f"after {number} x {N_CLIENTS} clients"] = [memory_mb(pid)]
        yield Table("mirror", f"{many.n_files:,} files, {many.n_bytes / 1e6:.0f} MB from the mirror", one, found)
        name = catalog.shipped_names()[0]
        rounds = range(3)
        loads = {
            "alone": [load_dataset_seconds(address, name, 1)[0] for _ in rounds],
            f"{N_PROCESSES} processes at once, their median": [
                statistics.median(load_dataset_seconds(address, name, N_PROCESSES)) for _ in rounds
            ],
        }
        yield Table("mirror_load_dataset", f"load_dataset of {name} from the mirror", "alone", loads)
        memory["at the end"] = [memory_mb(pid)]
        yield Table("mirror_memory", "Peak memory of the mirror", "before", memory, "MB")


if __name__ == "__main__":
    run(__doc__, tables)
