"""Specification of milestones.optimisation.training: TinyTorch trains, and weights come out."""

from __future__ import annotations

import numpy as np
import pytest
from small_networks import flat, weights_of

from tinytorch_hf.compare import tasks
from tinytorch_hf.compare.sides import share_right
from tinytorch_hf.errors import UnknownNameError
from tinytorch_hf.milestones.optimisation.training import train, train_task


def test_a_task_is_learned_and_can_be_repeated(same_random_state: None) -> None:
    """The same weights each time, and a model that knows its digits."""
    first, second = train_task("tinydigits", "mlp", 5), train_task("tinydigits", "mlp", 5)

    assert all(np.array_equal(a, b) for a, b in zip(flat(first.weights), flat(second.weights), strict=True))
    assert share_right(first.predict(first.arrays.X_test), first.arrays.y_test) > 0.85
    assert first.size_bytes == 4 * (64 * 32 + 32 + 32 * 10 + 10)


def test_its_weights_are_copies() -> None:
    """Changing them does not change the model."""
    trained = train_task("tinydigits", "mlp", 1)
    before = trained.predict(trained.arrays.X_test)

    for value in flat(trained.weights):
        value[:] = 0

    assert np.array_equal(trained.predict(trained.arrays.X_test), before)


def test_what_a_mask_holds_at_zero_stays_there() -> None:
    """Through momentum too, while everything else is trained."""
    settings = tasks.settings_for("tinydigits", "mlp", optimizer="momentum", epochs=1)
    model = tasks.make_model(settings)
    start = weights_of(model)
    masks = [[(np.arange(value.size).reshape(value.shape) % 3 > 0).astype(np.float32) for value in x] for x in start]

    trained = train(settings, model, tasks.load_arrays(settings), start, masks)

    for before, mask, after in zip(flat(start), flat(masks), flat(trained.weights), strict=True):
        assert not after[mask == 0].any()
        assert (after != before)[mask == 1].mean() > 0.8


def test_an_unknown_task_is_refused() -> None:
    """As everywhere."""
    with pytest.raises(UnknownNameError):
        train_task("tinydigits", "gpt")
