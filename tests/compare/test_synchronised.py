"""Specification of the synchronised comparison: clean packages never differ, and errors say where they arise.

It covers tinytorch_hf.compare.synchronised, isolation, causes and update_causes; that planted faults are named, and
shown by snippets, is specified in `test_same_words.py`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import Install
from generations import GENERATION_C, GENERATIONS
from in_process import judge_here, prepared_here, run_here
from mutants import MUTANTS
from seeds import n_seeds

from tinytorch_hf.compare import causes, stepwise, update_causes
from tinytorch_hf.compare.divergence import Divergence, Finding
from tinytorch_hf.compare.settings import OPTIMIZERS
from tinytorch_hf.compare.tasks import settings_for
from tinytorch_hf.errors import StudentCodeError
from tinytorch_hf.judging.cause import Cause
from tinytorch_hf.judging.updates import Rule, Settings
from tinytorch_hf.reports import training_table as report

BY_NAME = {mutant.name: mutant for mutant in MUTANTS}

MLP, CNN, GPT, XOR = ("tinydigits", "mlp"), ("tinydigits", "cnn"), ("tinytalks", "gpt"), ("xor", "mlp")


def judged(task: tuple[str, str], optimizer: str) -> Divergence | None:
    """What differs first in an epoch of a task."""
    return judge_here(settings_for(*task, optimizer=optimizer, epochs=1)).divergence


@pytest.mark.parametrize("seed", range(n_seeds(len(OPTIMIZERS))))
def test_the_reference_never_differs(seed: int) -> None:
    """Over seeds, and the optimizers by turns: rounding alone raises no alarm."""
    optimizer = list(OPTIMIZERS)[seed % len(OPTIMIZERS)]
    for task, n_steps in ((MLP, 8), (CNN, 4), (XOR, 4), (("tinymnist", "cnn"), 2), (GPT, 1)):
        with prepared_here(settings_for(*task, optimizer=optimizer, seed=seed)) as prepared:
            assert stepwise.judge_steps(prepared, n_steps) == (n_steps, None)


def test_a_gate_that_rounding_opens_on_one_side_is_no_fault() -> None:
    """Seen at the tenth step of this training: one of many numbers is 0 but for rounding, and gradients part there."""
    with prepared_here(settings_for("tinymnist", "cnn", optimizer="sgd", seed=19)) as prepared:
        assert stepwise.judge_steps(prepared, 12) == (12, None)


@pytest.mark.parametrize("task", [MLP, CNN, GPT, XOR, ("tinymnist", "cnn"), ("digits_8x8", "logistic")])
def test_every_step_of_an_epoch_agrees(task: tuple[str, str]) -> None:
    """With the optimizer that suits the model."""
    result = judge_here(settings_for(*task, epochs=1))

    assert result.agree
    assert result.n_steps > 0


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("task", [MLP, CNN, GPT, XOR])
def test_every_generation_of_tinytorch_agrees(generation: str, task: tuple[str, str], install: Install) -> None:
    """In its own layout and with its own quirks."""
    install(GENERATIONS[generation])

    with prepared_here(settings_for(*task)) as prepared:
        assert prepared.package.subject.name.startswith("tinytorch 0.")
        assert stepwise.judge_steps(prepared, 3) == (3, None)


def test_the_pages_example_is_what_the_report_says(install: Install, fresh_reference: None, checkout: Path) -> None:
    """Line by line, for the fault that it speaks of."""
    page = (checkout / "docs" / "how_to" / "compare.md").read_text(encoding="utf-8")
    install(BY_NAME["ReLU passes the gradient where it cut off"].package)

    divergence = judged(MLP, "sgd")

    assert divergence is not None
    lines = report.divergence_lines(divergence)
    for line in (lines[0], lines[2]):
        assert f"\n{line}\n" in page


def test_an_error_in_the_students_layer_names_the_layer(install: Install) -> None:
    """When what came before it was right."""
    install(
        {
            **GENERATION_C,
            "core/activations.py": GENERATION_C["core/activations.py"]
            + "class ReLU:\n    def __call__(self, x):\n        raise KeyError('relu')\n",
        }
    )

    with pytest.raises(StudentCodeError, match="running relu 1 forward: KeyError: 'relu'"):
        judged(MLP, "sgd")


def test_an_error_is_told_with_what_went_wrong_before_it(install: Install, fresh_reference: None) -> None:
    """Linear fails because pooling gave too little; the training says both."""
    install(BY_NAME["max pooling drops the last row and column of windows"].package)

    with pytest.raises(
        StudentCodeError, match=r"running linear 1 forward(.|\n)*Before that, in step 1, pool 1: output"
    ):
        run_here(settings_for(*CNN))


def test_a_parameter_of_another_shape_is_said_before_training(install: Install) -> None:
    """A weight that lies as PyTorch's does is no TinyTorch weight."""
    install(BY_NAME["Linear holds its weight as PyTorch does"].package)

    with pytest.raises(StudentCodeError, match=r"linear 1.weight has the shape \(32, 64\), expected \(64, 32\)"):
        judged(MLP, "sgd")


EXPECTED = np.array([[1.0, -2.0], [3.0, 0.5]], np.float32)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (-EXPECTED, "SIGN"),
        (2 * EXPECTED, "TWICE"),
        (32 * EXPECTED, "DIVISION-MISSING"),
        (EXPECTED / 32, "DIVISION-TWICE"),
        (1.3 * EXPECTED, ""),
        (EXPECTED.T, "TRANSPOSED"),
        (0 * EXPECTED, "ZERO-EVERYWHERE"),
        (EXPECTED + np.arange(4, dtype=np.float32).reshape(2, 2), ""),
    ],
)
def test_a_wrong_value_is_recognised_by_its_looks(found: np.ndarray, code: str) -> None:
    """Or nothing is said: a factor that nothing is known to stand behind is no cause."""
    cause = causes.of_finding(Finding("wrong", "", found=found, expected=EXPECTED), 32)

    assert (cause.code if cause else "") == code


def test_a_single_value_is_no_multiple_worth_naming() -> None:
    """Every number is some multiple of another."""
    one = np.ones(1, np.float32)

    assert causes.of_finding(Finding("wrong", "", found=one * 1.7, expected=one), 32) is None


@pytest.mark.parametrize(
    ("class_name", "settings"),
    [
        ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
        ("Adam", {"lr": 0.01, "weight_decay": 0.1}),
        ("AdamW", {"lr": 0.01, "weight_decay": 0.1}),
    ],
)
def test_every_mistake_of_an_optimizer_is_recognised_by_its_formula(
    class_name: str, settings: dict[str, float]
) -> None:
    """What a mistake gives is called by its name, unless another mistake gives just the same."""
    rng = np.random.default_rng(0)
    before = [rng.standard_normal(shape) for shape in ((3, 4), (5,))]
    gradients = [[rng.standard_normal(value.shape) for _ in range(4)] for value in before]
    given = Settings(**settings)
    mistakes = update_causes.rules(class_name, given)
    named = 0

    def after(mistake: Rule) -> list[np.ndarray]:
        return list(update_causes.updated(mistake, given, before, gradients))

    for code, mistake in mistakes.items():
        found = after(mistake)
        cause = update_causes.of_update(class_name, found, before, gradients, settings)
        named += cause == Cause(code)
        assert cause in (Cause(code), None) or all(
            np.allclose(one, other, rtol=1e-2) for one, other in zip(after(mistakes[cause.code]), found, strict=True)
        )
        # A mistake in one parameter and none in the other is not this mistake.
        half = [found[0], gradients[1][0]]
        assert update_causes.of_update(class_name, half, before, gradients, settings) is None
    assert named >= len(mistakes) - 2
