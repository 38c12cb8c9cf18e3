"""Specification of milestones.optimisation.levels: every level predicts, and is what its name says."""

from __future__ import annotations

import numpy as np
import pytest
from small_networks import MODELS, flat, in_tinytorch, weights_of

from tinytorch_hf.milestones.optimisation import levels
from tinytorch_hf.milestones.optimisation.levels import Level
from tinytorch_hf.milestones.optimisation.training import Trained


def start(name: str) -> Trained:
    """One of `MODELS` before it is optimised."""
    model, batch = MODELS[name]
    return in_tinytorch(model, weights_of(model), batch)


def levels_of(name: str) -> dict[str, Level]:
    """The levels by name, the text's after a prompt of two ids."""
    optimised = levels.optimise(start(name))
    found = levels.of_texts(optimised, np.array([3, 1])) if name == "gpt" else levels.of_images(optimised, n_timed=2)
    return {level.name: level for level in found}


@pytest.mark.parametrize("name", ["mlp", "cnn", "gpt"])
def test_levels_with_the_same_results_have_them_and_the_others_are_smaller(name: str) -> None:
    """The baseline comes first; every name is known to one of the two groups."""
    found = levels_of(name)
    batch = MODELS[name][1]
    baseline = found[levels.BASELINE]

    assert next(iter(found)) == levels.BASELINE
    for level in found.values():
        assert level.predict(batch).dtype == np.float32
        if level.name in levels.SAME_RESULTS:
            np.testing.assert_allclose(level.predict(batch), baseline.predict(batch), rtol=1e-4, atol=1e-5)
            assert level.size_bytes == baseline.size_bytes
        elif level is not baseline:
            assert level.predict(batch).shape == baseline.predict(batch).shape
            assert not np.allclose(level.predict(batch), baseline.predict(batch))
            assert level.size_bytes < baseline.size_bytes


@pytest.mark.parametrize("name", ["mlp", "cnn", "gpt"])
def test_the_last_level_is_smaller_than_both_it_is_made_of(name: str) -> None:
    """Fewer neurons, and those as int8."""
    found = levels_of(name)
    last = list(found.values())[-1]

    assert last.name in (levels.SMALLER_INT8_BATCHED, levels.SMALLER_INT8_CACHED)
    assert last.size_bytes < min(found[levels.INT8].size_bytes, found[levels.SMALLER].size_bytes)


def test_a_gpt_writes_up_to_its_length() -> None:
    """Four ids after two, the same ones at every level that has the same results."""
    found = levels_of("gpt")
    written = {name: level.work() for name, level in found.items()}

    assert all(len(ids) == level.n_units == 4 for ids, level in zip(written.values(), found.values(), strict=True))
    assert all(np.array_equal(written[name], written["baseline"]) for name in levels.SAME_RESULTS if name in written)


def test_images_go_one_by_one_or_all_at_once() -> None:
    """What a unit is differs, and the work is about as many."""
    found = levels_of("cnn")

    assert {name: level.n_units for name, level in found.items() if level.n_units != 2} == {
        levels.BATCHED: 5,
        levels.SMALLER_INT8_BATCHED: 5,
    }
    assert all(level.work() is None for level in found.values())


def test_baseline_and_pruned_models_are_trained_for_as_long() -> None:
    """All three go on from the same weights, for a quarter of the epochs, so that their results can be compared."""
    begun = start("mlp")

    optimised = levels.optimise(begun)

    assert optimised.baseline.settings.epochs == 2
    pairs = zip(flat(begun.weights), flat(optimised.baseline.weights), strict=True)
    assert not any(np.array_equal(before, after) for before, after in pairs)
    pruned = optimised.networks[levels.SPARSE].pieces["linear 1"]["map"]
    assert len(pruned.values) == 30 - int(levels.SPARSITY * 30)
    assert not np.isin(pruned.values, begun.weights[0][0]).all()
    assert [layer.arguments for layer in optimised.networks[levels.SMALLER].layers if layer.parameters] == [
        (6, 3),
        (3, 2),
        (2, 3),
    ]
