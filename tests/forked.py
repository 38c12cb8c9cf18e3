"""Fresh processes that the package starts, forked from an interpreter that has imported what they import."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from conftest import Start


def use(monkeypatch: pytest.MonkeyPatch, start: Start, module: ModuleType) -> None:
    """From here on what this module starts with `subprocess.run` is forked, which takes a second less, or five."""

    def run(
        command: Sequence[str],
        *,
        input: bytes = b"",
        stdin: int = subprocess.DEVNULL,
        cwd: str = ".",
        env: Mapping[str, str] | None = None,
        text: bool = False,
        **_how: Any,
    ) -> subprocess.CompletedProcess[Any]:
        assert command[0] == sys.executable and stdin == subprocess.DEVNULL
        done = start(
            "libraries", *command[1:], cwd=Path(cwd).absolute(), stdin=input, only=env or {**os.environ}
        ).wait()
        printed = (done.stdout, done.stderr)
        return subprocess.CompletedProcess(
            command, done.returncode, *(printed if text else (stream.encode() for stream in printed))
        )

    forking = {name: getattr(subprocess, name) for name in ("DEVNULL", "CompletedProcess")}
    monkeypatch.setattr(module, "subprocess", SimpleNamespace(run=run, **forking))
