"""Specification of how failing programs become short."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from programs_here import EVERYTHING, leaf, made, program

from tinytorch_hf.check.programs import generate
from tinytorch_hf.check.programs.judged import right_for
from tinytorch_hf.check.programs.program import BACKWARD, MAKE, OPTIMIZER, STEP, TENSOR, Program
from tinytorch_hf.check.programs.shrink import shrunk
from tinytorch_hf.check.programs.sound import is_sound
from tinytorch_hf.judging.judges import judged_by


def has_maximum_of_product(one: Program) -> bool:
    """Whether it takes a mean of something that was multiplied."""
    products = {each.name for each in one.of("*")}
    return is_sound(one) and any(products & set(each.sources) for each in one.of("mean"))


def test_a_program_is_cut_to_what_fails() -> None:
    """Two operations of one value each, whatever stood around them."""
    drawn = (one for seed in range(9) for one in generate.programs("reductions", EVERYTHING, 40, seed))
    long = max((one for one in drawn if has_maximum_of_product(one)), key=len)

    short = shrunk(long, lambda programs: [has_maximum_of_product(one) for one in programs], 60.0, 400)

    assert len(long) > 10
    assert [each.form for each in short if each.form != TENSOR] == ["*", "mean", BACKWARD]
    assert all(np.size(each.arguments["values"]) <= 2 for each in short.of(TENSOR))
    assert len(short.of(TENSOR)) <= 2


def test_what_leads_nowhere_stays_if_it_is_what_disturbs() -> None:
    """A branch that nobody uses may be the fault."""
    one = program(leaf("a", [1.0, 2.0]), made("b", "* number", "a", 3), made("c", "exp", "a"), made("d", "+", "b", "b"))

    def disturbed(programs: Sequence[Program]) -> list[bool]:
        return [any(each.form == "exp" for each in candidate) and bool(candidate.leaves) for candidate in programs]

    short = shrunk(one, disturbed)

    assert [each.form for each in short] in (["tensor", "exp", "backward"], ["tensor", "exp", "+", "backward"])


def test_it_stops_after_so_many_requests() -> None:
    """Whatever is left then is what there is."""
    (long,) = generate.programs("chains", EVERYTHING, 1, 0)
    asked = []

    def fails(programs: Sequence[Program]) -> list[bool]:
        asked.append(len(programs))
        return [True] * len(programs)

    shrunk(long, fails, requests=3)

    assert len(asked) <= 4


def test_a_training_is_cut_as_well() -> None:
    """The optimizer keeps the layers that are called; the step stays at the end."""
    (one, *_) = generate.programs("training", EVERYTHING, 1, 3)

    with judged_by("recorded"):
        short = shrunk(one, lambda programs: [bool(each.of(STEP)) and bool(right_for(each)) for each in programs])

    assert len(short) < len(one)
    assert [each.form for each in short][-2:] == [BACKWARD, STEP]
    (optimizer,) = short.of(OPTIMIZER)
    assert set(optimizer.sources) == {each.name for each in short.of(MAKE) if each.arguments["values"]}
