"""Specification of `tinify` where the machine ends it: processes are killed in each phase; for `nox -s longer`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from test_making import bars

pytest.importorskip("sklearn", reason="scikit-learn is not installed")

# The beginnings of the lines of the log after which a run is killed, by the phase that follows.
PHASES = {"reading": "tinify", "choosing": "read", "proving": "chose", "writing": "proof"}
PATIENCE = 300
NUMBERS = ("--test-per-class", "3", "--candidates", "12", "--license", "MIT", "--workers", "2")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four archives of images."""
    folder = tmp_path_factory.mktemp("source")
    images, labels = bars(120)
    for number in range(4):
        np.savez(folder / f"{number}.npz", images=images[number::4], labels=labels[number::4])
    return folder


def started(source: Path, out: Path, *options: str) -> subprocess.Popen[bytes]:
    """The command, with its workers in a group of processes of its own."""
    words = ["tinify", str(source), "--out", str(out), "--name", "killed", "--per-class", "6"]
    return subprocess.Popen(
        [sys.executable, "-m", "tinytorch_hf", *words, *NUMBERS, *options],
        start_new_session=True,
    )


def content(folder: Path) -> dict[str, bytes]:
    """The files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def undisturbed(source: Path) -> dict[str, bytes]:
    """The files of a run that nothing has killed."""
    out = source.with_name("undisturbed")
    assert started(source, out).wait(PATIENCE) in (0, 3)
    return content(out)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="there are no groups of processes")
@pytest.mark.parametrize("phase", PHASES)
def test_a_killed_run_goes_on_to_the_same_bytes(
    phase: str, source: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    """All of its processes at once, as a scheduler does; what has the folder's name is whole or not there."""
    out, log = tmp_path / "out", tmp_path / "out.log"
    process = started(source, out)
    end = time.monotonic() + PATIENCE
    while not (log.exists() and any(PHASES[phase] in line[34:44] for line in log.read_text().splitlines())):
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(PATIENCE)

    assert not out.exists() or content(out) == undisturbed
    if not out.exists():
        assert started(source, out).wait(PATIENCE) == 2
        assert started(source, out, "--resume").wait(PATIENCE) in (0, 3)
    assert content(out) == undisturbed
    assert {path.name for path in tmp_path.iterdir()} == {"out", "out.log"}
