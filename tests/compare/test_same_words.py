"""Specification of one engine: what `compare --synchronised` finds first has the name that `check` gives the fault.

Clean packages never differ, which `test_synchronised.py` specifies; here are planted faults that both commands can see.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Sequence

import pytest
from conftest import Install
from in_process import check_here, judge_here, run_here
from mutants import MUTANTS
from seeds import examples

from tinytorch_hf.check.cases import CASES
from tinytorch_hf.compare.diagnosis import OPERATIONS
from tinytorch_hf.compare.tasks import settings_for
from tinytorch_hf.errors import StudentCodeError

BY_NAME = {mutant.name: mutant for mutant in MUTANTS}
MLP, CNN, GPT, XOR = ("tinydigits", "mlp"), ("tinydigits", "cnn"), ("tinytalks", "gpt"), ("xor", "mlp")

# Each fault, the training that meets it, and what has to be named as the first divergence: layer and kind.
NAMED = {
    "multiplication passes no gradient back": (GPT, "adam", "final norm", "gradient missing"),
    "the gradient of subtraction has the wrong sign": (XOR, "sgd", "BinaryCrossEntropyLoss", "gradient wrong"),
    "a branch is dropped where a node is used twice": (GPT, "adam", "block 2 feed-forward residual", "gradient wrong"),
    "gradients are not summed over broadcast axes": (MLP, "sgd", "linear 2", "gradient shape"),
    "broadcast gradients are those of the first row": (MLP, "sgd", "linear 2", "gradient wrong"),
    "matmul's gradient for the right factor is not transposed back": (MLP, "sgd", "linear 2", "gradient wrong"),
    "reshape detaches the graph": (CNN, "sgd", "flatten", "gradient missing"),
    "transpose gives the gradient back as it came": (GPT, "adam", "block 2 attention", "gradient wrong"),
    "the gradient of mean is not divided": (XOR, "sgd", "BinaryCrossEntropyLoss", "gradient wrong"),
    "ReLU passes the gradient where it cut off": (MLP, "sgd", "relu 1", "gradient wrong"),
    "ReLU detaches the graph": (CNN, "sgd", "relu 1", "gradient missing"),
    "the sigmoid's gradient lacks 1 - s": (XOR, "sgd", "sigmoid 2", "gradient wrong"),
    "GELU has the wrong factor": (GPT, "adam", "block 1 gelu", "forward wrong"),
    "GELU's forward and backward are of two forms": (GPT, "adam", "block 1 gelu", "forward wrong"),
    "the gradient of Linear's weight is transposed": (MLP, "sgd", "linear 2", "gradient wrong"),
    "Linear keeps its bias out of the graph": (MLP, "sgd", "linear 2", "gradient missing"),
    "cross entropy is a sum": (MLP, "sgd", "CrossEntropyLoss", "loss wrong"),
    "the gradient of cross entropy is not divided by the batch size": (
        MLP,
        "sgd",
        "CrossEntropyLoss",
        "gradient wrong",
    ),
    "binary cross entropy forgets the targets 0": (XOR, "sgd", "BinaryCrossEntropyLoss", "loss wrong"),
    "SGD decays weights after the update": (MLP, "decay", "SGD", "update wrong"),
    "SGD's momentum is stale": (MLP, "momentum", "SGD", "update wrong"),
    "SGD applies the learning rate twice": (CNN, "momentum", "SGD", "update wrong"),
    "SGD's zero_grad does nothing": (MLP, "sgd", "SGD", "gradient wrong"),
    "SGD climbs": (MLP, "sgd", "SGD", "update wrong"),
    "Adam has no bias correction": (MLP, "adam", "Adam", "update wrong"),
    "Adam adds eps under the root": (MLP, "adam", "Adam", "update wrong"),
    "AdamW is Adam": (MLP, "adamw", "AdamW", "update wrong"),
    "AdamW's decay lacks the learning rate": (MLP, "adamw", "AdamW", "update wrong"),
    "convolution flips the kernel": (CNN, "sgd", "conv 1", "forward wrong"),
    "convolution gives its bias no gradient": (CNN, "sgd", "conv 1", "gradient missing"),
    "convolution detaches the graph": (CNN, "sgd", "conv 1", "gradient missing"),
    "max pooling drops the last row and column of windows": (CNN, "sgd", "pool 1", "forward shape"),
    "max pooling gives every pixel the gradient": (CNN, "sgd", "pool 1", "gradient wrong"),
    "max pooling detaches the graph": (CNN, "sgd", "pool 1", "gradient missing"),
    "the gradient of an embedding overwrites repeated ids": (GPT, "adam", "embeddings", "gradient wrong"),
    "heads are split without transposing": (GPT, "adam", "block 1 attention", "forward wrong"),
    "multi-head attention ignores the mask": (GPT, "adam", "block 1 attention", "forward wrong"),
    "LayerNorm uses the unbiased variance": (GPT, "adam", "block 1 norm 1", "forward wrong"),
    "LayerNorm adds eps outside the root": (GPT, "adam", "block 1 norm 1", "forward wrong"),
    "LayerNorm sends no gradient through the mean": (GPT, "adam", "final norm", "gradient wrong"),
    "LayerNorm's deviation detaches the graph": (GPT, "adam", "final norm", "gradient wrong"),
}

# Nothing is known that would explain these, to either command.
UNNAMED = {
    "broadcast gradients are those of the first row",
    "GELU has the wrong factor",
    "max pooling drops the last row and column of windows",
}

# Where `check` has another name for the first operation in which it finds the fault, and why.
OTHERWISE = {
    "max pooling detaches the graph": "the first is a whole CNN, in which something cuts the graph",
}

# These show only on numbers like those of a training, or are a matter of several layers.
WITHOUT_SNIPPET = {
    "a branch is dropped where a node is used twice",
    "Adam adds eps under the root",
    "the gradient of an embedding overwrites repeated ids",
}

# Each takes a second or two: every fourth by default, and nox tries them all.
BY_DEFAULT = examples(list(NAMED)[::4], [name for number, name in enumerate(NAMED) if number % 4])


@pytest.mark.parametrize("name", BY_DEFAULT)
def test_both_commands_name_a_fault_by_the_same_code_and_sentence(
    name: str, install: Install, fresh_reference: None
) -> None:
    """`compare` says in which layer it shows first, and in lines of Python that show it alone."""
    task, optimizer, layer, kind = NAMED[name]
    mutant = BY_NAME[name]
    install(mutant.package)

    divergence = judge_here(settings_for(*task, optimizer=optimizer, epochs=1)).divergence

    assert divergence is not None
    assert (divergence.layer, divergence.kind) == (layer, kind)
    assert divergence.step == (2 if "zero_grad" in name else 1)
    said = said_by_check(mutant.finds[:1]) or said_by_check(mutant.finds)
    mine = divergence.code, divergence.cause, divergence.hint
    assert mine in (said[:1] or [("", "", "")]) or (name in OTHERWISE and mine in said_by_check(mutant.finds))
    assert divergence.code or name in UNNAMED
    assert (divergence.snippet == "") == (name in WITHOUT_SNIPPET)
    assert divergence.snippet == "" or shows_a_fault(divergence.snippet)


def said_by_check(names: Sequence[str]) -> list[tuple[str, str, str]]:
    """Code, sentence and hint of every operation that has a cause, those that follow from another last."""
    coded = [result for result in check_here(names) if result.code]
    return [(one.code, one.cause, one.hint) for one in sorted(coded, key=lambda result: bool(result.follows))]


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


def test_every_fault_that_is_to_be_named_is_planted() -> None:
    """At least 25 of them."""
    assert set(NAMED) <= set(BY_NAME)
    assert len(NAMED) >= 25


def test_the_operations_that_are_asked_for_names_exist() -> None:
    """Each under the name that `check` has for it."""
    assert {name for names in OPERATIONS.values() for name in names} <= set(CASES)


LOADERS = {
    "the loader drops the partial batch": "Batch 32 of epoch 1",
    "a dataset counts from 1": "gave other numbers",
    "the loader gives arrays": "gave other numbers",
}


@pytest.mark.parametrize("name", LOADERS)
def test_a_wrong_loader_is_named_as_check_names_it(name: str, install: Install) -> None:
    """Before anything that is trained on it; the message has the sentence of the first operation that has one."""
    mutant = BY_NAME[name]
    install(mutant.package)

    with pytest.raises(StudentCodeError, match=LOADERS[name]) as raised:
        run_here(settings_for(*MLP, epochs=1))

    asked = [result for result in check_here(OPERATIONS["DataLoader"]) if result.code]
    assert all(f"Likely cause: {result.cause} [{result.code}]." in str(raised.value) for result in asked[:1])


def test_another_fault_of_autograd_does_not_name_an_operation(install: Install, fresh_reference: None) -> None:
    """A ReLU that cuts the graph is one in both commands, where backward() raises an error somewhere else as well."""
    raising = (
        "import numpy as np\nfrom tinytorch_hf.reference import Tensor\n_sum = Tensor.sum\n"
        "def _other(self, axis=None, keepdims=False):\n    return Tensor.from_operation(\n"
        "        _sum(self, axis, keepdims).data, (self,), lambda g: (np.ones_like(self.data) * g,)\n    )\n"
        "Tensor.sum = _other\n"
    )
    install({**BY_NAME["ReLU detaches the graph"].package, "core/tensor.py": raising})

    divergence = judge_here(settings_for(*MLP, optimizer="sgd", epochs=1)).divergence

    assert divergence is not None
    assert [code for code, *_ in said_by_check(["gradient-sum-ways"])] == ["BACKWARD-RAISES"]
    assert (divergence.layer, divergence.code) == ("relu 1", "NO-GRADIENT")
    assert [code for code, *_ in said_by_check(["relu"])] == ["NO-GRADIENT"]
