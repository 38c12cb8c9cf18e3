"""Specification of tinytorch_hf.check.programs.named: which mistake a program proves by its numbers alone."""

from __future__ import annotations

import numpy as np
import pytest
from programs_here import leaf, made

from tinytorch_hf.check.programs.available import named_by
from tinytorch_hf.check.programs.named import cause_of
from tinytorch_hf.check.programs.program import BACKWARD, SCALE, Program, Statement

SUM = (
    leaf("a", [[1.0]]),
    leaf("b", [[1.0]]),
    made("c", "+", "a", "b"),
    Statement("", BACKWARD, ("c",), {"scale": 1.0}),
)
SCALED = Program((*SUM, Statement("", SCALE, ("a",), {})))
LAST, FIRST = "gradient of b at the end", "gradient of b"


@pytest.mark.parametrize(
    ("program", "name", "found", "code"),
    [
        (SCALED, LAST, 0.5, "GRADIENT-SHARED"),
        (SCALED, LAST, 0.25, "GRADIENT-SHARED"),
        (SCALED, LAST, 0.4, ""),
        (SCALED, FIRST, 0.5, ""),
        (Program(SUM), FIRST, 0.5, ""),
    ],
)
def test_a_gradient_that_is_scaled_with_another_is_the_same_array(
    program: Program, name: str, found: float, code: str
) -> None:
    """Only where the program scales one, and only by the factor it is scaled with."""
    cause = cause_of(program, {name: np.array([[found]])}, {name: np.array([[1.0]])}, [name])

    assert (cause.code if cause else "") == code


def test_it_follows_from_the_case_that_is_about_that() -> None:
    """A program that scales nothing does not."""
    wrong = ["gradient-of-both-kept-apart"]

    assert named_by(SCALED, wrong) == tuple(wrong)
    assert named_by(Program(SUM), wrong) == ()
