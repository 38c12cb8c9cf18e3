"""Milestone 03 on all of MNIST, for `nox -s milestones`: the command, the cache, the reference, NumPy alone."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import Run


def test_an_mlp_reads_at_least_95_percent_of_mnists_test_split(run_numpy_only: Run, mnist_root: Path) -> None:
    """10000 digits that it has not seen, after a few passes over the 60000 others."""
    done = run_numpy_only(
        *("-m", "tinytorch_hf.milestones", "run", "03", "--full", "--json"), TINYTORCH_HF_CACHE=str(mnist_root)
    )

    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)["outcomes"][-1]
    assert (result["dataset"], result["full"], result["state"]) == ("mnist", True, "as expected")
    assert result["result"]["value"] >= 0.95
