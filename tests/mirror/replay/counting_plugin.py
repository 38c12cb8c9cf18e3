"""A pytest plugin for huggingface_hub's own tests: both of their Hubs are the server of REPLAY_ENDPOINT.

It notes for every test what came of it, and how many requests it sent that read and that wrote.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

ENDPOINT = os.environ["REPLAY_ENDPOINT"]
_NOTES: dict[str, dict[str, Any]] = {}
_NOW: Counter[str] = Counter()

import tests.testing_constants as theirs  # noqa: E402 -- before any test imports its constants

theirs.ENDPOINT_PRODUCTION = theirs.ENDPOINT_STAGING = ENDPOINT
theirs.ENDPOINT_PRODUCTION_URL_SCHEME = ENDPOINT + "/{repo_id}/resolve/{revision}/{filename}"

_send = httpx.Client.send


def _counted(self: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
    is_reading = request.method in ("GET", "HEAD") or "/paths-info/" in request.url.path
    _NOW["reads" if is_reading else "writes"] += str(request.url).startswith(ENDPOINT)
    return _send(self, request, **options)


httpx.Client.send = _counted  # type: ignore[method-assign]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Any:
    """Count what the test itself sends, not what prepares it."""
    _NOW.clear()
    yield
    _NOTES.setdefault(item.nodeid, {}).update(_NOW)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep what came of it, and of a failure the last line."""
    note = _NOTES.setdefault(report.nodeid, {})
    if report.when == "call" or report.outcome != "passed":
        note["outcome"] = report.outcome if report.when == "call" or report.skipped else "not prepared"
        if report.failed:
            lines = str(report.longrepr).strip().splitlines()
            note["why"] = next((line[1:].strip() for line in lines if line.startswith("E  ")), lines[-1])[:300]


def pytest_sessionfinish() -> None:
    """Write the notes."""
    Path(os.environ["REPLAY_NOTES"]).write_text(json.dumps(_NOTES, indent=1), encoding="utf-8")
