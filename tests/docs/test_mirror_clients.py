"""Specification of docs/mirror_clients.md: it lists addresses that the mirror has, and clients that are tried."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tinytorch_hf.mirror import app

PAGE = (Path(__file__).parents[2] / "docs" / "mirror_clients.md").read_text(encoding="utf-8")
sys.path.append(str(Path(__file__).parents[1] / "mirror"))

real_releases = pytest.importorskip("real_releases")


def test_every_address_is_one_of_the_mirror() -> None:
    """Each that the table names is where a route begins; and it has all that are about datasets."""
    routes = {getattr(route, "path", "") for route in app.create({}, {}).routes}
    listed = {
        address.replace("{id}", "{namespace}/{name}").replace("{revision}", "{rest:path}")
        for row in re.findall(r"^\| (`/.*?) \|", PAGE, re.MULTILINE)
        for address in re.findall(r"`(.*?)`", row)
    }

    assert len(listed) > 15
    assert {
        one for one in listed if one not in routes and not any(path.startswith(f"{one}/") for path in routes)
    } == set()
    about = {path for path in routes if path.startswith("/api/datasets/{namespace}/{name}/")}
    sections = {path.split("/")[5] for path in about}
    assert {one for one in sections if f"`/api/datasets/{{id}}/{one}" not in PAGE} <= {
        "likers",
        "discussions",
        "treesize",
    }


def test_every_environment_has_a_row() -> None:
    """Of those that nox makes."""
    for packages in real_releases.ENVIRONMENTS.values():
        library, _, release = packages[0].partition("==")
        assert f"| {library} {release.removesuffix('.*')}" in PAGE
