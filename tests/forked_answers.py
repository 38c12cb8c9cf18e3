"""The fresh process of `tinytorch_hf.hub.offline`, forked from an interpreter that has imported what it imports."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import SimpleNamespace

import pytest
from conftest import Start

from tinytorch_hf.hub import offline


def use(monkeypatch: pytest.MonkeyPatch, start: Start) -> None:
    """From here on a test's calls are answered so, in a second less."""

    def run(
        command: Sequence[str], *, input: bytes, cwd: str, env: Mapping[str, str], **how: bool
    ) -> subprocess.CompletedProcess[bytes]:
        assert command[0] == sys.executable and how == {"capture_output": True, "check": False}
        done = start("libraries", *command[1:], cwd=cwd, stdin=input, only=env).wait()
        return subprocess.CompletedProcess(command, done.returncode, done.stdout.encode(), done.stderr.encode())

    monkeypatch.setattr(offline, "subprocess", SimpleNamespace(run=run))
