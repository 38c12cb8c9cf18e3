"""Specification of `tinytorch-hf download`: what it says, what it exits with, and how it is interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import faulty_server as faults
import pytest

from tinytorch_hf import catalog
from tinytorch_hf.acquire import places
from tinytorch_hf.cli import OK, PROBLEM, USAGE, main


def test_shipped_datasets_need_no_download(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Without a root they are there; with one they are put there."""
    assert main(["download", "tinydigits", "tinydigits"]) == OK
    assert "tinydigits: nothing to do, all files are good, fingerprint 535ad3ebe16ed593" in capsys.readouterr().out
    assert main(["download", "tinydigits", "tinymnist", "--root", str(tmp_path), "--json"]) == OK
    done = json.loads(capsys.readouterr().out)
    assert [(entry["name"], len(entry["written"])) for entry in done] == [("tinydigits", 2), ("tinymnist", 2)]
    assert all(Path(path).is_file() for entry in done for path in entry["written"])
    assert done[0]["folder"] == str(tmp_path / "tinydigits")
    assert done[0]["fingerprint"] == catalog.TINYDIGITS.fingerprint


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ([], USAGE, "NAME"),
        (["mnits"], USAGE, "Did you mean 'mnist'"),
        (["tinydigits", "mnits"], USAGE, "Did you mean 'mnist'"),
        (["tinydigits", "--from", "."], USAGE, "TinyDigits is not downloaded"),
        (["mnist", "--root", "r", "--from", "nowhere"], PROBLEM, "There is no file or folder nowhere"),
        (["mnist", "--root", "r", "--from", "."], PROBLEM, "missing: train-images-idx3-ubyte.gz, "),
    ],
)
def test_wrong_calls_are_explained(
    arguments: list[str],
    status: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the exit status that fits, before anything is written."""
    monkeypatch.chdir(tmp_path)
    try:
        assert main(["download", *arguments]) == status
    except SystemExit as stop:
        assert stop.code == status
    out, err = capsys.readouterr()
    assert out == "" and message in err
    assert list(tmp_path.iterdir()) == []


def test_what_no_place_has_is_one_message(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit status 1, every place with its reason, the way by hand; the official hosts are behind a proxy here."""
    with faults.serving_faults(b"", faults.says("404 Not Found")) as server:
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, server.address)
        monkeypatch.setenv(places.MIRROR_VARIABLE, "http://mirror.invalid")
        assert main(["download", "mnist", "--root", str(tmp_path)]) == PROBLEM
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert lines[0].startswith("MNIST: 11.6 MB are downloaded from mirror.invalid into ")
    assert lines[1].startswith("tinytorch-hf: train-images-idx3-ubyte.gz of MNIST could not be downloaded.")
    assert lines[2] == "  http://mirror.invalid/archives/mnist/train-images-idx3-ubyte.gz: it answered 404 Not Found"
    assert [line.split(": ")[0].strip() for line in lines[3:5]] == list(catalog.MNIST.archives[0].urls)
    assert all("no connection through the proxy" in line for line in lines[3:5])
    assert f"`tinytorch-hf download mnist --from FILE --root {tmp_path}`" in lines[5]


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to a single process there")
def test_ctrl_c_keeps_what_has_come_and_says_so(checkout: Path, tmp_path: Path) -> None:
    """No traceback, the shell's status for it, and a partial file."""
    content = bytes(catalog.MNIST.archives[0].file.size_bytes)
    with faults.serving_faults(content, faults.stall(200_000, seconds=20)) as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "tinytorch_hf", "download", "mnist", "--root", str(tmp_path)],
            cwd=checkout,
            env={**os.environ, places.MIRROR_VARIABLE: server.address},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 30
        while not any(path.stat().st_size == 200_000 for path in tmp_path.rglob("*.part")):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-2:] == [
        "The data received so far are kept; run it again to resume.",
        "python -m tinytorch_hf: interrupted",
    ]
    assert [path.stat().st_size for path in tmp_path.rglob("*.part")] == [200_000]
