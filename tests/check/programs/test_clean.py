"""Specification of what programs say of packages that are right: nothing."""

from __future__ import annotations

import pytest
from conftest import Install
from generations import GENERATIONS
from programs_here import REFERENCE, tried_here
from seeds import n_seeds

from tinytorch_hf.judging.results import Outcome


@pytest.mark.parametrize("seed", range(n_seeds(1)))
def test_the_reference_has_no_finding(seed: int) -> None:
    """In no family, whatever the seed."""
    found = tried_here(REFERENCE, 400 if n_seeds(1) > 1 else 60, seed)

    assert {name: result.snippet for name, result in found.items() if result.outcome is not Outcome.AGREES} == {}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_right_package_of_any_generation_has_no_finding(generation: str, install: Install) -> None:
    """Conventions are the battery's business."""
    install(GENERATIONS[generation])

    for seed in range(n_seeds(1, at_most=10)):
        found = tried_here(n=20 if seed == 0 else 400, seed=seed)
        assert {name: result.snippet for name, result in found.items() if result.outcome is not Outcome.AGREES} == {}
