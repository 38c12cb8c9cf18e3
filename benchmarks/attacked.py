"""How the mirror bears a class while others are slow, broken or hostile; and how it ends during transfers.

``python -m benchmarks.attacked`` (needs the extra `serve`; memory is measured on Linux)
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from benchmarks import mirror
from benchmarks.timing import Table, run

N_OF_EACH = 20
"""Attackers of each kind."""

Attack = Callable[[socket.socket, str, random.Random], None]


def slow_to_ask(connection: socket.socket, path: str, _rng: random.Random) -> None:
    """A request that never ends, byte by byte."""
    for byte in f"GET {path} HTTP/1.1\r\nHost: x\r\nX: ".encode() + b"a" * 10_000:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def half_closed(connection: socket.socket, path: str, _rng: random.Random) -> None:
    """Half a request, after which nothing more will come, yet the answer is waited for."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost:".encode())
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(2**16):
        pass


def garbage(connection: socket.socket, _path: str, rng: random.Random) -> None:
    """Bytes that are no HTTP."""
    connection.sendall(rng.randbytes(rng.randrange(1, 50_000)))
    connection.recv(2**16)


def huge_headers(connection: socket.socket, path: str, _rng: random.Random) -> None:
    """Headers without end."""
    connection.sendall(f"GET {path} HTTP/1.1\r\n".encode())
    for number in range(2_000):
        connection.sendall(f"X-{number}: {'a' * 1_000}\r\n".encode())


def thousands_of_ranges(connection: socket.socket, path: str, _rng: random.Random) -> None:
    """A file in thousands of pieces that overlap."""
    ranges = ",".join(f"{first}-" for first in range(5_000))
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nRange: bytes={ranges}\r\n\r\n".encode())
    while connection.recv(2**16):
        pass


def never_reading(connection: socket.socket, path: str, _rng: random.Random) -> None:
    """Many files asked for in one breath, and not a byte taken."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 500)
    time.sleep(5)


def torn_down(connection: socket.socket, path: str, _rng: random.Random) -> None:
    """The connection is reset as soon as the answer begins."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def endless_body(connection: socket.socket, _path: str, _rng: random.Random) -> None:
    """A body that is announced as small as nobody believes, and goes on."""
    connection.sendall(
        b"POST /api/datasets/a/b/paths-info/main HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    for _ in range(2_000):
        connection.sendall(b"2000\r\n" + bytes(0x2000) + b"\r\n")


ATTACKS: tuple[Attack, ...] = (
    *(slow_to_ask, half_closed, garbage, huge_headers, thousands_of_ranges, never_reading, torn_down, endless_body),
)


@contextlib.contextmanager
def attacked(address: str, n_of_each: int) -> Iterator[dict[str, int]]:
    """Have attackers of every kind at work until the end of the block; gives how often each kind has begun."""
    where, path = urlsplit(address), _largest(address)
    begun = dict.fromkeys((attack.__name__ for attack in ATTACKS), 0)
    stop = threading.Event()

    def work(attack: Attack, seed: int) -> None:
        rng = random.Random(seed)  # noqa: S311 -- the same garbage every time
        while not stop.is_set():
            host = where.hostname or "", where.port or 0
            with contextlib.suppress(OSError), socket.create_connection(host, timeout=2) as connection:
                begun[attack.__name__] += 1
                attack(connection, path, rng)
            stop.wait(1)

    threads = [
        threading.Thread(target=work, args=(attack, seed), daemon=True)
        for attack in ATTACKS
        for seed in range(n_of_each)
    ]
    for thread in threads:
        thread.start()
    try:
        yield begun
    finally:
        stop.set()


def _largest(address: str) -> str:
    """The path of the largest file that is served."""
    files = [
        (file["size"], f"/datasets/{dataset}/resolve/main/{file['path']}")
        for dataset in _json(address, "/status.json")["datasets"]
        for file in _json(address, f"/api/datasets/{dataset}/tree/main?recursive=1")
        if file["type"] == "file"
    ]
    return max(files)[1]


def _json(address: str, path: str) -> Any:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())


def ended_during_transfers(n_clients: int) -> tuple[float, int, str]:
    """Seconds until a mirror has ended that is told to while clients fetch; its exit status, and what it said."""
    command = [sys.executable, "-m", "tinytorch_hf", "hub", "mirror", "--port", "0", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")
    assert process.stdout is not None  # noqa: S101 -- it was asked for
    address = str(json.loads(process.stdout.readline())["endpoint"])
    fetching = threading.Thread(target=mirror.fetch_everything, args=(address, n_clients), daemon=True)
    fetching.start()
    time.sleep(0.5)
    start = time.perf_counter()
    os.kill(process.pid, signal.SIGTERM)
    _, said = process.communicate()
    return time.perf_counter() - start, process.returncode, said


def tables() -> Iterator[Table]:
    """The honest alone and beside attackers, the mirror's memory, and how soon it ends.

    Raises
    ------
    RuntimeError
        An honest client met an error, or the mirror did not end as it should.
    """
    n = mirror.N_CLIENTS
    with mirror.running_mirror() as (pid, address):
        found: dict[str, list[float]] = {f"{n} clients": [], f"beside {N_OF_EACH} of each of {len(ATTACKS)} kinds": []}
        memory: dict[str, list[float]] = {key: [] for key in found}
        for key, seconds in found.items():
            with contextlib.ExitStack() as stack:
                if key.startswith("beside"):
                    stack.enter_context(attacked(address, N_OF_EACH))
                for _ in range(3):
                    fetched = mirror.fetch_everything(address, n)
                    if fetched.errors:
                        raise RuntimeError(f"{len(fetched.errors)} honest clients failed: {fetched.errors[0]}")
                    seconds.append(fetched.seconds)
                    memory[key].append(mirror.memory_mb(pid))
        yield Table("attacked", f"{fetched.n_files:,} files from the mirror", f"{n} clients", found)
        yield Table("attacked_memory", "Peak memory of the mirror", f"{n} clients", memory, "MB")
    ends = [ended_during_transfers(n) for _ in range(3)]
    if any(status or said for _, status, said in ends):
        raise RuntimeError(f"the mirror did not end as it should: {ends}")
    until = "until it has ended"
    yield Table("attacked_end", "SIGTERM during transfers", until, {until: [took for took, *_ in ends]})


if __name__ == "__main__":
    run(__doc__, tables)
