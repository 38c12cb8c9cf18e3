"""Specification of the figures over seeds that documents quote."""

from __future__ import annotations

import re

import pytest
from conftest import CHECKOUT
from seeds import examples

from docs.tools import seeds
from tinytorch_hf import compare_training


@pytest.mark.parametrize("seed", examples([7], [seed for seed in range(seeds.N_SEEDS) if seed != 7]))
@pytest.mark.parametrize("name", seeds.DATASETS)
def test_a_seed_gives_what_is_kept_of_it(name: str, seed: int) -> None:
    """On both sides, within a sample; `nox -s longer` trains with all of them."""
    kept = seeds.recorded(name)
    at = kept["seeds"].index(seed)

    found = compare_training(name, "tinytorch_hf.reference", seed=seed)

    assert found.agree
    assert found.n_test == kept["n_test"]
    assert [kept["n_test"] * one for one in found.accuracies or ()] == [
        pytest.approx(kept[side][at], abs=1) for side in ("tinytorch", "pytorch")
    ]


@pytest.mark.parametrize("name", seeds.DATASETS)
def test_what_is_kept_is_what_the_datasets_own_page_says(name: str) -> None:
    """Mean and range of the same ten seeds, measured another time."""
    kept = seeds.recorded(name)
    assert kept["seeds"] == list(range(seeds.N_SEEDS))
    page = (CHECKOUT / "datasets" / name / "README.md").read_text(encoding="utf-8")
    (row,) = re.findall(
        r"^\| 0\.3 \| ([\d.]+) \(([\d.]+) to ([\d.]+)\) \| ([\d.]+) \(([\d.]+) to ([\d.]+)\) \|$", page, re.M
    )

    stated = [
        value
        for side in ("tinytorch", "pytorch")
        for percent in [[100 * right / kept["n_test"] for right in kept[side]]]
        for value in (sum(percent) / len(percent), min(percent), max(percent))
    ]

    assert [float(cell) for cell in row] == pytest.approx(stated, abs=0.06)
