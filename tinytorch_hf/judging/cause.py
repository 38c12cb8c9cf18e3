"""A cause: a mistake from the catalogue, and what can be said of this one instance of it."""

from __future__ import annotations

from dataclasses import dataclass

from tinytorch_hf.judging.mistakes import MISTAKES


@dataclass(frozen=True)
class Cause:
    """Why a result differs.

    Attributes
    ----------
    code
        Of a mistake in `tinytorch_hf.judging.mistakes`.
    addition
        What the catalogue's sentence leaves open, such as "the batch size"; or nothing.
    """

    code: str
    addition: str = ""

    @property
    def sentence(self) -> str:
        """The catalogue's sentence, with the addition behind it."""
        sentence = MISTAKES[self.code].sentence
        return f"{sentence} ({self.addition})" if self.addition else sentence

    @property
    def hint(self) -> str:
        """The catalogue's hint."""
        return MISTAKES[self.code].hint
