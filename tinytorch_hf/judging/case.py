"""What a case is: one operation, how TinyTorch runs it and what is right, on the same numbers."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tinytorch_hf.formats.arrays import Array

if TYPE_CHECKING:
    from tinytorch_hf.judging.judge import Judge
    from tinytorch_hf.student.view import Student

# The course's order.
MODULES = (
    "tensor",
    "activations",
    "layers",
    "losses",
    "dataloader",
    "autograd",
    "optimizers",
    "training",
    "spatial",
    "tokenization",
    "embeddings",
    "attention",
    "transformers",
)

# Arrays and lists of texts, by name.
Inputs = Mapping[str, Any]
# What came out, by what it is. Floats are judged by the yardstick; whole numbers and texts are equal or not; a bool is
# a statement that holds or not; None is a gradient that never arrived.
Results = dict[str, Any]

RunTinyTorch = Callable[["Student", Inputs], Results]
RunTorch = Callable[["Judge", Inputs], Results]


@dataclass(frozen=True, eq=False)
class Case:
    """One operation of the battery.

    Attributes
    ----------
    name
        What `--only` takes.
    module
        One of `MODULES`.
    needs
        Names of the parts it is made of; where one is not built, the case is missing.
    inputs
        Draws the numbers, from real batches wherever numbers of their kind exist.
    tinytorch
        Runs it in TinyTorch. Statements appear here alone.
    right
        The right results, in order: what later ones depend on comes first.
    also_right
        Other definitions in use, any of which will do.
    mistakes
        Results that well-known mistakes would give, by a sentence that names the mistake.
    """

    name: str
    module: str
    needs: tuple[str, ...]
    inputs: Callable[[np.random.Generator], Inputs]
    tinytorch: RunTinyTorch
    right: RunTorch
    also_right: Sequence[RunTorch] = ()
    mistakes: Mapping[str, RunTorch] = field(default_factory=dict)

    def draw(self, seed: int) -> Inputs:
        """The case's numbers for a seed."""
        return self.inputs(np.random.default_rng([seed, zlib.crc32(self.name.encode())]))


def upstream(shape: tuple[int, ...]) -> Array:
    """The gradient that arrives from behind an output of this shape, the same on both sides."""
    gradient: Array = np.random.default_rng(42).standard_normal(shape).astype(np.float32)
    return gradient
