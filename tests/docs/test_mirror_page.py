"""Specification of the page on the mirror and its clients: its addresses are there, its clients are tried."""

from __future__ import annotations

import re
from pathlib import Path

from tinytorch_hf.mirror import app

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "reference" / "mirror_clients.md").read_text(encoding="utf-8")
TRIED = (TESTS / "mirror" / "real_releases.py").read_text(encoding="utf-8")


def test_every_address_is_one_of_the_mirror() -> None:
    """Each that the table names is where a route begins; and it has all that are about datasets."""
    routes = {getattr(route, "path", "") for route in app.create({}, {}).routes}
    listed = {
        address.replace("{id}", "{namespace}/{name}").replace("{revision}", "{rest:path}")
        for row in re.findall(r"^\| (`/.*?) \|", PAGE, re.MULTILINE)
        for address in re.findall(r"`(.*?)`", row)
    }

    assert len(listed) > 15
    for one in listed:
        assert any(path == one or path.startswith(f"{one}/") for path in routes), one
    about = {path for path in routes if path.startswith("/api/datasets/{namespace}/{name}/")}
    for one in {path.split("/")[5] for path in about} - {"likers", "discussions"}:
        assert f"`{one}`" in PAGE or f"`/api/datasets/{{id}}/{one}" in PAGE, one


def test_every_release_that_is_tried_has_a_row() -> None:
    """Of those for which nox makes an environment."""
    releases = re.findall(r'\["datasets==([0-9.]+)\*"', TRIED)

    assert len(releases) == 5
    for release in releases:
        assert f"| datasets {release}" in PAGE
