"""What a student's process tells of a part, so that a call of it can be written down: nothing of it is believed."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from tinytorch_hf.check.masks import Form
from tinytorch_hf.check.modes import WAYS

FORGETTING = ("method", "zeros", "none")
"""How a tensor forgets its gradient: by a method, or by becoming zeros, or nothing."""


@dataclass(frozen=True)
class Told:
    """How a part is imported and called.

    Attributes
    ----------
    module, called
        Where it is, and its name there.
    mode
        How it is told its mode; one of `modes.WAYS`.
    forgetting
        How tensors forget a gradient; one of `FORGETTING`.
    mask
        The form of mask that it takes.
    """

    module: str
    called: str
    mode: str = WAYS[0]
    forgetting: str = FORGETTING[-1]
    mask: Form = field(default_factory=Form)


def told_of(homes: Any, name: str) -> Told | None:
    """What `child.homes` gave of a part, if it can be written into an import."""
    for entry in homes if isinstance(homes, list) else ():
        if isinstance(entry, list) and len(entry) == 6 and entry[0] == name:
            _, module, called, mode, forgetting, mask = entry
            is_text = isinstance(module, str) and isinstance(called, str)
            if is_text and called.isidentifier() and all(word.isidentifier() for word in module.split(".")):
                mode = mode if mode in WAYS else WAYS[0]
                return Told(module, called, mode, forgetting if forgetting in FORGETTING else "none", _form(mask))
    return None


def _form(given: Any) -> Form:
    """The form of mask; TinyTorch's where it is none."""
    if not isinstance(given, list) or len(given) != 4 or given[0] not in Form.SHAPES:
        return Form()
    shape, *numbers, is_array = given
    may, may_not = (-math.inf if number == "-np.inf" else number for number in numbers)
    if not all(isinstance(number, float) for number in (may, may_not)):
        return Form()
    return Form(shape, may, may_not, bool(is_array))
