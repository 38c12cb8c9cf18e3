"""Specification of what a submission cannot get: a point for what it has not written."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import forged
import numpy as np
import pytest
import seeds

from tinytorch_hf.grading.sandbox import Confined, Limits, check_confined
from tinytorch_hf.judging import answers
from tinytorch_hf.judging.results import Outcome

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what holds a submission back is Linux's")

# All ways at once, one after the other, in one process; each by itself takes a second, and is left to nox.
_TOGETHER = {"all of them": forged.QUIET}
_ALONE = {name: {name: body} for name, body in forged.QUIET.items()}
_LIMITS = Limits(operation_seconds=20.0, file_size=8 << 20)


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    """A folder with a package that is right, beside that of somebody else."""
    folder = tmp_path / "this"
    forged.honest(folder)
    forged.honest(tmp_path / "other")
    (folder / "tinytorch" / "linked").symlink_to(forged.OURS / "reference")
    kept = answers.recorded("relu")
    assert kept is not None
    np.savez(folder / "tinytorch" / "kept.npz", output=kept.answers[0].values["output"])
    return folder


def right(found: Confined) -> set[str]:
    """The operations that agree."""
    return {result.name for result in found.report.results if result.outcome is Outcome.AGREES}


@pytest.mark.parametrize("ways", seeds.examples([*_TOGETHER.values()], [*_ALONE.values()]))
def test_what_is_got_from_elsewhere_scores_nothing(ways: Mapping[str, str], submission: Path) -> None:
    """Whatever it tries to read, to load, to ask or to stop; what it has written itself counts."""
    forged.forge(submission, ways)

    found = check_confined(submission, only=("relu", "tanh"), seed=7, limits=_LIMITS)

    assert right(found) == {"tanh"}


def test_who_ends_or_damages_the_process_gains_nothing(submission: Path) -> None:
    """In the middle of it, by each of its parts in another way."""
    for part, name in _LOUD_PARTS.items():
        forged.forge(submission, {name: forged.LOUD[name]}, part)

    found = check_confined(submission, only=("relu", "sigmoid", "gelu", "softmax", "tanh"), seed=7, limits=_LIMITS)

    assert right(found) <= {"tanh"}


_LOUD_PARTS = {
    "ReLU": "an exit that claims success",
    "Sigmoid": "an answer with the nonce",
    "GELU": "files that fill the disk",
    "Softmax": "a session that was replaced",
}


@pytest.mark.parametrize("name", seeds.examples([], [*forged.LOUD]))
def test_no_damage_gains_anything(name: str, submission: Path) -> None:
    """Each by itself."""
    forged.forge(submission, {name: forged.LOUD[name]})

    found = check_confined(submission, only=("relu", "tanh"), seed=7, limits=_LIMITS)

    assert right(found) <= {"tanh"}
