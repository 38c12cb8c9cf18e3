"""Specification of downloads on disks that fill up, may not be written or have no locks, by processes that are killed.

After each of these there is a good file or a clear error; what is not good is never trusted later.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import faulty_server as faults
import pytest
from faulty_server import serving_faults
from small_dataset import PACKED, UNPACKED, Small, small

from tinytorch_hf.errors import StorageError

pytest.importorskip("requests", reason="downloads need the extra `download`")

TESTS = Path(__file__).resolve().parents[1]

pytestmark = [
    pytest.mark.longer,
    pytest.mark.skipif(sys.platform != "linux", reason="file systems are mounted as Linux does it"),
]

PROGRAM = f"""
import errno, sys
sys.path[:0] = [{str(TESTS / "acquire")!r}, {str(TESTS.parent)!r}]
from pathlib import Path
from small_dataset import small
from tinytorch_hf.errors import TinyTorchHFError
if sys.argv[3] == "without locks":
    import fcntl
    def no_locks(*_arguments):
        raise OSError(errno.ENOLCK, "No locks available")
    fcntl.flock = no_locks
try:
    small(Path(sys.argv[1]), sys.argv[2]).fetch()
except TinyTorchHFError as error:
    print(type(error).__name__, error)
"""


def begun(folder: Path, address: str, how: str) -> subprocess.Popen[str]:
    """A process that downloads."""
    command = [sys.executable, "-B", "-c", PROGRAM, str(folder), address, how]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")


def check(case: Small) -> None:
    """Raise unless what seems to be there is good."""
    for path, content in ((case.archive, PACKED), (case.unpacked, UNPACKED)):
        assert not path.exists() or path.read_bytes() == content


def drip(exchange: faults.Exchange, content: bytes) -> None:
    """The file in twenty pieces, within a second or so."""
    body = faults.begin(exchange, content)
    for start in range(0, len(body), 5_000):
        exchange.body(body[start : start + 5_000])
        time.sleep(0.03)


@pytest.mark.parametrize("how", ["with locks", "without locks"])
def test_processes_that_are_killed_at_any_moment_leave_nothing_bad(tmp_path: Path, how: str) -> None:
    """Ten at a time, again and again; whoever comes last has a good file, or goes on from what is there."""
    rng = random.Random(1)  # noqa: S311 -- the same moments every time
    case = small(tmp_path)
    with serving_faults(PACKED, drip) as server:
        for _ in range(4):
            running = [begun(tmp_path, server.address, how) for _ in range(10)]
            for process in running:
                time.sleep(rng.random() * 0.4)
                process.send_signal(signal.SIGKILL)
                check(case)
            for process in running:
                process.communicate()
        last = begun(tmp_path, server.address, how)
        out, err = last.communicate(timeout=60)

    assert (last.returncode, out) == (0, ""), err
    check(case)
    assert case.archive.exists() and case.unpacked.exists()


def mount(*arguments: object, command: str = "mount") -> bool:
    """Whether the system's command did that."""
    found = shutil.which(command)
    return (
        bool(found)
        and not subprocess.run([str(found), *map(str, arguments)], check=False, capture_output=True).returncode
    )


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A small file system in memory; the test is skipped where none may be mounted."""
    folder.mkdir(exist_ok=True)
    if not mount("-t", "tmpfs", "-o", options, "tmpfs", folder):
        pytest.skip("no file system may be mounted here")
    try:
        yield
    finally:
        mount("-l", folder, command="umount")


@pytest.mark.parametrize("size", [8, 64, 104, 120, 160])
def test_a_disk_that_fills_up_is_told(tmp_path: Path, size: int) -> None:
    """While the archive comes or while it is unpacked; with room again it goes on."""
    disk = tmp_path / "disk"
    with mounted(disk, f"size={size}k"), serving_faults(PACKED, faults.good) as server:
        case = small(disk, server.address)
        with pytest.raises(StorageError):
            case.fetch()
        check(case)
        assert mount("-o", "remount,size=1m", disk)
        case.fetch()
        assert case.is_whole()


def test_a_disk_that_may_only_be_read(tmp_path: Path) -> None:
    """Is left alone where it holds what is wanted, and else told."""
    disk = tmp_path / "disk"
    with mounted(disk, "size=1m"), serving_faults(PACKED, faults.good) as server:
        case = small(disk, server.address)
        assert mount("-o", "remount,ro", disk)
        with pytest.raises(StorageError, match="Read-only file system"):
            case.fetch()
        assert server.exchanges == []
        assert mount("-o", "remount,rw", disk)
        case.fetch()
        assert mount("-o", "remount,ro", disk)
        assert case.fetch() == [] and case.is_whole()
