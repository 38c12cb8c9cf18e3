"""Specification of what `check` says of images, attention and transformers: every planted fault by its code."""

from __future__ import annotations

import pytest
from battery import check_here, wrong
from conftest import Install
from mutants import Mutant
from network_mutants import NETWORK_MUTANTS


@pytest.mark.parametrize("mutant", NETWORK_MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_fault_is_named(mutant: Mutant, install: Install) -> None:
    """In the first of its operations by the fault's own code, in the others at least as wrong."""
    install(mutant.package)

    found = wrong(check_here(only=mutant.finds))

    assert set(mutant.finds) <= set(found)
    assert found[mutant.finds[0]].code == mutant.cause, found[mutant.finds[0]]
