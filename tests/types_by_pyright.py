"""Specification of the types as pyright sees them; mypy, which the suite runs, is the stricter one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(shutil.which("node") is None, reason="pyright runs in Node.js, which is not installed")
def test_pyright_finds_nothing(checkout: Path) -> None:
    """In basic mode, over the package and a user's program, whose comments say what it has to refuse."""
    pytest.importorskip("pyright", reason="pyright is not installed: pip install pyright")
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=checkout, capture_output=True, encoding="utf-8", check=False)
    found = json.loads(done.stdout)

    assert [
        f"{one['file']}:{one['range']['start']['line'] + 1}: {one['message']}" for one in found["generalDiagnostics"]
    ] == []
    assert found["summary"]["filesAnalyzed"] > 200
