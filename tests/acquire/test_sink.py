"""Specification of the partial file: what has come is in it at once, and a server that is too slow is left."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest

from tinytorch_hf.acquire import sink
from tinytorch_hf.acquire.reasons import Failure
from tinytorch_hf.acquire.sink import Patience, Sink
from tinytorch_hf.errors import StorageError

PATIENCE = Patience(slow_bytes_per_s=100, slow_s=10.0)


class Clock:
    """A clock that goes when it is told."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        """As time.monotonic."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of every sink in a test."""
    clock = Clock()
    monkeypatch.setattr(sink, "time", clock)
    return clock


def test_what_has_come_is_in_the_file_at_once(tmp_path: Path) -> None:
    """A process that is killed loses none of it."""
    with Sink(tmp_path / "a.part", 10, PATIENCE) as partial:
        partial.begin(0)
        partial.write(b"abc")
        assert (tmp_path / "a.part").read_bytes() == b"abc"
        assert (partial.n_bytes, partial.missing) == (3, 7)


def test_folders_that_are_not_there_are_made(tmp_path: Path) -> None:
    """As many as are missing; and nothing is left of a download of which nothing came."""
    folder = tmp_path / "a" / "b"

    with Sink(folder / "a.part", 10, PATIENCE) as partial:
        assert (partial.first, partial.n_bytes, partial.is_receiving) == (0, 0, False)

    assert [*folder.iterdir()] == []


def test_what_the_system_takes_in_parts_is_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is nearly full takes less than it is given."""

    class Narrow(io.FileIO):
        def write(self, data: Any, /) -> int:
            return super().write(data[:3])

    monkeypatch.setattr(sink.os, "fdopen", lambda handle, *_, **__: Narrow(handle, "r+"))
    with Sink(tmp_path / "a.part", 10, PATIENCE) as partial:
        partial.begin(0)
        partial.write(b"abcdefgh")
    assert (tmp_path / "a.part").read_bytes() == b"abcdefgh"


def test_the_speed_is_that_of_a_whole_stretch_of_time(tmp_path: Path, clock: Clock) -> None:
    """All pieces of the stretch count together, and the next stretch begins with none."""
    with Sink(tmp_path / "a.part", 10**6, PATIENCE) as partial:
        partial.begin(0)
        for second in range(1, 31):
            clock.now = float(second)
            partial.write(bytes(101))
        for second in range(31, 40):
            clock.now = float(second)
            partial.write(bytes(50))
        clock.now = 40.0
        with pytest.raises(Failure, match="it is too slow: 50 bytes per second"):
            partial.write(bytes(50))


def test_a_slow_moment_is_forgiven(tmp_path: Path, clock: Clock) -> None:
    """Nobody is judged before the stretch is over, or once all has come."""
    with Sink(tmp_path / "a.part", 2, PATIENCE) as partial:
        partial.begin(0)
        clock.now = 9.0
        partial.write(b"x")
        clock.now = 99.0
        partial.write(b"y")
    assert (tmp_path / "a.part").read_bytes() == b"xy"


@pytest.mark.parametrize("make", ["link", "hard link"])
def test_what_comes_between_the_look_and_the_opening_is_not_written_to(
    make: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the system cannot be told to follow no links, as Windows cannot."""
    precious, partial = tmp_path / "precious", tmp_path / "a.part"
    precious.write_bytes(b"mine")
    partial.write_bytes(b"begun")
    looked_at = partial.lstat()
    partial.unlink()
    if make == "link":
        partial.symlink_to(precious)
    else:
        os.link(precious, partial)
    monkeypatch.setattr(Path, "lstat", lambda path: looked_at if path == partial else os.lstat(path))
    monkeypatch.delattr(os, "O_NOFOLLOW", raising=False)

    with pytest.raises(StorageError, match=r"a\.part is "), Sink(partial, 10, PATIENCE) as opened:
        opened.begin(0)
    assert precious.read_bytes() == b"mine"
