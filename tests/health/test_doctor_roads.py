"""Specification of tinytorch_hf.health.roads: what the table says is what pyproject.toml installs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tinytorch_hf.health.roads import LIBRARIES, NUMPY, ROADS

tomllib: Any = pytest.importorskip("tomllib", reason="Python 3.11 brought the parser of pyproject.toml")


@pytest.fixture
def project(checkout: Path) -> Any:
    """The table `project` of pyproject.toml."""
    return tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _requirements(project: Any, extra: str) -> dict[str, str]:
    """Names and oldest releases that an extra asks for, those of the extras in it included."""
    found: dict[str, str] = {}
    for requirement in project["optional-dependencies"][extra]:
        if "python_version" in requirement:
            # What a newer Python has itself.
            continue
        inner = re.fullmatch(r"tinytorch-hf\[(.*)\]", requirement)
        if inner:
            for name in inner[1].split(","):
                found |= _requirements(project, name)
        else:
            name, _, oldest = requirement.partition(">=")
            found[name] = max(oldest, found.get(name, ""))
    return found


def test_each_extra_brings_what_its_roads_need(project: Any) -> None:
    """Itself, or with a library that it names."""
    for road in ROADS[1:]:
        brought = _requirements(project, road.extra)
        for library in map(LIBRARIES.__getitem__, road.libraries):
            assert library.name in brought or library.comes_with in brought, (road.name, library.name)


def test_nothing_that_an_extra_brings_is_left_out(project: Any) -> None:
    """Every extra opens a road, and every library of it is needed by one."""
    extras = set(project["optional-dependencies"]) - {"all", "docs", "test"}

    assert {road.extra for road in ROADS} - {""} == extras
    for extra in extras:
        needed = {library for road in ROADS if road.extra == extra for library in road.libraries}
        assert set(_requirements(project, extra)) - needed == set(), extra


def test_the_oldest_releases_are_those_of_pyproject(project: Any) -> None:
    """The highest where several extras name one."""
    asked = _requirements(project, "all")

    assert {name: library.at_least for name, library in LIBRARIES.items() if library.at_least} == {
        NUMPY.name: project["dependencies"][0].partition(">=")[2],
        **{name: oldest for name, oldest in asked.items() if oldest},
    }
