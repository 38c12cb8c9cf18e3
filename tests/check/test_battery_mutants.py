"""Specification of what `check` finds: every planted fault, by name, and nothing that does not depend on it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from battery import check_here, wrong
from conftest import Install
from mutants import MUTANTS, Mutant
from seeds import n_seeds

from tinytorch_hf.check.cases import CASES
from tinytorch_hf.judging.mistakes import MISTAKES
from tinytorch_hf.judging.results import Result

# The whole battery on every package takes minutes; nox has them. Each of these is of another part of the course.
NOWHERE_ELSE = {"reshape detaches the graph", "AdamW is Adam", "max pooling gives every pixel the gradient"}
EVERYWHERE = n_seeds(1) > 1


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_fault_is_found(mutant: Mutant, install: Install, fresh_reference: None) -> None:
    """The operations that have it are called wrong, the first of them by its cause and code."""
    install(mutant.package)

    found = wrong(check_here(only=mutant.finds))

    assert set(found) == set(mutant.finds)
    _is_named(mutant, found)


@pytest.mark.parametrize(
    "mutant",
    [mutant for mutant in MUTANTS if EVERYWHERE or mutant.name in NOWHERE_ELSE],
    ids=lambda mutant: mutant.name,
)
def test_a_planted_fault_is_found_nowhere_else(mutant: Mutant, install: Install, fresh_reference: None) -> None:
    """Of the whole battery, other operations are called wrong only in its modules and those built on it."""
    install(mutant.package)
    modules = {CASES[name].module for name in mutant.finds}.union(mutant.through)

    found = wrong(check_here())

    assert set(mutant.finds) <= set(found)
    others = {name: result.detail for name, result in found.items() if name not in mutant.finds}
    assert {CASES[name].module for name in others} <= modules, others
    _is_named(mutant, found)


def _is_named(mutant: Mutant, found: Mapping[str, Result]) -> None:
    first = found[mutant.finds[0]]
    assert mutant.cause in first.cause
    assert mutant.code in ("", first.code)


def test_the_mutants_are_many_and_different() -> None:
    """Each by a name of its own, those with a cause by its code, and together they reach every module of the course."""
    assert [mutant.name for mutant in MUTANTS if mutant.cause and mutant.code not in MISTAKES] == []
    names = {mutant.name for mutant in MUTANTS}
    assert len(names) == len(MUTANTS) >= 80
    assert names > NOWHERE_ELSE
    assert {CASES[name].module for mutant in MUTANTS for name in mutant.finds} == {
        case.module for case in CASES.values()
    } - {"tensor"}
