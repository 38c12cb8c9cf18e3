"""Specification of the updates of optimizers: PyTorch's where they are right, on arrays and on tensors alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinytorch_hf.judging.mistakes import MISTAKES
from tinytorch_hf.judging.updates import NOT_FINITE, RIGHT, SHARING, WITHOUT_GRADIENT, Settings, Updates, mistakes

SETTINGS = [
    ("SGD", Settings(0.1)),
    ("SGD", Settings(0.1, momentum=0.9, weight_decay=0.1)),
    ("Adam", Settings(0.05, weight_decay=0.1, betas=(0.8, 0.95), eps=1e-3)),
    ("AdamW", Settings(0.05, weight_decay=0.1)),
]


@pytest.mark.parametrize(("name", "settings"), SETTINGS)
def test_the_right_rules_are_pytorchs(name: str, settings: Settings) -> None:
    """Over several steps, with a parameter that has no gradient at first; neither values nor gradients are changed."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    values: list[Any] = [rng.standard_normal((5, 3)), rng.standard_normal(7)]
    parameters = [torch.tensor(value, requires_grad=True) for value in values]
    given = {"momentum": settings.momentum} if name == "SGD" else {"betas": settings.betas, "eps": settings.eps}
    chosen = getattr(torch.optim, name)(parameters, lr=settings.lr, weight_decay=settings.weight_decay, **given)
    on_arrays, on_tensors = Updates(RIGHT[name], settings), Updates(RIGHT[name], settings)
    tensors = [torch.tensor(value) for value in values]
    for step in range(4):
        gradients = [rng.standard_normal((5, 3)), rng.standard_normal(7) if step > 1 else None]
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = None if gradient is None else torch.tensor(gradient)
        kept = [value.copy() for value in values], [None if g is None else g.copy() for g in gradients]

        chosen.step()
        changed = on_arrays.step(values, gradients)
        tensors = on_tensors.step(tensors, [None if g is None else torch.tensor(g) for g in gradients])

        for before, copy in zip([*values, *gradients], [*kept[0], *kept[1]], strict=True):
            assert before is None or np.array_equal(before, copy)
        values = changed
        for found, also, parameter in zip(values, tensors, parameters, strict=True):
            assert np.allclose(found, parameter.detach().numpy(), rtol=1e-12)
            assert torch.allclose(also, parameter, rtol=1e-12)


@pytest.mark.parametrize(("name", "settings"), SETTINGS)
def test_each_mistake_has_a_sentence_and_an_effect(name: str, settings: Settings) -> None:
    """With the settings for which it is given."""
    rng = np.random.default_rng(1)
    start = [rng.standard_normal((5, 3)), rng.standard_normal(7)]
    gradients = [[rng.standard_normal((5, 3)), rng.standard_normal(7)] for _ in range(3)]

    def after(rule: Any) -> list[Any]:
        updates, values = Updates(rule, settings), start
        for given in gradients:
            values = updates.step(values, given)
        return values

    right = after(RIGHT[name])
    for code, rule in mistakes(name, settings).items():
        assert code in MISTAKES
        found = after(rule)
        assert any(not np.allclose(one, other, rtol=1e-9) for one, other in zip(found, right, strict=True)), code


def test_every_code_is_in_the_catalogue() -> None:
    """Also those of mistakes that show only with several parameters, or without gradients."""
    codes = {*WITHOUT_GRADIENT, *NOT_FINITE, *(code for shared in SHARING.values() for code in shared)}

    assert codes <= set(MISTAKES)
