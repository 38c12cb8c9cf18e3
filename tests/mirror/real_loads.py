"""Specification of the benchmark of the mirror for what starts several interpreters; for `nox -s longer`."""

from __future__ import annotations

from serving import Mirror

from benchmarks import mirror as benchmark


def test_real_loads_at_once(mirror: Mirror) -> None:
    """Several processes, each with an empty cache; one with other numbers would be an error."""
    assert len(benchmark.load_dataset_seconds(mirror.address, "tinydigits", 2)) == 2
