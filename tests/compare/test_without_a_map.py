"""Specification of `compare` for a framework without a map, and without a loader of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from imitated import TORCH_LIKE

from tinytorch_hf.compare import stepwise, tasks
from tinytorch_hf.compare.plain_loader import NOTE
from tinytorch_hf.compare.target import Target
from tinytorch_hf.student.mapping import FrameworkMap


@pytest.mark.parametrize(("slope", "agrees"), [("(labels)", True), ("(labels) * 2", False)], ids=["right", "wrong"])
def test_a_framework_without_a_map_is_trained_in_stepwise(tmp_path: Path, slope: str, agrees: bool) -> None:
    """Its map is found, its batches are handed over; a fault in it is found as in a TinyTorch."""
    name = f"trained_{'right' if agrees else 'wrong'}"
    source = TORCH_LIKE.replace("SLOPE", "1 - t * t").replace(
        "(p - one_hot) / len(rows)", f"(p - one_hot) / len{slope}"
    )
    (tmp_path / f"{name}.py").write_text(source)
    target = Target(FrameworkMap(name), tmp_path, str(tmp_path), in_process=True)
    result = stepwise.judge(tasks.settings_for("tinydigits", None, epochs=1, batch_size=500), target=target)

    assert result.agree is agrees
    assert result.framework.inferred is not None
    assert result.framework.inferred.conventions.linear_weight == "out, in"
    assert result.framework.notes[-1] == NOTE
