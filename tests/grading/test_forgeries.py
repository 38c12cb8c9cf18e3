"""Specification of what a submission cannot get: a point for what it has not written."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import forged
import numpy as np
import pytest
import seeds

from tinytorch_hf.check.run import check
from tinytorch_hf.grading.sandbox import Confined, Limits, check_confined
from tinytorch_hf.judging import answers
from tinytorch_hf.judging.judges import judged_by
from tinytorch_hf.judging.results import Outcome, Report
from tinytorch_hf.student.mapping import FrameworkMap

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what holds a submission back is Linux's")

_LIMITS = Limits(operation_seconds=20.0, file_size=8 << 20)
# Each by itself takes a second; by default one submission tries all of them, one after the other.
_ALONE = [{name: body} for name, body in forged.QUIET.items()]
# These stop or attach to whoever judges, who would have to be told to go on.
_STOPS_THE_JUDGE = ("the judge, traced", "the judge, stopped", "the judge, stopped past Python")


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    """A folder with a package that is right, beside that of someone else."""
    folder = tmp_path / "this"
    forged.honest(folder)
    forged.honest(tmp_path / "other")
    (folder / "tinytorch" / "linked").symlink_to(forged.OURS / "reference")
    kept = answers.recorded("relu")
    assert kept is not None
    np.savez(folder / "tinytorch" / "kept.npz", output=kept.answers[0].values["output"])
    return folder


def right(report: Report) -> set[str]:
    """The operations that agree."""
    return {result.name for result in report.results if result.outcome is Outcome.AGREES}


def confined(folder: Path, *only: str) -> Confined:
    """What comes of a submission with inputs of a seed that it does not know."""
    with judged_by("recorded"):
        return check_confined(folder, only=only, seed=7, limits=_LIMITS)


@pytest.mark.parametrize("ways", seeds.examples([forged.QUIET], _ALONE), ids=lambda ways: "; ".join(ways)[:50])
def test_what_is_got_from_elsewhere_scores_nothing(ways: Mapping[str, str], submission: Path) -> None:
    """Whatever it tries to read, to load, to ask or to stop; what it has written itself counts."""
    forged.forge(submission, ways)

    found = confined(submission, "relu", "tanh")

    assert right(found.report) == {"tanh"}


def test_who_ends_or_damages_the_process_gains_nothing(submission: Path) -> None:
    """Each of its parts does it in another way; what comes after is right and so called, or cannot be told."""
    for part, name in {
        "ReLU": "an answer with the nonce",
        "GELU": "files that fill the disk",
        "Softmax": "a session that was replaced",
    }.items():
        forged.forge(submission, {name: forged.LOUD[name]}, part)
    for name, text in forged.BESIDE.items():
        (submission / name).parent.mkdir(exist_ok=True)
        (submission / name).write_text(text, encoding="utf-8")

    found = confined(submission, "relu", "tanh", "gelu", "softmax")

    assert right(found.report) == {"tanh"}
    assert "it filled more than 8 MB with files" in found.report.results[2].detail
    assert len([note for note in found.report.notes if "hides the library" in note]) == 3


@pytest.mark.parametrize("name", seeds.examples([], [*forged.LOUD]))
def test_no_damage_gains_anything(name: str, submission: Path) -> None:
    """Each by itself."""
    forged.forge(submission, {name: forged.LOUD[name]})

    assert right(confined(submission, "relu", "tanh").report) <= {"tanh"}


def test_an_observer_that_is_made_to_lie_costs_the_points(submission: Path) -> None:
    """Numbers can be judged from outside; what else happens to them is told in the process in which it happens."""
    forged.forge(submission, {"it": forged.OBSERVER_THAT_LIES})

    found = confined(submission, "relu")

    assert found.violations == ("it looks into what runs it, by tb_frame",)


@pytest.mark.parametrize("name", seeds.examples([], ["nothing is built; answers ahead", "the session replaced"]))
def test_three_lines_that_forged_a_full_score_once(name: str, tmp_path: Path) -> None:
    """Measured on 0.1.0: results written ahead onto every open file, and a session whose methods were replaced."""
    ahead = (
        "import os, json\n"
        "a = (json.dumps({'results': {}, 'found': True, 'package': 'tinytorch 1', 'location': ''}) + '\\n') * 400\n"
        "for fd in range(3, 12):\n    try: os.write(fd, a.encode())\n    except OSError: pass\n"
    )
    replaced = (
        "import sys\nS = sys.modules['tinytorch_hf.check.child'].Session\n"
        "S._run = lambda self, request: {'results': {}}\nS._find = lambda self, request: {'found': True}\n"
    )
    (tmp_path / "tinytorch").mkdir()
    (tmp_path / "tinytorch" / "__init__.py").write_text(ahead if "ahead" in name else replaced, encoding="utf-8")

    assert not right(confined(tmp_path, "relu", "tanh").report)


def _leads_on(name: str) -> bool:
    """Whether a way leads on without confinement; the others are about what is no longer there to be found."""
    gone = ("someone else", "arrays left", "replayed", "another process", "server that knows", "equals everything")
    return name not in _STOPS_THE_JUDGE and not any(part in name for part in gone)


@pytest.mark.parametrize(
    "name", seeds.examples(["what the case says is right"], [name for name in forged.QUIET if _leads_on(name)])
)
def test_without_confinement_it_would_score(name: str, submission: Path) -> None:
    """So what is specified above can fail."""
    if "torch" in name and "the reference" not in name:
        pytest.importorskip("torch")
    forged.forge(submission, {name: forged.QUIET[name]})

    with judged_by("recorded"):
        assert right(check(FrameworkMap(), submission, ("relu",), 60.0, 7)) == {"relu"}
