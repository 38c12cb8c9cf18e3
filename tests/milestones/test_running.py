"""Specification of tinytorch_hf.milestones.experiments.running: in order, and never a failure for want of data."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinytorch_hf.acquire import provision
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.milestones.experiments.running import Outcome, State, run
from tinytorch_hf.milestones.experiments.table import ACCURACY, MILESTONES, Experiment, Goal, Milestone, milestones

FULL = Experiment("mnist", "mlp", "what it shows", Goal(ACCURACY, at_least=0.95), seconds=7, is_full=True)
TINY = Experiment("perceptron", "logistic", "what it shows", Goal(ACCURACY, at_least=0.99), seconds=1)
FAILS = Experiment("perceptron", "logistic", "what it shows", Goal(ACCURACY, at_most=0.6), seconds=1)
MILESTONE = Milestone(3, "A milestone", "its source", (TINY, FAILS, FULL))


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache with nothing in it."""
    monkeypatch.setenv("TINYTORCH_HF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def provided(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the datasets that were asked to be there; nothing is downloaded."""
    names: list[str] = []

    def provide(dataset: DatasetInfo, root: None = None) -> list[Path]:
        names.append(dataset.name)
        return []

    monkeypatch.setattr(provision, "provide", provide)
    return names


def outcomes(*, full: bool = False, download: bool = False) -> tuple[list[Outcome], list[str]]:
    """What comes of a milestone, and what was said."""
    said: list[str] = []
    return [*run([MILESTONE], full=full, download=download, seed=0, say=said.append)], said


def test_each_training_is_judged_by_its_goal() -> None:
    """In the order of the table, each with its measurement."""
    found, said = outcomes()

    assert [one.state for one in found] == [State.AS_EXPECTED, State.NOT_AS_EXPECTED, State.NOT_RUN]
    assert [one.experiment for one in found] == [TINY, FAILS, FULL]
    assert [one.result and one.result.value for one in found] == [1.0, 1.0, None]
    assert said[0] == "03  A milestone  (its source)"


def test_what_is_full_waits_to_be_asked_for(provided: list[str], empty_cache: Path) -> None:
    """And says size, place, time and what to type; nothing is downloaded before."""
    *_, last = outcomes()[0]

    assert last.result is None
    for part in ("12 MB", str(empty_cache), "7 s", "tinytorch-hf milestones run 03 --full --download"):
        assert part in last.note
    assert provided == []


def test_data_that_are_not_there_stop_nothing(provided: list[str]) -> None:
    """Not even where they were asked for; the note says how to get them."""
    found, said = outcomes(full=True)

    assert [one.state for one in found][-1] is State.NOT_RUN
    assert "tinytorch-hf download mnist" in found[-1].note
    assert "there is no" in found[-1].note
    assert "  not run: its data are missing" in said
    assert provided == []


def test_download_gets_what_is_needed_and_nothing_else(provided: list[str]) -> None:
    """Before the first training, so that a network that fails is known at once."""
    outcomes(download=True)
    assert provided == []

    outcomes(full=True, download=True)
    assert provided == ["mnist"]

    next(run(milestones(["all"]), full=False, download=True, seed=0, say=lambda _: None))
    assert "cifar10" not in provided


def test_every_milestone_says_what_it_is() -> None:
    """Number, title and source, before its experiments."""
    said: list[str] = []

    [*run(MILESTONES[:2], full=False, download=False, seed=0, say=said.append)]

    titles = [line for line in said if line.startswith("0")]
    assert titles == [f"{one.number:02}  {one.title}  ({one.source})" for one in MILESTONES[:2]]
