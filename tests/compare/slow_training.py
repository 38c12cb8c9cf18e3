"""The longest of the trainings beside PyTorch, for `nox -s longer`."""

from __future__ import annotations

from tinytorch_hf.compare import lockstep
from tinytorch_hf.compare.tasks import settings_for


def test_a_cnn_reaches_on_tinymnist_what_it_can() -> None:
    """On both sides, with the settings that suit it."""
    last = lockstep.run(settings_for("tinymnist", "cnn")).epochs[-1]

    assert last.accuracy_tinytorch >= 0.93
    assert last.accuracy_pytorch >= 0.93
