"""What a case is: one operation, how TinyTorch runs it and what is right, on the same numbers."""

from __future__ import annotations

import functools
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
# What came out, by what it is. Floats are judged by the yardstick; whole numbers and texts are equal or not; None is a
# gradient that never arrived.
Results = dict[str, Any]

OUTPUT = "output"
"""What the output of an operation is called among the results."""

_GRADIENT = "gradient of "

RunTinyTorch = Callable[["Student", Inputs], Results]
RunTorch = Callable[["Judge", Inputs], Results]


class Draw:
    """What a case draws its numbers with.

    Every case can be drawn twice: on sizes as they stand in its table, and on other ones. What is said of the cause of
    a difference has to hold on both, so that no length is taken for another by chance.

    Attributes
    ----------
    rng
        The generator.
    is_second
        Whether other sizes are wanted.
    """

    def __init__(self, rng: np.random.Generator, is_second: bool = False) -> None:
        self.rng = rng
        self.is_second = is_second

    def size(self, length: int) -> int:
        """A length as it stands in the table, or two more in the second draw."""
        return length + 2 if self.is_second else length


@dataclass(frozen=True)
class Claim:
    """A statement about results that no comparison of numbers makes, such as that every sample came once.

    Attributes
    ----------
    what
        The statement, as it is when it holds.
    holds
        Whether it does.
    code
        The mistake that it proves where it does not hold; empty where it proves none. A note ends with it.
    is_note
        Whether it is no fault where it does not hold, but worth a note.
    addition
        What the mistake's sentence leaves open, such as which default is another; or nothing.
    seen
        What was found instead where it does not hold, such as "31 of 32 came"; or nothing.
    """

    what: str
    holds: bool
    code: str = ""
    is_note: bool = False
    seen: str = ""
    addition: str = ""


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
        Runs it in TinyTorch and gives what came out; it never says whether that is right. Statements appear here alone.
    right
        The right results, in order: what later ones depend on comes first. All of them have to be delivered.
    also_right
        Other definitions in use, any of which will do.
    mistakes
        Results that well-known mistakes would give, by the mistake's code; see `tinytorch_hf.judging.mistakes`.
    variants
        What some of these would give if made in another way, by the code as well.
    claims
        Statements about the inputs and what came out, made where the judge is and not where the student's code runs.
    optional
        Results that may be left out: of methods that the course does not ask for.
    """

    name: str
    module: str
    needs: tuple[str, ...]
    inputs: Callable[[Draw], Inputs]
    tinytorch: RunTinyTorch
    right: RunTorch
    also_right: Sequence[RunTorch] = ()
    mistakes: Mapping[str, RunTorch] = field(default_factory=dict)
    claims: Callable[[Inputs, Results], Sequence[Claim]] = lambda _inputs, _results: ()
    optional: frozenset[str] = frozenset()
    variants: Mapping[str, Sequence[RunTorch]] = field(default_factory=dict)

    def draw(self, seed: int, is_second: bool = False) -> Inputs:
        """The case's numbers for a seed, on the sizes of its table or on others."""
        return self.inputs(Draw(np.random.default_rng([seed, zlib.crc32(self.name.encode())]), is_second))


def leaf_of(name: str) -> str:
    """The leaf whose gradient a result is; nothing for a result that is no gradient."""
    return name.removeprefix(_GRADIENT) if name.startswith(_GRADIENT) else ""


def is_gradient(name: str) -> bool:
    """Whether a result is a gradient, by its name."""
    return name.startswith("gradient")


def upstream(shape: tuple[int, ...]) -> Array:
    """The gradient that arrives from behind an output of this shape, the same on both sides."""
    gradient: Array = _upstream(shape).copy()
    return gradient


@functools.lru_cache(maxsize=1024)
def _upstream(shape: tuple[int, ...]) -> Array:
    gradient: Array = np.random.default_rng(42).standard_normal(shape).astype(np.float32)
    return gradient
