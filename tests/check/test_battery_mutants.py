"""Specification of what `check` finds: every planted fault, by name, and nothing that does not depend on it."""

from __future__ import annotations

import pytest
from battery import check_here, wrong
from conftest import Install
from mutants import MUTANTS, Mutant
from seeds import n_seeds

from tinytorch_hf.check.cases import CASES
from tinytorch_hf.judging.mistakes import MISTAKES


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_fault_is_found_and_nothing_else(mutant: Mutant, install: Install, fresh_reference: None) -> None:
    """The operations that have it are called wrong, by its code; others only in its modules and those built on it."""
    install(mutant.package)
    modules = {CASES[name].module for name in mutant.finds}.union(mutant.through)

    # The whole battery on every package takes minutes; nox has them.
    found = wrong(check_here(only=() if n_seeds(1) > 1 else modules))

    assert set(mutant.finds) <= set(found)
    others = {name: result.detail for name, result in found.items() if name not in mutant.finds}
    assert {CASES[name].module for name in others} <= modules, others
    first = found[mutant.finds[0]]
    assert mutant.cause in first.cause
    assert mutant.code in ("", first.code)


def test_the_mutants_are_many_and_different() -> None:
    """Each by a name of its own, those with a cause by its code, and together they reach every module of the course."""
    assert [mutant.name for mutant in MUTANTS if mutant.cause and mutant.code not in MISTAKES] == []
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 80
    assert {CASES[name].module for mutant in MUTANTS for name in mutant.finds} == {
        case.module for case in CASES.values()
    } - {"tensor"}
