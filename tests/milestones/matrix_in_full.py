"""Milestone 06 in full, for `nox -s milestones`: all three models, every level, printed as students see it."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

from tinytorch_hf.milestones import optimisation


def test_every_level_of_every_model_keeps_its_promise(capsys: pytest.CaptureFixture[str]) -> None:
    """int8 loses at most a point of accuracy; the KV cache writes what the baseline writes."""
    lines: list[str] = []
    matrix = optimisation.run(lines.append)
    with capsys.disabled():
        sys.stdout.write("\n".join(["", *lines, optimisation.table(matrix), ""]))

    assert optimisation.problems(matrix) == []
    assert Counter(row.dataset for row in matrix.rows) == {"tinydigits": 18, "tinytalks": 9}
