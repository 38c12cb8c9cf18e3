"""Specification of tinytorch_hf.compare.evidence: what a report shows beside a verdict."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from conftest import Install
from generations import GENERATION_C
from in_process import run_here

from tinytorch_hf.compare import tasks
from tinytorch_hf.compare.evidence import Evidence
from tinytorch_hf.compare.lockstep import Comparison, Epoch
from tinytorch_hf.judging.judges import judged_by

SIGMOID = (
    "from tinytorch_hf.reference import GELU, ReLU, Sigmoid as _Sigmoid, Softmax, Tanh\n"
    "class Sigmoid(_Sigmoid):\n    def forward(self, x):\n        return super().forward(x) * 0.99\n"
)


def trained(judge: str = "recorded", **options: object) -> Comparison:
    """A short training on the points of xor, whose model has two layers."""
    settings = dataclasses.replace(tasks.settings_for("xor"), epochs=2)
    with judged_by(judge):
        return run_here(settings, with_evidence=True, **options)


def kept(result: Comparison) -> Evidence:
    """Its evidence."""
    assert result.evidence is not None
    return result.evidence


def test_a_right_package_is_off_by_rounding_in_every_layer(install: Install) -> None:
    """Outputs, the loss and gradients of the first step; every step's loss on both sides."""
    install(GENERATION_C)

    evidence = kept(trained())

    assert evidence.layer_step == 1
    assert all(one.is_right for one in evidence.layers)
    assert {one.what.split(" ")[0] for one in evidence.layers} == {"output", "value", "gradient"}
    assert len(evidence.losses_tinytorch) == len(evidence.losses_pytorch) > 2
    assert evidence.losses_tinytorch == pytest.approx(evidence.losses_pytorch, abs=1e-6)


def test_the_layers_are_those_of_the_step_that_differs_first(install: Install) -> None:
    """What is wrong first is off by more than rounding; what comes before it is not."""
    install({**GENERATION_C, "core/activations.py": SIGMOID})

    result = trained()

    assert result.cause is not None
    evidence = kept(result)
    assert evidence.layer_step == result.cause.step
    outputs = [one for one in evidence.layers if one.what == "output"]
    first = next(one for one in outputs if not one.is_right)
    assert first.layer == result.cause.layer
    assert first.times is not None
    assert first.times > 100
    assert outputs.index(first) > 0


def test_both_sides_predictions_are_kept_and_say_what_their_accuracies_say() -> None:
    """PyTorch's are recorded, too, after its whole training; fewer epochs have none."""
    settings = tasks.settings_for("perceptron")
    with judged_by("recorded"):
        whole = run_here(settings, with_evidence=True)
    few = kept(trained()).predictions

    found = kept(whole).predictions
    assert found is not None
    assert found.pytorch is not None
    for predicted, accuracy in (
        (found.tinytorch, whole.epochs[-1].accuracy_tinytorch),
        (found.pytorch, whole.epochs[-1].accuracy_pytorch),
    ):
        assert (predicted == found.targets).mean() == pytest.approx(accuracy)
        assert np.trace(found.confusion(predicted)) == (predicted == found.targets).sum()
    assert few is not None
    assert few.pytorch is None
    assert few.images is None


def stop_at(number: int) -> Callable[[Epoch], None]:
    """Ctrl-C after so many epochs."""

    def stop(epoch: Epoch) -> None:
        if epoch.epoch == number:
            raise KeyboardInterrupt

    return stop


def test_ctrl_c_ends_with_what_is_known_so_far(install: Install) -> None:
    """The epochs that have ended, and no verdict that both agree."""
    install(GENERATION_C)

    result = trained(on_epoch=stop_at(1), keep_partial=True)

    assert result.is_interrupted
    assert not result.agree
    assert [epoch.epoch for epoch in result.epochs] == [1]
    assert kept(result).predictions is None


def test_a_caller_who_does_not_ask_for_a_part_is_given_none(install: Install) -> None:
    """So that nobody takes it for the whole."""
    install(GENERATION_C)

    with pytest.raises(KeyboardInterrupt):
        trained(on_epoch=stop_at(1))
