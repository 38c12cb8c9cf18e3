"""Specification of `check` by PyTorch's recorded answers: it says what PyTorch itself says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from battery import check_here
from conftest import CHECKOUT, Install
from generations import GENERATION_C
from mutants import MUTANTS, Mutant
from seeds import n_seeds

from tinytorch_hf.judging import answers
from tinytorch_hf.judging.judges import judged_by
from tinytorch_hf.judging.results import Report
from tinytorch_hf.student.mapping import FrameworkMap

# Two commands that go through the whole battery take a second for each package; nox tries all of them.
EVERYWHERE = n_seeds(1) > 1
BY_DEFAULT = {
    "ReLU detaches the graph",
    "AdamW is Adam",
    "GPT sees the future",
    "cross entropy is a sum",
    "max pooling gives every pixel the gradient",
    "Linear keeps its bias out of the graph",
}


def verdict(report: Report) -> tuple[object, ...]:
    """What both judges have to agree on: exit status, outcomes, codes, what follows from what, and the notes."""
    return report.status, [
        (one.name, one.outcome, one.code, one.cause, one.follows, one.notes) for one in report.results
    ]


def by_both(only: Sequence[str] = (), package: str = "tinytorch") -> tuple[Report, Report]:
    """A package, judged by PyTorch and by its recorded answers."""
    pytest.importorskip("torch", reason="PyTorch's answers are held against PyTorch itself")
    reports = []
    for judge in ("torch", "recorded"):
        with judged_by(judge):
            reports.append(check_here(FrameworkMap(package), only))
    return reports[0], reports[1]


@pytest.mark.parametrize(
    "mutant",
    [mutant for mutant in MUTANTS if EVERYWHERE or mutant.name in BY_DEFAULT],
    ids=lambda mutant: mutant.name,
)
def test_a_planted_fault_has_one_verdict(mutant: Mutant, install: Install, fresh_reference: None) -> None:
    """Outcome, exit status and code of every operation, by either judge."""
    install(mutant.package)

    live, recorded = by_both(() if EVERYWHERE else mutant.finds)

    assert verdict(recorded) == verdict(live)
    assert live.status == 1


def given() -> list[Path]:
    """Files of faults that were collected outside of this project; each takes six seconds."""
    found = [
        path for path in sorted((CHECKOUT.parent / "shared" / "cases" / "check").glob("*.py")) if path.stem != "run"
    ]
    return found or [Path("none")]


@pytest.mark.longer
@pytest.mark.parametrize("path", given(), ids=lambda path: path.stem)
def test_a_given_case_has_one_verdict(path: Path, install: Install, fresh_reference: None) -> None:
    """Each is one file of a package whose other files are right."""
    if not path.is_file():
        pytest.skip("no cases are in ../shared/cases/check")
    text = path.read_text(encoding="utf-8")
    install({**GENERATION_C, text.splitlines()[0].removeprefix("# goes to tinytorch/"): text})

    live, recorded = by_both()

    assert verdict(recorded) == verdict(live)
    assert live.status == 1


def test_the_reference_agrees_with_both() -> None:
    """And the report says who judged, and by which release of PyTorch."""
    live, recorded = by_both(package="tinytorch_hf.reference")

    assert live.is_clean
    assert recorded.is_clean
    assert (live.judge, recorded.judge) == ("torch", "recorded")
    assert recorded.torch_version == answers.version()


def test_the_packages_by_default_are_some_of_all() -> None:
    """A name that nobody has would try nothing."""
    assert {mutant.name for mutant in MUTANTS} > BY_DEFAULT
