"""Specification of tinytorch_hf.health.imports: whatever a library does while it is imported, the others are tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinytorch_hf.health.doctor import Outcome
from tinytorch_hf.health.imports import try_libraries
from tinytorch_hf.health.roads import Library

GOOD = Library("good_library", "good_library", "thing")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder from which everything below it can be imported, with one good library."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "good_library.py").write_text('thing = 1\n__version__ = "1.2"\n', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import os; os.abort()", "importing it kills Python (SIGABRT)"),
        ("import os; os._exit(3)", "importing it ends Python with status 3 (no message)"),
        ("import time; time.sleep(60)", "importing it takes longer than 1 seconds"),
        ("raise SystemExit('no licence')", "SystemExit: no licence"),
        ("import absent_library", "ModuleNotFoundError: No module named 'absent_library'"),
        ("raise ImportError('\\n\\nREAD THIS\\nand that') from OSError('libfoo.so')", "OSError: libfoo.so"),
        ("raise ValueError", "ValueError"),
        ("x = ", "SyntaxError: invalid syntax (bad_library.py, line 1)"),
        ("", "AttributeError: module 'bad_library' has no attribute 'thing'"),
    ],
)
def test_what_is_broken_is_told_apart_and_stops_nothing(folder: Path, source: str, reason: str) -> None:
    """Not even a library that kills the process or hangs: the one after it is found good."""
    (folder / "bad_library.py").write_text(source, encoding="utf-8")
    bad = Library("bad_library", "bad_library", "thing")

    found = try_libraries([bad, GOOD], limit_s=1.0)

    assert (found["bad_library"].outcome, found["bad_library"].detail) == (Outcome.BROKEN, reason)
    assert found["good_library"].outcome is Outcome.OK
    assert found["good_library"].more["version"] == "1.2"


def test_what_is_printed_meanwhile_is_not_an_answer(folder: Path) -> None:
    """Libraries greet, also from C."""
    chatty = "import os; print('{}', flush=True); os.write(1, b'{}\\n'); thing = 1"
    (folder / "chatty_library.py").write_text(chatty, encoding="utf-8")

    found = try_libraries([Library("chatty_library", "chatty_library", "thing"), GOOD])

    assert [finding.outcome for finding in found.values()] == [Outcome.OK, Outcome.OK]


def test_what_pip_knows_but_python_does_not_find_is_broken(folder: Path) -> None:
    """Its files are gone; without a trace of it, it is only missing."""
    gone, never_there = Library("hypothesis", "no_such_module", "x"), Library("no-such-library", "no_such_module", "x")

    found = try_libraries([gone, never_there])

    assert [finding.outcome for finding in found.values()] == [Outcome.BROKEN, Outcome.MISSING]
    assert found["hypothesis"].remedy.endswith("install --upgrade --force-reinstall hypothesis")


@pytest.mark.parametrize(
    ("version", "at_least", "outcome"),
    [
        ("2.21", "2.21", "ok"),
        ("2.9.9", "2.21", "broken"),
        ("10.1.dev1+cpu", "9", "ok"),
        ("3", "3.1", "broken"),
        ("", "1", "ok"),
    ],
)
def test_releases_are_compared_as_numbers(folder: Path, version: str, at_least: str, outcome: str) -> None:
    """2.9 is older than 2.21; what does not say its release is believed."""
    (folder / "dated_library.py").write_text(f'thing = 1\n__version__ = "{version}"\n', encoding="utf-8")

    found = try_libraries([Library("dated_library", "dated_library", "thing", at_least)])

    assert found["dated_library"].outcome is Outcome(outcome)
