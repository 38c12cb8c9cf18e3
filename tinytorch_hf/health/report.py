"""The doctor's report as lines for people and as values for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tinytorch_hf.health.doctor import Finding, Report


def as_dict(report: Report) -> dict[str, Any]:
    """For `--json`."""
    return {
        "sound": report.is_sound,
        "isolated": report.is_isolated,
        "not_isolated": report.not_isolated,
        "installation": dict(report.installation),
        "variables": dict(report.variables),
        "cache": dict(report.cache),
        "hugging_face_cache": dict(report.hugging_face_cache),
        "files": [finding.as_dict() for finding in report.files],
        "libraries": [finding.as_dict() for finding in report.libraries],
        "datasets_name": report.datasets_name,
        "tinytorch": report.tinytorch.as_dict(),
        "roads": [finding.as_dict() for finding in report.roads],
    }


def lines(report: Report) -> Iterator[str]:
    """For people: where things are first, then what is installed, and at the end what works."""
    if not report.is_isolated:
        yield f"{report.not_isolated}\n"
    yield from _pairs(_places(report))
    yield "\nEnvironment variables"
    yield from _pairs(report.variables) if report.variables else ["none that counts is set"]
    yield "\nFiles and libraries"
    yield from map(_line, report.files)
    for library in report.libraries:
        yield _line(library, library.more["version"])
    yield _line(report.tinytorch)
    yield "\nWhat works"
    for road in report.roads:
        yield _line(road)
        if road.remedy:
            yield f"{'':7}  {road.remedy}"


def _places(report: Report) -> dict[str, str]:
    here = report.installation
    pip = f"pip: {here['pip']}" if here["pip"] else "not installed by pip"
    held = [
        f"{name}: {found['files']} of {found['of']} files, {found['size_bytes'] / 1e6:.1f} MB"
        for name, found in report.cache["datasets"].items()
        if found["files"]
    ]
    prepared = report.hugging_face_cache["prepared"]
    return {
        "tinytorch-hf": f"{here['version']}, {here['kind']} in {here['folder']} ({pip})",
        "Python": f"{here['python']}, {here['executable']}, {here['system']}",
        "files": here["files"],
        "cache": "\n".join([report.cache["folder"], *(held or ["nothing is there"])]),
        "HF cache": "\n".join([report.hugging_face_cache["folder"], *(prepared or ["nothing is prepared"])]),
        "datasets": f"the name means {report.datasets_name}",
    }


def _pairs(rows: Any) -> Iterator[str]:
    width = max(map(len, rows))
    for key, text in rows.items():
        for number, line in enumerate(text.splitlines() or [""]):
            yield f"{'' if number else key:<{width}}  {line}".rstrip()


def _line(finding: Finding, version: str = "") -> str:
    subject = f"{finding.subject} {version}".strip()
    return f"{finding.outcome.value:<7}  {subject}" + (f": {finding.detail}" if finding.detail else "")
