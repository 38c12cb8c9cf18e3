"""Specification of milestones.optimisation.profiling: counts that can be checked by hand."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from small_networks import MODELS, in_tinytorch, weights_of

from tinytorch_hf.compare import models
from tinytorch_hf.compare.models import Model
from tinytorch_hf.milestones.optimisation.profiling import Profile, peak_bytes, profile


def profiled(model: Model, batch: np.ndarray) -> Profile:
    """A profile from two passes."""
    return profile(in_tinytorch(model, weights_of(model), batch), batch, repeats=2)


def counts(result: Profile) -> dict[str, tuple[int, int, int]]:
    """Parameters, FLOPs and bytes of the output, by layer."""
    return {layer.name: (layer.n_parameters, layer.flops, layer.output_bytes) for layer in result.layers}


def test_an_mlp_is_counted_as_by_hand() -> None:
    """64-32-10 on one image: 2 * 64 * 32 and 2 * 32 * 10 operations, 2080 and 330 parameters."""
    result = profiled(models.mlp(64, 32, 10), np.ones((1, 64), np.float32))

    assert counts(result) == {"linear 1": (2080, 4096, 128), "relu 1": (0, 0, 128), "linear 2": (330, 640, 40)}
    assert (result.whole.n_parameters, result.whole.flops) == (2410, 4736)


def test_a_cnn_is_counted_as_by_hand() -> None:
    """8 channels of 3x3 at 6x6 places: 2 * 9 * 8 * 36 operations for each image."""
    result = profiled(models.cnn(8, 8), np.ones((2, 1, 8, 8), np.float32))

    assert counts(result) == {
        "conv 1": (80, 2 * 5184, 2 * 1152),
        "relu 1": (0, 0, 2 * 1152),
        "pool 1": (0, 0, 2 * 288),
        "flatten": (0, 0, 2 * 288),
        "linear 1": (730, 2 * 1440, 2 * 40),
    }


def test_attention_is_counted_as_by_hand() -> None:
    """Four projections of 8x8 for 3 texts of 6, and for each of 36 pairs a score and a share of 8 features."""
    model, batch = MODELS["gpt"]

    result = counts(profiled(model, batch))

    assert result["block 1 attention"] == (4 * (64 + 8), 4 * 2 * 3 * 6 * 64 + 2 * 2 * 3 * 36 * 8, 4 * 3 * 6 * 8)
    assert result["head"] == (88, 2 * 3 * 6 * 8 * 11, 4 * 3 * 6 * 11)
    assert result["embeddings"][:2] == ((11 + 6) * 8, 0)


@pytest.mark.parametrize("name", MODELS)
def test_all_parameters_are_counted_and_all_layers_timed(name: str) -> None:
    """The whole is the sum."""
    model, batch = MODELS[name]
    result = profiled(model, batch)

    assert result.whole.n_parameters == sum(value.size for layer in weights_of(model) for value in layer)
    assert all(layer.seconds > 0 for layer in result.layers)
    assert result.whole.seconds == pytest.approx(sum(layer.seconds for layer in result.layers))


def test_the_peak_is_what_was_allocated_at_once() -> None:
    """Two arrays that live together count together, and one that is gone does not; whoever traces goes on tracing."""
    tracemalloc.start()
    try:
        kept, gone = np.zeros(500_000, np.uint8), np.zeros(900_000, np.uint8)
        del gone
        peak = peak_bytes(lambda: [np.zeros(100_000, np.uint8), np.zeros(200_000, np.uint8)])
        assert tracemalloc.is_tracing()
        assert kept.size == 500_000
    finally:
        tracemalloc.stop()

    assert 300_000 <= peak < 310_000
    assert 200_000 <= peak_bytes(lambda: [np.zeros(200_000, np.uint8).size for _ in range(2)]) < 210_000
    assert not tracemalloc.is_tracing()


def test_a_forward_pass_allocates_at_least_what_the_graph_keeps() -> None:
    """The outputs of all layers that make new arrays."""
    result = profiled(models.mlp(64, 32, 10), np.ones((100, 64), np.float32))

    assert result.whole.output_bytes == 100 * 296
    assert 100 * 296 <= result.peak_bytes < 4 * 100 * 296


def test_a_profile_is_told_as_a_table() -> None:
    """The model, a line for each layer, one for the whole, and the memory."""
    lines = str(profiled(models.mlp(64, 32, 10), np.ones((1, 64), np.float32))).splitlines()

    assert lines[0] == "MLP 64-32-10 on (1, 64)"
    assert lines[2].split()[:5] == ["linear", "1", "2080", "4096", "128"]
    assert lines[5].split()[:4] == ["all", "2410", "4736", "296"]
    assert lines[6].startswith("  memory at most: ")
