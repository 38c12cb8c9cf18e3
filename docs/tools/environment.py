"""What the tests run with: every package of this environment with its release and licence, as a lock or as an SBOM.

``python -m docs.tools.environment`` writes ``tests/environment.txt``, which pip takes as constraints
(``pip install -c tests/environment.txt -e ".[test]"``); with ``--sbom FILE`` it writes CycloneDX 1.5 instead.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parents[2] / "tests" / "environment.txt"

_OURS = "tinytorch-hf"
_HEAD = "# What the tests were run with, made by `python -m docs.tools.environment`."
_UNKNOWN = "no licence stated"
_LONGEST = 60


@dataclass(frozen=True, order=True)
class Package:
    """An installed package: its name as registries have it, its release, and the licence that it states."""

    name: str
    version: str
    licence: str


def packages() -> list[Package]:
    """Every package that is installed here but this one, by name; of a name that is there twice, the first found."""
    found: dict[str, Package] = {}
    for distribution in metadata.distributions():
        name = re.sub(r"[-_.]+", "-", distribution.metadata["Name"] or "").lower()
        if name and name != _OURS:
            found.setdefault(name, Package(name, distribution.version, licence_of(distribution.metadata)))
    return sorted(found.values())


def licence_of(fields: Any) -> str:
    """The licence that a package's metadata state: as an expression, else by its classifiers, else in a few words."""
    classifiers = [
        line.rpartition(" :: ")[2] for line in fields.get_all("Classifier") or () if line.startswith("License :: ")
    ]
    words = " ".join((fields.get("License") or "").split())
    stated = fields.get("License-Expression") or " AND ".join(classifiers)
    return str(stated or (words if 0 < len(words) <= _LONGEST else _UNKNOWN))


def lock(some: list[Package]) -> Iterator[str]:
    """Lines of a file of constraints; a comment says the licence."""
    yield _HEAD
    yield f"# Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    for package in some:
        # Of a release of one's own build, such as +cu130, the public part: it is what registries have.
        yield f"{package.name}=={package.version.partition('+')[0]}  # {package.licence}"


def sbom(some: list[Package]) -> dict[str, Any]:
    """The same as CycloneDX 1.5."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "library", "name": _OURS}},
        "components": [
            {
                "type": "library",
                "name": package.name,
                "version": package.version,
                "purl": f"pkg:pypi/{package.name}@{package.version.partition('+')[0]}",
                "licenses": [{"license": {"name": package.licence}}],
            }
            for package in some
        ],
    }


def main() -> None:
    """Write one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sbom", type=Path, metavar="FILE", help="write CycloneDX to this file")
    given = parser.parse_args()
    some = packages()
    if given.sbom:
        given.sbom.write_text(json.dumps(sbom(some), indent=2) + "\n", encoding="utf-8")
    else:
        LOCK.write_text("\n".join(lock(some)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
