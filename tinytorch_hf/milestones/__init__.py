"""TinyTorch's milestones on data that are always there.

Two halves: `data` and `checkout` are what the milestones' own scripts ask for, `proving` tries whether they get it and
`gradients` reads where they cut the graph; `experiments` and `optimisation` train what they train, through the
reference TinyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinytorch_hf import _lazy

_HOMES = {"DatasetManager": "data.manager", "TinyDigits": "data.digits", "install": "checkout.bridges"}

if TYPE_CHECKING:
    from tinytorch_hf.milestones.checkout.bridges import install
    from tinytorch_hf.milestones.data.digits import TinyDigits
    from tinytorch_hf.milestones.data.manager import DatasetManager

    __all__ = ["DatasetManager", "TinyDigits", "install"]

__getattr__, __dir__ = _lazy.attach(__name__, _HOMES, {})
