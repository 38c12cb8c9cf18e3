"""TinyPy built at the same time by two processes, for `nox -s longer`."""

from __future__ import annotations

from pathlib import Path

from conftest import build_tinypy

from tinytorch_hf.files import python_functions


def test_two_processes_with_different_hash_seeds_write_the_same_bytes(numpy_only_site: Path, cache: Path) -> None:
    """At the same time and into the same folder, where the files then are whole."""
    first, second = build_tinypy(numpy_only_site, "1", "2")

    assert len(first.splitlines()) == 4
    assert first == second
    assert {split: len(python_functions.read(split)) for split in python_functions.N_IN_SPLIT} == {
        **{"train": 4000, "val": 500, "test": 500}
    }
