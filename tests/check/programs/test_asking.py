"""Specification of how programs are run many at once."""

from __future__ import annotations

from typing import Any

from programs_here import REFERENCE, asking, leaf, made, program

from tinytorch_hf.check.programs.asking import Asking
from tinytorch_hf.check.programs.interpret import ERROR, KIND
from tinytorch_hf.student.answers import Answer


def test_one_that_ends_the_process_takes_no_other_with_it() -> None:
    """It is found by halves; what comes of the others is there."""
    right = asking(REFERENCE)
    n_asked = 0

    def ask(**request: Any) -> Answer:
        nonlocal n_asked
        n_asked += 1
        if any(statement[1] == "exp" for one in request["programs"] for statement in one):
            return Answer("crash", message="the process was ended by the signal SIGSEGV")
        return right(**request)

    programs = [program(leaf("a", [1.0]), made("b", "+ number", "a", number)) for number in range(1, 12)]
    programs[4] = program(leaf("a", [1.0]), made("b", "exp", "a"))

    found = Asking(ask).run_all(programs)

    assert found[4][ERROR] == "the process was ended by the signal SIGSEGV"
    assert found[4][KIND] == "crash"
    assert [float(each["output b"][0]) for number, each in enumerate(found) if number != 4] == [
        2.0 + number for number in range(11) if number != 4
    ]
    assert n_asked < 12


def test_an_error_is_told_of_its_own_program() -> None:
    """With its type, and whether the package raised it."""
    ours = program(leaf("a", [1.0]), made("b", ".relu", "a"))
    theirs = program(leaf("a", [[1.0, 2.0]]), made("b", "@", "a", "a"))

    found = Asking(asking(REFERENCE)).run_all([ours, theirs])

    assert found[0][KIND] == "unfit"
    assert found[1][KIND] == "crash"
    assert str(found[1][ERROR]).startswith("ValueError: matmul takes")
