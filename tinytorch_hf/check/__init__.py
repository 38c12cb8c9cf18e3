"""Every operation of a TinyTorch, one by one, against PyTorch.

Read `judging/case.py` first: what a case is. The tables are in `cases/`; `student/view.py` runs them in TinyTorch, in a
process of its own (`child.py`, `process.py`, which speak `wire.py`); `judging/yardstick.py` judges what comes back
against torch, and `judging/causes.py` says in a sentence what went wrong. `run.py` puts it together.
"""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of

__dir__ = directory_of(__name__)
