"""How much each extra brings: packages and megabytes of everything that it depends on, as installed here.

Nothing is installed or downloaded: the requirements are followed through the metadata of this environment, in which
tinytorch-hf has to be installed with all extras. ``python -m benchmarks.installed``
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from benchmarks.timing import Table, run

PROJECT = "tinytorch-hf"
CORE = "without extras"
# These bring what others bring.
NOT_FOR_USERS = ("all", "test")


def closure(requirement: str) -> set[str]:
    """Names of all packages that a requirement leads to, itself left out; those not installed are left out, too."""
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    open_ones = [Requirement(requirement)]
    while open_ones:
        wanted = open_ones.pop()
        name = canonicalize_name(wanted.name)
        for extra in ("", *wanted.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            try:
                needs = map(Requirement, importlib.metadata.requires(name) or ())
            except importlib.metadata.PackageNotFoundError:
                break
            found.add(name)
            open_ones += [need for need in needs if need.marker is None or need.marker.evaluate({"extra": extra})]
    return found - {canonicalize_name(Requirement(requirement).name)}


def size_mb(name: str) -> float:
    """Megabytes of an installed package's files."""
    places = [Path(str(file.locate())) for file in importlib.metadata.files(name) or ()]
    return sum(place.stat().st_size for place in places if place.is_file()) / 1e6


def tables() -> Iterator[Table]:
    """Numbers of packages, then megabytes."""
    extras = importlib.metadata.metadata(PROJECT).get_all("Provides-Extra") or []
    wanted = {CORE: PROJECT, **{f"[{extra}]": f"{PROJECT}[{extra}]" for extra in extras if extra not in NOT_FOR_USERS}}
    found = {name: closure(requirement) for name, requirement in wanted.items()}
    counts = {name: [float(len(packages))] for name, packages in found.items()}
    sizes = {name: [sum(map(size_mb, packages))] for name, packages in found.items()}
    yield Table("packages", "Packages that come with tinytorch-hf", CORE, counts, "packages")
    yield Table("megabytes", "Their size", CORE, sizes, "MB")


if __name__ == "__main__":
    run(__doc__, tables)
