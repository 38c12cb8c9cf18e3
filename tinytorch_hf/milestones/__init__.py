"""TinyTorch's milestones on data that are always there: the manager they ask, and a checkout prepared for them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinytorch_hf.milestones.bridges import install
    from tinytorch_hf.milestones.digits import TinyDigits
    from tinytorch_hf.milestones.manager import DatasetManager

_HOMES = {"DatasetManager": "manager", "TinyDigits": "digits", "install": "bridges"}

__all__ = ["DatasetManager", "TinyDigits", "install"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
