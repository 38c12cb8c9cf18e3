"""Every operation of a TinyTorch, one by one, against PyTorch.

Read `case.py` first: what a case is. The tables are in `cases/`; `student.py` runs them in TinyTorch, in a process of
its own (`child.py`, `process.py`, which speak `wire.py`); `yardstick.py` judges what comes back against torch, and
`causes.py` says in a sentence what went wrong. `run.py` puts it together, `table.py` and `junit.py` show it.
"""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of

__dir__ = directory_of(__name__)
