"""Specification of `tinify` on a cluster of Dask's; for `nox -s longer`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sources_on_disk as on_disk

import tinytorch_hf
from tinytorch_hf import catalog
from tinytorch_hf.cli import main

distributed = pytest.importorskip("distributed", reason="Dask is not installed")


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """A folder of Parquet files."""
    images, labels = on_disk.samples(240)
    (tmp_path / "shards").mkdir()
    for number in range(4):
        part = slice(60 * number, 60 * (number + 1))
        on_disk.write_parquet(
            tmp_path / "shards" / f"{number}.parquet", on_disk.structs(images[part]), labels[part], 1000
        )
    return tmp_path / "shards"


@pytest.fixture
def made(shards: Path) -> Iterator[Callable[..., dict[str, bytes]]]:
    """The files of a set that is made by the command."""

    def made(out: str, *options: str) -> dict[str, bytes]:
        catalog.forget("on_a_cluster")
        words = ["tinify", str(shards), "--out", str(shards.parent / out), "--name", "on_a_cluster", "--per-class", "6"]
        assert main([*words, "--test-per-class", "2", "--license", "MIT", "--no-proof", *options]) == 0
        return {path.name: path.read_bytes() for path in (shards.parent / out).iterdir()}

    yield made
    catalog.forget("on_a_cluster")


def test_a_cluster_gives_the_same_bytes(made: Callable[..., dict[str, bytes]]) -> None:
    """One that is started here, with processes of its own."""
    assert made("dask", "--engine", "dask", "--workers", "2") == made("local", "--workers", "1")


def test_a_scheduler_by_its_address_gives_the_same_bytes(made: Callable[..., dict[str, bytes]], shards: Path) -> None:
    """As a course's cluster has one; and any executor of the caller's in Python."""
    with distributed.LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=None) as cluster:
        found = made("dask", "--engine", "dask", "--scheduler", cluster.scheduler_address)
        catalog.forget("on_a_cluster")
        with distributed.Client(cluster) as client:
            tinytorch_hf.tinify(
                shards,
                shards.parent / "executor",
                name="on_a_cluster",
                n_per_class=6,
                n_test_per_class=2,
                license="MIT",
                is_proven=False,
                executor=client.get_executor(),
            )
    assert found == made("local", "--workers", "1")
    assert found == {path.name: path.read_bytes() for path in (shards.parent / "executor").iterdir()}


def test_a_scheduler_that_does_not_answer_is_said(shards: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With its address, and nothing is left behind."""
    words = ["tinify", str(shards), "--out", str(shards.parent / "out"), "--no-proof", "--engine", "dask"]
    assert main([*words, "--scheduler", "tcp://127.0.0.1:9"]) == 1
    assert "The scheduler tcp://127.0.0.1:9 does not answer" in capsys.readouterr().err
    assert list(shards.parent.iterdir()) == [shards]
