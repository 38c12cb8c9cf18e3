"""Specification of downloads by processes that share a folder, are killed, or find the disk full."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import faulty_server as faults
import pytest
from faulty_server import serving_faults
from small_dataset import PACKED, small

from tinytorch_hf.acquire import lock
from tinytorch_hf.errors import StorageError

pytest.importorskip("requests", reason="downloads need the extra `download`")

TESTS = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it has neither fork nor signals for one process")


@contextlib.contextmanager
def process(program: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A program in a process of its own, in which a small dataset can be downloaded."""
    start = f"""
        import sys
        sys.path[:0] = [{str(TESTS / "acquire")!r}, {str(TESTS.parent)!r}]
        from pathlib import Path
        from small_dataset import small
        from tinytorch_hf.errors import TinyTorchHFError
    """
    code = textwrap.dedent(start) + textwrap.dedent(program)
    command = [sys.executable, "-B", "-c", code, *map(str, arguments)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def test_ten_processes_cause_one_download(tmp_path: Path) -> None:
    """All succeed, the server sends the file once, and nobody unpacks what is unpacked."""

    def slow(exchange: faults.Exchange, content: bytes) -> None:
        body = faults.begin(exchange, content)
        exchange.body(body[:50_000])
        time.sleep(0.4)
        exchange.body(body[50_000:])

    program = """
        import multiprocessing
        import filelock, requests
        case = small(Path(sys.argv[1]), sys.argv[2])

        def download(_number):
            return [path.name for path in case.fetch()]

        with multiprocessing.get_context("fork").Pool(10) as pool:
            print(sorted(pool.map(download, range(10), chunksize=1)))
    """
    with serving_faults(PACKED, slow) as server, process(program, tmp_path, server.address) as running:
        out, err = running.communicate(timeout=60)
    assert out.strip() == str(sorted([["letters.gz", "letters"], *([[]] * 9)])), err
    assert (server.firsts, server.sent) == ([0], len(PACKED))
    assert small(tmp_path).is_whole()


def test_a_killed_process_leaves_a_beginning_that_the_next_one_goes_on_from(tmp_path: Path) -> None:
    """SIGKILL in the middle of the download: the lock is free, no byte is sent twice."""
    program = "small(Path(sys.argv[1]), sys.argv[2]).fetch()"
    with (
        serving_faults(PACKED, faults.stall(60_000), faults.good) as server,
        process(program, tmp_path, server.address) as running,
    ):
        case = small(tmp_path, server.address)
        deadline = time.monotonic() + 30
        while not (case.partial.exists() and case.partial.stat().st_size == 60_000) and time.monotonic() < deadline:
            time.sleep(0.005)
        running.send_signal(signal.SIGKILL)
        running.wait()
        assert case.nothing_is_trusted()
        case.fetch()
    assert case.is_whole()
    assert (server.firsts, server.sent) == ([0, 60_000], len(PACKED))


def test_a_full_disk_is_explained_and_what_came_is_kept(tmp_path: Path) -> None:
    """With room again it goes on; in between nothing seems to be there that is not."""
    program = """
        import resource, signal
        case = small(Path(sys.argv[1]), sys.argv[2])
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))
        try:
            case.fetch()
        except TinyTorchHFError as error:
            print(type(error).__name__, error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print(case.nothing_is_trusted(), [path.stat().st_size for path in case.root.rglob("*.part")])
        case.fetch()
    """
    with serving_faults(PACKED, faults.good) as server, process(program, tmp_path, server.address) as running:
        out, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    message, state = out.splitlines()
    assert message.startswith("StorageError") and "could not be written: File too large" in message
    assert state == "True [30000]"
    assert server.firsts == [0, 30_000]
    assert small(tmp_path).is_whole()


def test_a_full_disk_while_unpacking_leaves_a_good_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no piece of the unpacked file."""
    with serving_faults(PACKED, faults.good) as server:
        case = small(tmp_path, server.address)

        def full(_handle: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            with pytest.raises(StorageError, match=r"letters could not be written: No space left on device"):
                case.fetch()
        assert case.archive.read_bytes() == PACKED
        assert not case.unpacked.exists() and not list(tmp_path.rglob("*.part"))
        assert case.fetch() == [case.unpacked]
    assert server.firsts == [0]


def test_what_a_process_left_that_was_killed_while_it_unpacked_is_removed(tmp_path: Path) -> None:
    """So that no folder fills up with it; what is young may be another process's, at work."""
    with serving_faults(PACKED, faults.good) as server:
        case = small(tmp_path, server.address)
        case.archive.parent.mkdir()
        old, young = (case.archive.parent / f".letters.{age}.part" for age in ("old", "young"))
        for path in (old, young):
            path.write_bytes(b"left over")
        os.utime(old, (time.time() - 7200,) * 2)
        case.fetch()
    assert young.exists()
    young.unlink()
    assert case.is_whole()


def test_a_folder_that_is_read_only_but_good_is_left_alone(tmp_path: Path) -> None:
    """No lock is taken where nothing is to be done."""
    with serving_faults(PACKED, faults.good) as server:
        case = small(tmp_path, server.address)
        case.fetch()
        (case.archive.parent / ".letters.gz.lock").unlink(missing_ok=True)
        case.archive.parent.chmod(0o555)
        try:
            assert case.fetch() == []
        finally:
            case.archive.parent.chmod(0o755)
    assert [path.name for path in sorted(case.archive.parent.iterdir())] == ["letters", "letters.gz"]


def test_a_place_that_cannot_be_a_folder_is_explained(tmp_path: Path) -> None:
    """A file stands where the folder belongs."""
    (tmp_path / "small").write_bytes(b"")

    with pytest.raises(StorageError, match=r"small cannot be written to: .* TINYTORCH_HF_CACHE"):
        small(tmp_path, "http://127.0.0.1:1").fetch()


def test_waiting_is_said_after_a_while(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Once; then it goes on as soon as the other is done."""
    import threading

    path, done = tmp_path / "file.gz", []

    def other() -> None:
        with lock.only_one(path, quiet_s=0.05):
            done.append("other")

    with lock.only_one(path):
        thread = threading.Thread(target=other)
        thread.start()
        time.sleep(0.3)
        done.append("first")
    thread.join()
    assert done == ["first", "other"]
    assert capsys.readouterr().err == "Another process is downloading file.gz; this one goes on when it is done.\n"


@pytest.mark.parametrize("answer", ["ENOLCK", "ENOSYS", "ENOTSUP", "EINVAL", "ENOTTY"])
def test_without_locks_of_the_system_a_file_stands_for_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder, answer: str
) -> None:
    """NFS without its lock service, file systems of user space: one at a time all the same, gone afterwards."""
    import errno
    import fcntl

    def no_locks(*_arguments: object) -> None:
        raise OSError(getattr(errno, answer), "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    path = tmp_path / "file.gz"
    with lock.only_one(path):
        assert (tmp_path / ".file.gz.locked").exists()
    assert not (tmp_path / ".file.gz.locked").exists()
    # Some releases of filelock do the same in their own way, and tell people so.
    assert not recwarn.list


def test_a_link_in_the_place_of_a_lock_is_not_followed(tmp_path: Path) -> None:
    """What it leads to is not made."""
    (tmp_path / ".file.gz.lock").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(StorageError, match="cannot be written to"), lock.only_one(tmp_path / "file.gz"):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_a_killed_holder_of_such_a_lock_does_not_block_its_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process is gone, so the file that it left is taken over."""
    import errno
    import fcntl

    def no_locks(*_arguments: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    program = """
        import errno, fcntl, os
        from tinytorch_hf.acquire import lock
        def no_locks(*_arguments):
            raise OSError(errno.ENOLCK, "No locks available")
        fcntl.flock = no_locks
        with lock.only_one(Path(sys.argv[1])):
            os.kill(os.getpid(), 9)
    """
    path = tmp_path / "file.gz"
    with process(program, path) as running:
        running.wait(timeout=60)
    assert (tmp_path / ".file.gz.locked").exists()
    monkeypatch.setattr(fcntl, "flock", no_locks)

    with lock.only_one(path):
        pass
    assert not (tmp_path / ".file.gz.locked").exists()
