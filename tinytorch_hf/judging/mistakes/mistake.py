"""What the catalogue of mistakes consists of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mistake:
    """One mistake that people make when they write a framework.

    Attributes
    ----------
    code
        Stable and unique, such as ``"ADAM-BIAS-CORRECTION"``.
    sentence
        What the code does wrongly, without a full stop at its end.
    hint
        What to look at or to write instead, in one sentence.
    """

    code: str
    sentence: str
    hint: str
