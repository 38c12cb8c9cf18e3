"""Specification of how programs are drawn."""

from __future__ import annotations

import numpy as np
import pytest
from programs_here import EVERYTHING

from tinytorch_hf.check.programs import generate
from tinytorch_hf.check.programs.builder import Available
from tinytorch_hf.check.programs.program import BACKWARD, CALL, FORGET, OPTIMIZER, SCALE, STEP, TENSOR, ZERO, Program
from tinytorch_hf.check.programs.sound import is_sound

# Rare forms are drawn by the first; of chains one is enough.
N = {**dict.fromkeys(generate.FAMILIES, 24), "operators": 70, "chains": 1}
DRAWN = [family for family in generate.FAMILIES if family != generate.RELATED]


@pytest.mark.parametrize("family", DRAWN)
def test_the_same_seed_gives_the_same_programs(family: str) -> None:
    """And another seed other ones; each is one that PyTorch's answer can be relied on for."""
    first, again, other = (
        [one.as_json() for one in generate.programs(family, EVERYTHING, 5, seed)] for seed in (3, 3, 4)
    )

    assert first == again != other
    assert len(first) == 5
    assert all(map(is_sound, generate.programs(family, EVERYTHING, 5, 3)))


def has_repeated_ids(one: Program) -> bool:
    """Whether a whole number stands twice in a tensor of them."""
    given = [np.array(each.arguments["values"]) for each in one.of(TENSOR) if each.arguments.get("ids")]
    return any(ids.size > len(np.unique(ids)) for ids in given)


def test_programs_do_what_the_battery_does_not() -> None:
    """Among some hundred there is everything that this is for."""
    drawn = [one for family in DRAWN for one in generate.programs(family, EVERYTHING, N[family], 0)]
    forms = frozenset().union(*(one.forms for one in drawn))
    features = frozenset().union(*(one.features for one in drawn))
    reductions = [each.arguments for one in drawn for each in one.of("sum", "mean", "max")]

    assert forms >= EVERYTHING.forms
    assert features == {"sharing", "adding up", "scaling", "leaves that are not asked"}
    assert any(one.of(ZERO) for one in drawn)
    assert any(one.of(SCALE) for one in drawn)
    assert {len(one.of(STEP)) for one in drawn} >= {0, 1, 2, 3}
    assert any(one.of(FORGET) for one in drawn)
    assert any(len(one.of(BACKWARD)) > len(one.of(STEP)) > 0 for one in drawn)
    assert {one.arguments["part"] for each in drawn for one in each.of(OPTIMIZER)} == {"SGD", "Adam", "AdamW"}
    assert any(len(set(one.operands)) == 1 for each in drawn for one in each.of("attention"))
    assert any(has_repeated_ids(one) for one in drawn)
    assert any(each.arguments["scale"] != 1 for one in drawn for each in one.of(BACKWARD))
    assert any(-1 in each.arguments["shape"] for one in drawn for each in one.of("reshape"))
    assert {each.get("keepdims", False) for each in reductions} == {True, False}
    assert any(one.ties for one in drawn)
    assert any(len(one) > 100 for one in drawn)
    assert any(len(one.of(CALL)) > len({each.operands[0] for each in one.of(CALL)}) for one in drawn)


def test_nothing_is_used_that_is_not_built() -> None:
    """Programs are made of what there is."""
    few = Available(frozenset(["+", "* number", "sum"]))

    drawn = [one for family in ("operators", "shapes", "reductions") for one in generate.programs(family, few, 10, 0)]

    assert frozenset().union(*(one.forms for one in drawn)) <= few.forms


def test_the_default_count_is_the_one_that_help_names() -> None:
    """The parser says so without an import of what programs need."""
    from tinytorch_hf.check.programs.trial import N_PROGRAMS

    assert N_PROGRAMS == 400
    assert sum(generate.counts(N_PROGRAMS).values()) == N_PROGRAMS
    assert not any(generate.counts(0).values())
