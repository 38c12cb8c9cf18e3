"""How long `load_dataset` waits for a Hub that does not answer, before it takes the cache that was prepared.

The time is that of the library's own retries, so one call each is enough; the second takes minutes.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from tinytorch_hf.hub import offline

CALL = 'from datasets import load_dataset; load_dataset("tinytorch/tinydigits")'


def seconds(home: Path, endpoint: str) -> float:
    """How long a fresh process takes that loads TinyDigits while the Hub is looked for at ``endpoint``.

    Raises
    ------
    subprocess.CalledProcessError
        The call fails instead of taking the cache.
    """
    kept = {name: value for name, value in os.environ.items() if name != offline.VARIABLE}
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", CALL],
        cwd=home,
        env={**kept, "HF_HOME": str(home), "HF_ENDPOINT": endpoint},
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - start


def table(_scope: str) -> str:
    """Measure with the variable not set: no network, then a server that accepts and says nothing."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        home = Path(folder)
        subprocess.run(
            [sys.executable, "-m", "tinytorch_hf", "hub", "cache", "tinydigits"],
            env={**os.environ, "HF_HOME": folder},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        # Names that end like this never resolve (RFC 2606). The system accepts connections for the silent server.
        unresolved = seconds(home, "http://hub.invalid")
        unanswered = seconds(home, f"http://127.0.0.1:{silent.getsockname()[1]}")
    return "\n".join(
        [
            f"| `{offline.VARIABLE}` is not set, datasets {version('datasets')} | `load_dataset` takes |",
            "| --- | ---: |",
            f"| without a network | {unresolved:.0f} s |",
            f"| where a server accepts but never answers | {unanswered:.0f} s |",
        ]
    )
