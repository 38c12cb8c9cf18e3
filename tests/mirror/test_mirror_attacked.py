"""Specification of the mirror among slow, broken and hostile clients: the honest notice nothing, memory is bounded."""

from __future__ import annotations

import json
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from conftest import Start
from serving import ask, write_course

from benchmarks import attacked as attacks
from benchmarks import mirror as benchmark
from tinytorch_hf.cli import OK

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory and signals of one process are Linux's")


@pytest.mark.longer
def test_the_honest_get_everything_while_others_attack(start_in: Start, tmp_path: Path) -> None:
    """Every file is what its ETag says; what the mirror holds does not grow with the attackers."""
    arguments = ("hub", "mirror", "tinydigits", "--port", "0", "--json")
    process = start_in(tmp_path, "libraries", "-m", "tinytorch_hf", *arguments)
    address = json.loads(process.line())["endpoint"]
    assert benchmark.fetch_everything(address, 40).errors == ()
    before = benchmark.memory_mb(process.pid)

    with attacks.attacked(address, 5) as begun:
        assert benchmark.fetch_everything(address, 40).errors == ()
        assert all(begun.values()), begun

    assert benchmark.memory_mb(process.pid) < before + 150
    process.send_signal(signal.SIGTERM)
    done = process.wait()
    assert (done.returncode, done.stderr) == (OK, "")


def test_a_mirror_that_is_told_to_end_during_transfers_ends(start_in: Start, tmp_path: Path) -> None:
    """Soon, with 0 and without a word; those who were served see that the answer is not whole."""
    course, temporary = write_course(tmp_path / "course"), tmp_path / "temporary"
    temporary.mkdir()
    (course / "words" / "large.bin").write_bytes(bytes(50_000_000))
    arguments = ("hub", "mirror", "tinydigits", "--port", "0", "--json", "--folder", str(course))
    process = start_in(tmp_path, "libraries", "-m", "tinytorch_hf", *arguments, TMPDIR=str(temporary))
    address = json.loads(process.line())["endpoint"]
    large = "/datasets/course/words/resolve/main/large.bin"
    n_bytes = int(ask(address, large, "HEAD").headers["content-length"])
    parts, received, ended = urlsplit(address), list[int](), threading.Event()

    def slowly() -> None:
        with socket.create_connection((parts.hostname or "", parts.port or 0)) as connection:
            connection.sendall(f"GET {large} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            count = 0
            try:
                while piece := connection.recv(10_000):
                    count += len(piece)
                    ended.wait(0.02)
            except OSError:
                pass
            received.append(count)

    clients = [threading.Thread(target=slowly) for _ in range(5)]
    for client in clients:
        client.start()
    time.sleep(0.3)
    start = time.monotonic()
    process.send_signal(signal.SIGTERM)
    done = process.wait()
    ended.set()

    assert time.monotonic() - start < 10
    # That a large file has been read may have been said before.
    said = [line for line in done.stderr.splitlines() if not line.endswith(" is ready.")]
    assert (done.returncode, said, list(temporary.iterdir())) == (OK, [], [])
    for client in clients:
        client.join(30)
    assert len(received) == 5 and max(received) < n_bytes
