"""Tiny sets out of large ones: what is read, what is known of it, what is chosen, and what the choice is worth.

Read `facts.py` first: what is kept of each sample. `summary.py` reduces that, in any order and on any engine, to a few
hundred candidates of each class; `choosing.py` chooses among them. Everything that is summed or compared is a whole
number, so that the choice is the same on every machine.
"""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of

__dir__ = directory_of(__name__)
