"""Specification of how findings become a verdict for each road, lines for people and values for programs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tinytorch_hf import cli
from tinytorch_hf.health import doctor, report
from tinytorch_hf.health.doctor import Finding, Outcome, Report
from tinytorch_hf.health.roads import LIBRARIES, ROADS

MORE = {"version": "1.0", "location": "/site/library/__init__.py", "folders": ["/site/library"]}
NOWHERE = {"version": "", "location": "", "folders": []}


def _libraries(**outcomes: Finding) -> dict[str, Finding]:
    """Every library ok but those that are given."""
    return {name: outcomes.get(name, Finding(name, Outcome.OK, more=MORE)) for name in LIBRARIES}


def _missing(name: str) -> Finding:
    return Finding(name, Outcome.MISSING, more=NOWHERE)


def _broken(name: str, remedy: str = "") -> Finding:
    return Finding(name, Outcome.BROKEN, "it is broken", remedy, MORE)


def _report(libraries: dict[str, Finding], **changes: Any) -> Report:
    sound = Report(
        installation={
            **{"version": "0.1.0", "kind": "wheel", "pip": "0.1.0", "folder": "/site/tinytorch_hf"},
            **{"files": "/site/files", "python": "3.11", "executable": "/bin/python", "system": "Linux"},
        },
        variables={},
        cache={"folder": "/cache", "datasets": {"mnist": {"files": 0, "of": 4, "size_bytes": 0}}},
        hugging_face_cache={"folder": "/hf", "prepared": []},
        files=[Finding("tinydigits", Outcome.OK, "2 files")],
        libraries=list(libraries.values()),
        datasets_name="nothing",
        tinytorch=Finding("tinytorch", Outcome.MISSING, "no package tinytorch is installed"),
        roads=[doctor.judge(road, libraries) for road in ROADS],
    )
    return replace(sound, **changes)


@pytest.mark.parametrize(
    ("outcomes", "outcome", "detail", "remedy"),
    [
        ({}, Outcome.OK, "load_dataset, as_hf; hub build, hub cache", ""),
        ({"datasets": _missing("datasets")}, Outcome.MISSING, "needs datasets", "[hf]"),
        ({"datasets": _missing("datasets"), "pillow": _broken("pillow", "a")}, Outcome.BROKEN, "pillow is broken", "a"),
        (
            {"datasets": _broken("datasets", "a"), "pillow": _broken("pillow", "b")},
            Outcome.BROKEN,
            "datasets, pillow are broken",
            "a && b",
        ),
        ({"datasets": _broken("datasets")}, Outcome.BROKEN, "datasets is broken", ""),
        ({"torch": _broken("torch")}, Outcome.OK, "load_dataset, as_hf; hub build, hub cache", ""),
        ({"numpy": _missing("numpy")}, Outcome.BROKEN, "needs numpy", "[hf]"),
    ],
)
def test_a_road_is_as_open_as_its_libraries(
    outcomes: dict[str, Finding], outcome: Outcome, detail: str, remedy: str
) -> None:
    """Broken before missing; without NumPy all is broken; other roads' libraries do not matter."""
    road = next(road for road in ROADS if road.name == "Hugging Face")

    found = doctor.judge(road, _libraries(**outcomes))

    assert (found.outcome, found.detail) == (outcome, detail)
    assert remedy in found.remedy
    assert bool(found.remedy) == bool(remedy)


@pytest.mark.parametrize(
    "changes",
    [
        {"files": [Finding("tinydigits", Outcome.BROKEN)]},
        {"tinytorch": Finding("tinytorch", Outcome.BROKEN)},
        {"libraries": [Finding("torch", Outcome.BROKEN, more=MORE)]},
        {"roads": [Finding("mirror", Outcome.BROKEN)]},
    ],
)
def test_one_broken_thing_is_enough(changes: dict[str, Any]) -> None:
    """Wherever it is; what is missing is not a fault."""
    sound = _report(_libraries(torch=_missing("torch")))

    assert sound.is_sound
    assert not replace(sound, **changes).is_sound


def test_lines_say_where_things_are_and_what_they_hold() -> None:
    """What a folder holds stands below it; so does the line to type below a road that is closed."""
    cache = {"folder": "/cache", "datasets": {"mnist": {"files": 4, "of": 4, "size_bytes": 54_950_048}}}
    shown = "\n".join(
        report.lines(
            _report(
                _libraries(torchvision=_broken("torchvision", "pip install torchvision")),
                cache=cache,
                hugging_face_cache={"folder": "/hf", "prepared": ["tinytorch/tinydigits/default"]},
                variables={"HF_TOKEN": "set, not shown"},
            )
        )
    )

    for part in (
        "tinytorch-hf  0.1.0, wheel in /site/tinytorch_hf (pip: 0.1.0)\n",
        "cache         /cache\n              mnist: 4 of 4 files, 55.0 MB\n",
        "HF cache      /hf\n              tinytorch/tinydigits/default\n",
        "HF_TOKEN  set, not shown\n",
        "broken   torchvision 1.0: it is broken\n",
        "broken   torchvision: torchvision is broken\n         pip install torchvision\n",
    ):
        assert part in shown


def test_what_is_empty_is_said_to_be() -> None:
    """An empty place is not a missing line."""
    shown = "\n".join(report.lines(_report(_libraries())))

    assert "/cache\n              nothing is there\n" in shown
    assert "/hf\n              nothing is prepared\n" in shown
    assert "none that counts is set\n" in shown


@pytest.mark.parametrize(
    ("finding", "says"),
    [
        (Finding("datasets", Outcome.OK, more=MORE), "the library in /site/library"),
        (
            Finding("datasets", Outcome.OK, more={**MORE, "folders": ["/site/datasets", "/project/datasets"]}),
            "the library in /site/datasets, beside it /project/datasets",
        ),
        (
            Finding("datasets", Outcome.OK, more={**NOWHERE, "location": "/site/datasets.py"}),
            "the library in /site/datasets.py",
        ),
        (_missing("datasets"), "nothing"),
        (
            Finding("datasets", Outcome.MISSING, more={**NOWHERE, "location": "/project/datasets/__init__.py"}),
            "/project/datasets/__init__.py, until the library is installed",
        ),
        (_broken("datasets"), "/site/library/__init__.py, broken"),
    ],
)
def test_the_name_datasets_is_the_library_or_the_folder(finding: Finding, says: str) -> None:
    """Or nothing."""
    assert doctor.datasets_name(finding) == says


@pytest.mark.parametrize("broken", [False, True])
def test_the_command_prints_it_and_exits_with_its_verdict(
    broken: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal it says meanwhile what takes so long, and wipes that out."""
    found = _report(_libraries(torch=_broken("torch")) if broken else _libraries())
    monkeypatch.setattr(doctor, "examine", lambda: found)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)

    assert cli.main(["doctor"]) == (cli.PROBLEM if broken else cli.OK)
    captured = capsys.readouterr()
    assert captured.out.splitlines() == "\n".join(report.lines(found)).splitlines()
    assert captured.err == "importing every library ...\r\x1b[K"

    assert cli.main(["doctor", "--json"]) == (cli.PROBLEM if broken else cli.OK)
    values = json.loads(capsys.readouterr().out)
    assert values["sound"] is not broken
    assert [road["subject"] for road in values["roads"]] == [road.name for road in ROADS]
