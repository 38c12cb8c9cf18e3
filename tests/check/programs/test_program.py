"""Specification of programs as plain data."""

from __future__ import annotations

import json

import pytest
from programs_here import EVERYTHING, leaf, made, program

from tinytorch_hf.check.programs import generate
from tinytorch_hf.check.programs.forms import FORMS
from tinytorch_hf.check.programs.program import ProgramError, parse

A = ["a", "tensor", [], {"values": [1.0, 2.0], "gradient": True}]


@pytest.mark.parametrize("family", generate.FAMILIES)
def test_a_program_travels_as_json(family: str) -> None:
    """What arrives has the same statements."""
    for one in generate.programs(family, EVERYTHING, 4, 1) if family != generate.RELATED else ():
        arrived = parse(json.loads(json.dumps(one.as_json())), FORMS)

        assert arrived.statements == one.statements


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({}, "list of statements"),
        ([], "list of statements"),
        ([["a", "tensor", []]], "a statement is"),
        ([["a.b", "tensor", [], {}]], "cannot be called"),
        ([A, A], "cannot be called"),
        ([["a", "__import__", [], {}]], "no form"),
        ([["b", "+", ["a", 1], {}]], "before it is made"),
        ([A, ["b", "+", ["a", None], {}]], "a name or a number"),
        ([A, ["b", "+", ["a", True], {}]], "a name or a number"),
        ([A, ["b", "+", "a", {}]], "operands are a list"),
        ([A, ["b", "reshape", ["a"], {"shape": [[[[[[[[1]]]]]]]]}]], "nested too deeply"),
    ],
)
def test_what_is_no_program_is_refused(values: object, problem: str) -> None:
    """The message says what is wrong with it."""
    with pytest.raises(ProgramError, match=problem):
        parse(values, FORMS)


def test_a_program_says_what_it_uses() -> None:
    """Operations, the leaves that are asked for, and what it does beside."""
    one = program(
        leaf("a", [1.0]), leaf("b", [2.0], gradient=False), made("c", "+", "a", "b"), made("d", "*", "c", "c")
    )

    assert one.forms == {"+", "*"}
    assert one.leaves == ["a"]
    assert one.features == {"sharing", "leaves that are not asked"}
