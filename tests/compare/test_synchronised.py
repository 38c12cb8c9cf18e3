"""Specification of the synchronised comparison: clean packages never differ, and planted faults are named.

It covers tinytorch_hf.compare.synchronised, isolation, diagnosis, causes, update_causes and snippets.
"""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest
from conftest import Install
from generations import GENERATION_C, GENERATIONS
from in_process import judge_here, prepared_here, run_here
from mutants import MUTANTS
from seeds import n_seeds

from tinytorch_hf.compare import causes, lockstep, update_causes
from tinytorch_hf.compare.divergence import Divergence, Finding
from tinytorch_hf.compare.settings import OPTIMIZERS
from tinytorch_hf.compare.tasks import settings_for
from tinytorch_hf.errors import StudentCodeError
from tinytorch_hf.judging.cause import Cause
from tinytorch_hf.judging.mistakes import MISTAKES
from tinytorch_hf.reports import training_table as report

BY_NAME = {mutant.name: mutant for mutant in MUTANTS}

MLP, CNN, GPT, XOR = ("tinydigits", "mlp"), ("tinydigits", "cnn"), ("tinytalks", "gpt"), ("xor", "mlp")

# Each fault, the training that meets it, and what has to be named first: layer, kind, the cause's code.
NAMED = {
    "multiplication passes no gradient back": (GPT, "adam", "final norm", "gradient missing", "NO-GRADIENT"),
    "the gradient of subtraction has the wrong sign": (XOR, "sgd", "BinaryCrossEntropyLoss", "gradient wrong", "SIGN"),
    "a branch is dropped where a node is used twice": (
        *(GPT, "adam", "block 2 feed-forward residual", "gradient wrong"),
        "BRANCH-LOST-SUM",
    ),
    "gradients are not summed over broadcast axes": (MLP, "sgd", "linear 2", "gradient shape", "NOT-SUMMED-BROADCAST"),
    "broadcast gradients are those of the first row": (MLP, "sgd", "linear 2", "gradient wrong", ""),
    "matmul's gradient for the right factor is not transposed back": (
        *(MLP, "sgd", "linear 2", "gradient wrong"),
        "RESHAPED-NOT-TRANSPOSED",
    ),
    "reshape detaches the graph": (CNN, "sgd", "flatten", "gradient missing", "GRAPH-CUT-FLATTEN"),
    "transpose gives the gradient back as it came": (
        *(GPT, "adam", "block 2 attention", "gradient wrong"),
        "RESHAPED-NOT-TRANSPOSED",
    ),
    "the gradient of mean is not divided": (XOR, "sgd", "BinaryCrossEntropyLoss", "gradient wrong", "DIVISION-MISSING"),
    "ReLU passes the gradient where it cut off": (MLP, "sgd", "relu 1", "gradient wrong", "RELU-GRADIENT-NEGATIVE"),
    "ReLU detaches the graph": (CNN, "sgd", "relu 1", "gradient missing", "NO-GRADIENT"),
    "the sigmoid's gradient lacks 1 - s": (XOR, "sgd", "sigmoid 2", "gradient wrong", "SIGMOID-GRADIENT-S"),
    "GELU has the wrong factor": (GPT, "adam", "block 1 gelu", "forward wrong", ""),
    "GELU's forward and backward are of two forms": (GPT, "adam", "block 1 gelu", "forward wrong", "GELU-TANH-SIGMOID"),
    "the gradient of Linear's weight is transposed": (
        *(MLP, "sgd", "linear 2", "gradient wrong"),
        "RESHAPED-NOT-TRANSPOSED",
    ),
    "Linear keeps its bias out of the graph": (MLP, "sgd", "linear 2", "gradient missing", "BIAS-NOT-IN-GRAPH"),
    "cross entropy is a sum": (MLP, "sgd", "CrossEntropyLoss", "loss wrong", "LOSS-SUM"),
    "the gradient of cross entropy is not divided by the batch size": (
        *(MLP, "sgd", "CrossEntropyLoss", "gradient wrong"),
        "CE-GRADIENT-NOT-DIVIDED",
    ),
    "binary cross entropy forgets the targets 0": (XOR, "sgd", "BinaryCrossEntropyLoss", "loss wrong", "BCE-NO-ZEROS"),
    "SGD decays weights after the update": (MLP, "decay", "SGD", "update wrong", "DECAY-AFTER-STEP"),
    "SGD's momentum is stale": (MLP, "momentum", "SGD", "update wrong", "MOMENTUM-STALE"),
    "SGD applies the learning rate twice": (CNN, "momentum", "SGD", "update wrong", "LR-TWICE"),
    "SGD's zero_grad does nothing": (MLP, "sgd", "SGD", "gradient wrong", "OPTIMIZER-ZERO-GRAD"),
    "SGD climbs": (MLP, "sgd", "SGD", "update wrong", "SIGN"),
    "Adam has no bias correction": (MLP, "adam", "Adam", "update wrong", "ADAM-BIAS-CORRECTION"),
    "Adam adds eps under the root": (MLP, "adam", "Adam", "update wrong", "ADAM-EPS-INSIDE"),
    "AdamW is Adam": (MLP, "adamw", "AdamW", "update wrong", "ADAMW-IS-ADAM"),
    "AdamW's decay lacks the learning rate": (MLP, "adamw", "AdamW", "update wrong", "DECAY-NOT-TIMES-LR"),
    "convolution flips the kernel": (CNN, "sgd", "conv 1", "forward wrong", "CONV-FLIPPED"),
    "convolution gives its bias no gradient": (CNN, "sgd", "conv 1", "gradient missing", "NO-GRADIENT"),
    "convolution detaches the graph": (CNN, "sgd", "conv 1", "gradient missing", "NO-GRADIENT"),
    "max pooling drops the last row and column of windows": (CNN, "sgd", "pool 1", "forward shape", ""),
    "max pooling gives every pixel the gradient": (CNN, "sgd", "pool 1", "gradient wrong", "POOL-ALL-RECEIVE"),
    "max pooling detaches the graph": (CNN, "sgd", "pool 1", "gradient missing", "NO-GRADIENT"),
    "the gradient of an embedding overwrites repeated ids": (
        *(GPT, "adam", "embeddings", "gradient wrong"),
        "EMBEDDING-LAST-PLACE",
    ),
    "heads are split without transposing": (GPT, "adam", "block 1 attention", "forward wrong", "HEADS-NOT-TRANSPOSED"),
    "multi-head attention ignores the mask": (GPT, "adam", "block 1 attention", "forward wrong", "MASK-IGNORED"),
    "LayerNorm uses the unbiased variance": (GPT, "adam", "block 1 norm 1", "forward wrong", "NORM-UNBIASED"),
    "LayerNorm adds eps outside the root": (GPT, "adam", "block 1 norm 1", "forward wrong", "NORM-EPS-OUTSIDE"),
    "LayerNorm sends no gradient through the mean": (GPT, "adam", "final norm", "gradient wrong", "NORM-MEAN-CONSTANT"),
    "LayerNorm's deviation detaches the graph": (GPT, "adam", "final norm", "gradient wrong", "NORM-VARIANCE-CONSTANT"),
}


def judged(task: tuple[str, str], optimizer: str) -> Divergence | None:
    """What differs first in an epoch of a task."""
    return judge_here(settings_for(*task, optimizer=optimizer, epochs=1)).divergence


# These show only on numbers like those of a training, or are a matter of several layers.
WITHOUT_SNIPPET = {
    "a branch is dropped where a node is used twice",
    "Adam adds eps under the root",
    "the gradient of an embedding overwrites repeated ids",
}


@pytest.mark.parametrize("name", NAMED)
def test_a_planted_fault_is_named_as_the_first_divergence(name: str, install: Install, fresh_reference: None) -> None:
    """The layer, what kind of value is wrong, and, where it can be told, why; then the snippet shows it alone."""
    task, optimizer, layer, kind, code = NAMED[name]
    install(BY_NAME[name].package)

    divergence = judged(task, optimizer)

    assert divergence is not None
    assert (divergence.layer, divergence.kind) == (layer, kind)
    assert divergence.code == code
    assert (divergence.cause, divergence.hint) == (
        (MISTAKES[code].sentence, MISTAKES[code].hint) if code else ("", "")
    ) or (divergence.cause.startswith(f"{MISTAKES[code].sentence} ("))
    assert divergence.step == (2 if "zero_grad" in name else 1)
    assert (divergence.snippet == "") == (name in WITHOUT_SNIPPET)
    assert divergence.snippet == "" or shows_a_fault(divergence.snippet)


def shows_a_fault(snippet: str) -> bool:
    """Whether, run as it stands, it prints something else than its comment says, or fails; and it is short."""
    assert snippet.count("\n") <= 7
    expected = re.search(r"# PyTorch: (.*)$", snippet)
    assert expected is not None

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(Exception):
        exec(snippet, {})  # noqa: S102 -- a user is told to run it

    numbers = re.findall(r"-?\d+\.?\d*(?:e-?\d+)?|None|nan", printed.getvalue())
    right = re.findall(r"-?\d+\.?\d*(?:e-?\d+)?|None", expected[1])
    return len(numbers) != len(right) or not all(
        found == value or (found not in ("None", "nan") and value != "None" and abs(float(found) - float(value)) < 1e-6)
        for found, value in zip(numbers, right, strict=True)
    )


@pytest.mark.parametrize("seed", range(n_seeds(len(OPTIMIZERS))))
def test_the_reference_never_differs(seed: int) -> None:
    """Over seeds, and the optimizers by turns: rounding alone raises no alarm."""
    optimizer = list(OPTIMIZERS)[seed % len(OPTIMIZERS)]
    for task, n_steps in ((MLP, 8), (CNN, 4), (XOR, 4), (("tinymnist", "cnn"), 2), (GPT, 1)):
        with prepared_here(settings_for(*task, optimizer=optimizer, seed=seed)) as prepared:
            assert lockstep.judge_steps(prepared, n_steps) == (n_steps, None)


def test_a_gate_that_rounding_opens_on_one_side_is_no_fault() -> None:
    """Seen at the tenth step of this training: one of many numbers is 0 but for rounding, and gradients part there."""
    with prepared_here(settings_for("tinymnist", "cnn", optimizer="sgd", seed=19)) as prepared:
        assert lockstep.judge_steps(prepared, 12) == (12, None)


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
        assert lockstep.judge_steps(prepared, 3) == (3, None)


def test_the_readmes_example_is_what_the_report_says(install: Install, fresh_reference: None, checkout: Path) -> None:
    """Line by line, for the fault that it speaks of."""
    readme = (checkout / "README.md").read_text(encoding="utf-8")
    install(BY_NAME["ReLU passes the gradient where it cut off"].package)

    divergence = judged(MLP, "sgd")

    assert divergence is not None
    lines = report.divergence_lines(divergence)
    for line in (lines[0], lines[2]):
        assert f"\n{line}\n" in readme


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
        (EXPECTED[::-1], "RESHAPED-NOT-TRANSPOSED"),
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
    before = rng.standard_normal((3, 4))
    gradients = [rng.standard_normal((3, 4)) for _ in range(4)]
    mistakes = update_causes.SGD_MISTAKES if class_name == "SGD" else update_causes.ADAM_MISTAKES
    given = {"momentum": 0.0, "weight_decay": 0.0, "decoupled": float(class_name == "AdamW"), **settings}
    named = 0

    for code, mistake in mistakes.items():
        after = mistake(before, gradients, given)
        cause = update_causes.of_update(class_name, after, before, gradients, settings)
        named += cause == Cause(code)
        assert cause in (Cause(code), None) or np.allclose(
            mistakes[cause.code](before, gradients, given), after, rtol=1e-2
        )
    assert named >= len(mistakes) - 2


def test_every_fault_that_is_to_be_named_is_planted() -> None:
    """At least 25 of them."""
    assert set(NAMED) <= set(BY_NAME)
    assert len(NAMED) >= 25
