"""TinyTorch's milestones on data that are always there.

Two halves: `data` and `checkout` are what the milestones' own scripts ask for; `experiments` and `optimisation` train
what they train, through the reference TinyTorch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinytorch_hf.milestones.checkout.bridges import install
    from tinytorch_hf.milestones.data.digits import TinyDigits
    from tinytorch_hf.milestones.data.manager import DatasetManager

_HOMES = {"DatasetManager": "data.manager", "TinyDigits": "data.digits", "install": "checkout.bridges"}

__all__ = ["DatasetManager", "TinyDigits", "install"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
