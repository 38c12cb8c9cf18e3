"""Milestones on data that do not ship, for `nox -s milestones`: the command, the cache, the reference, NumPy alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conftest import Run


def outcome(run_numpy_only: Run, cache: Path, dataset: str, *arguments: str) -> Any:
    """What a command says of one dataset that is in the cache."""
    done = run_numpy_only(
        *("-m", "tinytorch_hf", "milestones", "run", *arguments, "--json"), TINYTORCH_HF_CACHE=str(cache), cwd=cache
    )
    assert done.returncode == 0, done.stderr
    (found,) = (one for one in json.loads(done.stdout)["outcomes"] if one["dataset"] == dataset)
    assert found["state"] == "as expected", found["note"]
    return found["result"]


def test_an_mlp_reads_at_least_95_percent_of_mnists_test_split(run_numpy_only: Run, mnist_root: Path) -> None:
    """10000 digits that it has not seen, after a few passes over the 60000 others."""
    assert outcome(run_numpy_only, mnist_root, "mnist", "03", "--full")["value"] >= 0.95


def test_a_cnn_learns_what_is_on_the_photographs_of_tinycifar(run_numpy_only: Run, tinycifar_root: Path) -> None:
    """More than three times as often as chance."""
    result = outcome(run_numpy_only, tinycifar_root, "tinycifar", "04")

    assert result["chance"] == 0.1
    assert result["value"] >= 0.35
