"""Specification of tinytorch_hf.compare.models and .layers: one definition, the same function on both sides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tinytorch_hf.compare import models, tasks
from tinytorch_hf.compare.layers import KINDS, Residual
from tinytorch_hf.compare.models import Model
from tinytorch_hf.compare.pytorch_side import PyTorchSide
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.tinytorch_side import TinyTorchSide, reference_student

MODELS: dict[str, tuple[Model, Any]] = {
    "mlp": (models.mlp(6, 5, 4, 3), np.random.default_rng(0).standard_normal((7, 6)).astype(np.float32)),
    "logistic": (models.logistic_regression(6, 3), np.ones((2, 6), np.float32)),
    "binary": (models.binary_classifier(2, 3, 1), np.eye(2, dtype=np.float32)),
    "cnn": (models.cnn(10, 3, 4), np.random.default_rng(0).standard_normal((5, 1, 10, 10)).astype(np.float32)),
    "colour": (
        models.cnn((8, 11), 4, in_channels=3, n_classes=3),
        np.random.default_rng(0).random((5, 3, 8, 11), np.float32),
    ),
    "gpt": (models.gpt(11, 6, 8, 2, 4), np.random.default_rng(0).integers(0, 11, (3, 6))),
}
EVERY_MODEL = pytest.mark.parametrize(("model", "X"), MODELS.values(), ids=MODELS)


def sides(model: Model, seed: int = 0) -> tuple[TinyTorchSide, PyTorchSide]:
    """The model on both sides, with random biases too, so that every parameter matters."""
    rng = np.random.default_rng(seed)
    weights = [
        [value + 0.1 * rng.standard_normal(value.shape).astype(np.float32) for value in layer]
        for layer in model.initial_weights(seed)
    ]
    settings = Settings("tinydigits")
    return TinyTorchSide(settings, model, weights, reference_student()), PyTorchSide(settings, model, weights)


def test_the_milestones_models_are_those_of_the_milestones() -> None:
    """64-32-10, and 1 to 8 channels of 3x3, pooled by 2, then 72-10."""
    mlp, cnn = (tasks.make_model(tasks.settings_for("tinydigits", name)) for name in ("mlp", "cnn"))

    assert str(mlp) == "MLP 64-32-10"
    assert [layer.kind for layer in mlp.layers] == ["Linear", "ReLU", "Linear"]
    assert [(layer.kind, layer.arguments) for layer in cnn.layers] == [
        ("Conv2d", (1, 8, 3)),
        ("ReLU", ()),
        ("MaxPool2d", (2,)),
        ("Flatten", ()),
        ("Linear", (72, 10)),
    ]


# How many letters Shakespeare has is known once it was downloaded.
@pytest.mark.parametrize("dataset", [name for name in tasks.names() if name != "shakespeare"])
def test_every_layer_of_every_model_has_a_name_of_its_own(dataset: str, request: pytest.FixtureRequest) -> None:
    """Reports speak of layers by name."""
    if dataset == "tinypy":
        request.getfixturevalue("tinypy")
    for training in tasks.trainings(dataset):
        model = tasks.make_model(tasks.settings_for(dataset, training.model))
        names = [layer.name for layer in model.layers] + [p.name for p in model.parts if isinstance(p, Residual)]

        assert len(set(names)) == len(names)
        assert {layer.kind for layer in model.layers} <= set(KINDS)


def test_initial_weights_follow_from_the_seed(same_random_state: None) -> None:
    """Float32, N(0, 1/in) for Linear and N(0, 2/in) for Conv2d; biases zero; scales of norms one."""
    torch_state = torch.get_rng_state()
    ((first, bias), _, _) = models.mlp(400, 300, 10).initial_weights(3)
    convolution, *_ = models.cnn(28, 300).initial_weights(0)

    assert (first.shape, first.dtype, bias.dtype) == ((400, 300), np.float32, np.float32)
    assert not bias.any()
    assert abs(first.std() - np.sqrt(1 / 400)) < 1e-3
    assert abs(convolution[0].std() - np.sqrt(2 / 9)) < 2e-2
    assert np.array_equal(first, models.mlp(400, 300, 10).initial_weights(3)[0][0])
    assert not np.array_equal(first, models.mlp(400, 300, 10).initial_weights(4)[0][0])
    sides(MODELS["gpt"][0])
    assert torch.equal(torch.get_rng_state(), torch_state)


@EVERY_MODEL
def test_both_sides_compute_the_same_at_every_layer(model: Model, X: Any) -> None:
    """Not only at the end; every part leaves what it gave."""
    ours, theirs = sides(model)
    seen_ours: dict[str, Any] = {}
    seen_theirs: dict[str, Any] = {}

    ours.forward(ours.student.tensor(X), seen_ours)
    theirs.forward(theirs.inputs(X), seen_theirs)

    assert list(seen_ours) == list(seen_theirs)
    for name, value in seen_ours.items():
        np.testing.assert_allclose(value.data, seen_theirs[name].detach().numpy(), rtol=1e-4, atol=1e-5, err_msg=name)


@EVERY_MODEL
def test_weights_travel_between_the_sides_without_loss(model: Model, X: Any) -> None:
    """Transposed where torch has them so, and copied: training one side must not change the other."""
    ours, theirs = sides(model)
    weights = theirs.weights()

    ours.set_weights(weights)
    for layer, parameter in ours.parameters():
        ours.tensor(layer, parameter).data += 1

    for first, again in zip(weights, theirs.weights(), strict=True):
        assert all(map(np.array_equal, first, again))
