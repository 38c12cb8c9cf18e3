"""Numbers that go into scenes, and everything that objects hold at the end of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array

Values = list[Any]
Scene = Callable[[Any], Values]


def numbers(shape: tuple[int, ...], seed: int = 0) -> Array:
    """Normal numbers of a shape, large ones and small ones; some are equal."""
    drawn = np.random.default_rng(seed).standard_normal(shape) * 2
    rounded: Array = np.where(np.abs(drawn) < 0.5, np.round(drawn), drawn).astype(np.float32)
    return rounded


def held(made: Any, seen: tuple[int, ...] = ()) -> Values:
    """Everything that an object holds: numbers, arrays, flags, and what the objects in it hold; and its parameters."""
    if isinstance(made, np.ndarray | np.generic | int | float | str | bool | None):
        return [made]
    if isinstance(made, list | tuple):
        return [held(one, seen) for one in made]
    if isinstance(made, dict):
        return [[key, held(value, seen)] for key, value in made.items()]
    if id(made) in seen or (callable(made) and not hasattr(made, "__dict__")):
        return []
    fields = vars(made) if hasattr(made, "__dict__") else {}
    named = [[name, held(value, (*seen, id(made)))] for name, value in fields.items()]
    parameters = made.parameters() if hasattr(made, "parameters") else []
    return [type(made).__name__, named, [parameter.data for parameter in parameters]]
