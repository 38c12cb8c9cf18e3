"""Pages in HTML, each one file: no network, no script, readable on a phone, in light and dark, and on paper.

`blocks.py` holds what pages are made of and `charts.py` the curves; `check_page.py` and `training_page.py` are pages.
Whatever text is put into a block is shown as text, whoever wrote it.
"""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of

__dir__ = directory_of(__name__)
