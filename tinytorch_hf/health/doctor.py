"""What is installed, what works, where things are, and what to install for the rest.

Nothing here needs NumPy, and what may be broken is imported in another process, wherever one can be started: one asks
a doctor when things do not work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tinytorch_hf.health import pip, surroundings
from tinytorch_hf.health.finding import Finding, Outcome
from tinytorch_hf.health.imports import ask, noted, try_libraries
from tinytorch_hf.health.roads import LIBRARIES, NUMPY, ROADS, Road

__all__ = ["Finding", "Outcome", "Report", "examine"]


@dataclass(frozen=True)
class Report:
    """Everything that was found."""

    installation: Mapping[str, str]
    variables: Mapping[str, str]
    cache: Mapping[str, Any]
    hugging_face_cache: Mapping[str, Any]
    files: list[Finding]
    libraries: list[Finding]
    datasets_name: str
    tinytorch: Finding
    roads: list[Finding]

    @property
    def not_isolated(self) -> str:
        """What is to be said first where libraries were imported in this process; else nothing."""
        notes = (finding.more.get("not_isolated", "") for finding in [*self.libraries, self.tinytorch])
        return next(filter(None, notes), "")

    @property
    def is_isolated(self) -> bool:
        """Whether every library was imported in another process."""
        return not self.not_isolated

    @property
    def is_sound(self) -> bool:
        """Whether nothing is broken; what is missing can be installed."""
        findings = [*self.files, *self.libraries, self.tinytorch, *self.roads]
        return all(finding.outcome is not Outcome.BROKEN for finding in findings)


def examine() -> Report:
    """Look at everything; takes seconds, as long as importing every library takes."""
    libraries = try_libraries(LIBRARIES.values())
    return Report(
        installation=surroundings.installation(),
        variables=surroundings.variables(),
        cache=surroundings.cache(),
        hugging_face_cache=surroundings.hugging_face_cache(),
        files=surroundings.files(),
        libraries=list(libraries.values()),
        datasets_name=datasets_name(libraries["datasets"]),
        tinytorch=tinytorch(),
        roads=[judge(road, libraries) for road in ROADS],
    )


def judge(road: Road, libraries: Mapping[str, Finding]) -> Finding:
    """Whether a way to load works, given what was found of every library."""
    needed = [libraries[name] for name in (NUMPY.name, *road.libraries)]
    broken = [library for library in needed if library.outcome is Outcome.BROKEN]
    missing = [library for library in needed if library.outcome is Outcome.MISSING]
    if broken:
        detail = f"{_names(broken)} {'is' if len(broken) == 1 else 'are'} broken"
        return Finding(road.name, Outcome.BROKEN, detail, " && ".join(filter(None, (b.remedy for b in broken))))
    if not missing:
        return Finding(road.name, Outcome.OK, road.what)
    # NumPy is not an extra: without it nothing works.
    outcome = Outcome.BROKEN if libraries[NUMPY.name] in missing else Outcome.MISSING
    return Finding(road.name, outcome, f"needs {_names(missing)}", pip.install(road.extra))


def _names(findings: list[Finding]) -> str:
    return ", ".join(finding.subject for finding in findings)


def datasets_name(library: Finding) -> str:
    """What ``import datasets`` gives here: Hugging Face's library, the folder of curated files, or nothing."""
    if library.outcome is Outcome.OK:
        first, *others = library.more["folders"] or [library.more["location"]]
        return ", beside it ".join([f"the library in {first}", *others])
    location = library.more["location"]
    if not location:
        return "nothing"
    return f"{location}, {'until the library is installed' if library.outcome is Outcome.MISSING else 'broken'}"


def tinytorch(package: str = "tinytorch") -> Finding:
    """The student's own package: where it is and what of the course it has."""
    (answer,) = ask([("student", package)])
    outcome, detail, location = Outcome(answer["outcome"]), answer["detail"], answer["location"]
    if "built" not in answer:
        is_missing = outcome is Outcome.MISSING
        stands_in = "; the reference of tinytorch_hf is used instead" if is_missing else f" ({location})"
        return Finding(package, outcome, f"{detail}{stands_in}", more={"location": location, **noted(answer)})
    built, unbuilt, failing = answer["built"], answer["unbuilt"], answer["failing"]
    more = {key: answer[key] for key in ("location", "layout", "built", "unbuilt", "failing")} | noted(answer)
    if failing:
        part, reason = next(iter(failing.items()))
        return Finding(package, Outcome.BROKEN, f"{location}: looking for {part}: {reason}", more=more)
    if not built:
        detail = f"{location} is another package of this name, it has no Tensor; the reference is used instead"
        return Finding(package, Outcome.MISSING, detail, more=more)
    n_parts = f"{len(built)} of {len(built) + len(unbuilt)} parts are built"
    layout = f" (layout: {', '.join(answer['layout'])})" if answer["layout"] else ""
    return Finding(package, Outcome.OK, f"{detail} in {location}, {n_parts}{layout}".strip(), more=more)
