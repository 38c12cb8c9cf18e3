"""TinyPy built at the same time by two processes, for `nox -s longer`."""

from __future__ import annotations

from pathlib import Path

from conftest import build_tinypy

import tinytorch_hf


def test_two_processes_with_different_hash_seeds_write_the_same_bytes(numpy_only_site: Path, cache: Path) -> None:
    """At the same time and into the same folder, where the files then are whole."""
    first, second = build_tinypy(numpy_only_site, "1", "2")

    assert len(first.splitlines()) == 4
    assert first == second
    assert {name: len(split) for name, split in tinytorch_hf.load("tinypy").items()} == {
        **{"train": 4000, "val": 500, "test": 500}
    }
