"""Specification of tinytorch_hf.acquire.provision: MNIST is there when it is asked for, and stays what it is."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Iterator
from pathlib import Path

import faulty_server as faults
import numpy as np
import pytest
from conftest import Run

import tinytorch_hf
from tinytorch_hf import catalog
from tinytorch_hf.acquire import fetch, places, provision
from tinytorch_hf.acquire.sink import Patience
from tinytorch_hf.data import content_hash, loaders
from tinytorch_hf.errors import MissingFileError
from tinytorch_hf.files import folders


@pytest.fixture(scope="module")
def archives(checkout: Path) -> Path:
    """MNIST's four official archives."""
    folder = checkout.parent / "shared" / "data" / "mnist"
    if not folder.is_dir():
        pytest.skip("MNIST's official archives are not in ../shared/data/mnist")
    return folder


@pytest.fixture
def classroom(archives: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[faults.FaultyServer]:
    """A server that has the archives, under the paths of a mirror; it breaks off halfway through the largest."""

    def answer(exchange: faults.Exchange, _content: bytes) -> None:
        data = (archives / exchange.path.rpartition("/")[2]).read_bytes()
        assert exchange.path.startswith("/archives/mnist/")
        body = faults.begin(exchange, data)
        exchange.body(body[: 2**22] if len(body) > 2**23 else body)

    monkeypatch.setattr(fetch, "Patience", functools.partial(Patience, waits_s=(0.01,)))
    with faults.serving_faults(b"", answer) as server:
        monkeypatch.setenv(places.MIRROR_VARIABLE, server.address)
        yield server


def test_load_mnist_downloads_into_a_fresh_cache_that_torchvision_reads(
    classroom: faults.FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same numbers on both roads; the archives stay beside the files, as torchvision leaves them."""
    torchvision = pytest.importorskip("torchvision")
    monkeypatch.setenv("TINYTORCH_HF_CACHE", str(tmp_path))

    X_train, y_train, X_test, y_test = tinytorch_hf.load_mnist(download=True)

    assert capsys.readouterr().err.startswith("MNIST: 11.6 MB are downloaded from 127.0.0.1:")
    assert classroom.sent == catalog.MNIST.download_bytes and len(classroom.exchanges) == 5
    for train, images, labels in ((True, X_train, y_train), (False, X_test, y_test)):
        seen = torchvision.datasets.MNIST(tmp_path, train=train)
        assert np.array_equal(loaders.unit_range(seen.data.numpy()), images)
        assert np.array_equal(seen.targets.numpy(), labels)
    visible = sorted(path.name for path in (tmp_path / "MNIST" / "raw").iterdir() if path.name[0] != ".")
    assert visible == sorted([name for file in catalog.MNIST.files for name in (file.name, f"{file.name}.gz")])
    assert content_hash.fingerprint("mnist") == catalog.MNIST.fingerprint
    tinytorch_hf.load_mnist(download=True)
    assert (len(classroom.exchanges), capsys.readouterr().err) == (5, "")


def test_nothing_is_downloaded_unless_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error says what to type, and no server hears of it."""
    with faults.serving_faults(b"", faults.good) as server:
        monkeypatch.setenv(places.MIRROR_VARIABLE, server.address)
        with pytest.raises(MissingFileError, match="tinytorch-hf download mnist"):
            tinytorch_hf.load_mnist(tmp_path)
    assert (server.exchanges, list(tmp_path.iterdir()), capsys.readouterr().err) == ([], [], "")


def test_files_that_torchvision_downloaded_are_found(mnist_root: Path) -> None:
    """Nothing is done, and nothing is written: it has no archives, and needs none."""
    before = sorted(path.name for path in folders.folder(catalog.MNIST, mnist_root).iterdir())

    assert provision.provide(catalog.MNIST, mnist_root) == []
    assert sorted(path.name for path in folders.folder(catalog.MNIST, mnist_root).iterdir()) == before


def test_with_numpy_alone_a_stick_is_enough(archives: Path, tmp_path: Path, run_numpy_only: Run) -> None:
    """The command takes the official archives and says what it has; load_mnist then works."""
    stick = tmp_path / "stick"
    stick.mkdir()
    for number, path in enumerate(sorted(archives.iterdir())):
        shutil.copyfile(path, stick / f"download ({number})")
    cache = str(tmp_path / "cache")

    done = run_numpy_only("-m", "tinytorch_hf", "download", "mnist", "--from", str(stick), TINYTORCH_HF_CACHE=cache)

    folder = tmp_path / "cache" / "MNIST" / "raw"
    assert done.stdout == f"mnist  {folder}: 8 files written, fingerprint {catalog.MNIST.fingerprint[:16]}\n"
    assert done.stderr == f"MNIST is taken from {stick} into {folder}.\n"
    assert done.returncode == 0
    program = "from tinytorch_hf import load_mnist; print(load_mnist()[0].shape)"
    assert run_numpy_only("-c", program, TINYTORCH_HF_CACHE=cache).stdout == "(60000, 28, 28)\n"


def test_without_the_extra_a_download_says_what_to_install(tmp_path: Path, run_numpy_only: Run) -> None:
    """One sentence, and nothing is left behind that could be taken for a file."""
    done = run_numpy_only("-m", "tinytorch_hf", "download", "mnist", "--root", str(tmp_path / "data"))

    assert done.returncode == 1
    assert done.stderr.startswith("python -m tinytorch_hf: This needs requests, which is not installed")
    assert 'pip install "tinytorch-hf[download]"' in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_without_the_extra_archives_that_are_there_are_unpacked(
    archives: Path, tmp_path: Path, run_numpy_only: Run
) -> None:
    """As someone left them who copied them into the right folder."""
    folder = folders.folder(catalog.MNIST, tmp_path)
    shutil.copytree(archives, folder)
    folder.chmod(0o755)

    done = run_numpy_only("-m", "tinytorch_hf", "download", "mnist", "--root", str(tmp_path))

    assert done.stderr == f"MNIST is unpacked into {folder}.\n"
    assert done.stdout.startswith(f"mnist  {folder}: 4 files written")


def test_shipped_datasets_are_put_under_a_root(tmp_path: Path) -> None:
    """Without one there is nothing to do."""
    assert provision.provide(catalog.TINYDIGITS) == []
    assert len(provision.provide(catalog.TINYDIGITS, tmp_path)) == 2
