"""Specification of what becomes of worker processes when who started them was killed, which takes seconds to show."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

_PARENT = """
import multiprocessing, threading, time
from tinytorch_hf import workers
if __name__ == "__main__":
    def tell():
        while len(multiprocessing.active_children()) < 2: time.sleep(0.01)
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    threading.Thread(target=tell, daemon=True).start()
    list(workers.results(time.sleep, [600, 600, 600], workers=2))
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux tells of processes that are not one's own")
def test_workers_end_when_who_started_them_was_killed(tmp_path: Path) -> None:
    """Nobody else would ever tell them to; what they were at is ended, too."""
    (tmp_path / "parent.py").write_text(_PARENT)
    with subprocess.Popen([sys.executable, "parent.py"], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        children = [os.pidfd_open(int(number)) for number in parent.stdout.readline().split()]
        parent.kill()

    ended = [select.select([child], [], [], 30)[0] for child in children]
    for child in children:
        os.close(child)

    assert len(ended) == 2
    assert all(ended)
