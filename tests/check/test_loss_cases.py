"""Specification of the cases of losses: each fault by its code, and no right loss accused."""

from __future__ import annotations

import planted_losses
import pytest
from battery import check_here, wrong
from conftest import Install
from generations import GENERATION_C
from planted import Planted, assert_named, changed

from tinytorch_hf.judging.results import Outcome

LOSSES = "core/losses.py"


@pytest.mark.parametrize("planted", planted_losses.PLANTED, ids=lambda planted: planted.name)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_mistake_is_named(planted: Planted, install: Install) -> None:
    """In every operation that shows it, and by its code in the one that shows it best."""
    assert_named(planted, install)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"1e-7, 1 - 1e-7": "1e-8, 1 - 1e-7"},
        {"np.clip(x.data, 1e-7, 1 - 1e-7)": "np.clip(x.data.astype(np.float64), 1e-12, 1 - 1e-12)"},
        {"-log_p[rows, labels].mean()": "-log_p[rows, labels].mean(keepdims=True)"},
        {"    def forward(self": "    def __call__(self"},
    ],
    ids=["as TinyTorch's", "clips at 1e-8", "clips at 1e-12", "a value with an axis", "only callable"],
)
def test_a_right_loss_is_not_accused(changes: dict[str, str], install: Install) -> None:
    """Where below 1e-7 it clips, whether a value has an axis, how the loss is called: all that is free."""
    text = changed(planted_losses.LOSSES, changes)
    install({**GENERATION_C, LOSSES: text})

    assert {name: result.detail for name, result in wrong(check_here(only=["losses"])).items()} == {}


def test_probabilities_are_clipped_no_further_than_documented(install: Install) -> None:
    """From 1e-7 on the loss is PyTorch's."""
    install({**GENERATION_C, LOSSES: changed(planted_losses.LOSSES, {"1e-7, 1 - 1e-7": "1e-6, 1 - 1e-6"})})

    found = wrong(check_here(only=["losses"]))

    assert set(found) == {"binary-cross-entropy-certain"}
    assert "it is 13.82, as of 1.0e-06: clip to [1e-7, 1 - 1e-7]" in found["binary-cross-entropy-certain"].detail


def test_what_pytorch_refuses_is_a_note_where_it_is_accepted(install: Install) -> None:
    """And nothing where it is refused, by whatever error."""
    install({**GENERATION_C, LOSSES: planted_losses.LOSSES})
    accepting = {result.name: result for result in check_here(only=["losses"]).results}

    assert accepting["cross-entropy-refusals"].outcome is Outcome.AGREES
    assert accepting["cross-entropy-refusals"].notes == (
        "CrossEntropyLoss accepts what PyTorch refuses: a label of -1",
    )
    assert accepting["mse-refusals"].notes == ()


def test_the_reference_refuses_what_pytorch_refuses(install: Install) -> None:
    """So it has no notes."""
    install(GENERATION_C)

    assert {result.notes for result in check_here(only=["losses"]).results} == {()}


COLUMNS = (
    "import numpy as np\nfrom tinytorch_hf import reference as right\nfrom tinytorch_hf.reference import Tensor\n"
    "class CrossEntropyLoss(right.CrossEntropyLoss):\n    def forward(self, x, y):\n"
    "        if y.data.ndim == 1:\n            return super().forward(x, y)\n"
    "        e = np.exp(x.data - x.data.max(1, keepdims=True))\n"
    "        log_p = np.log(e / e.sum(1, keepdims=True))\n"
    "        return Tensor(-log_p[np.arange(len(e)), y.data.astype(int)].mean())\n"
)


def test_a_column_of_labels_that_broadcasts_is_a_note(install: Install) -> None:
    """PyTorch refuses labels (batch, 1): to give another loss for them is no fault, but worth saying."""
    install({**GENERATION_C, "core/losses.py": COLUMNS})

    (result,) = check_here(only=["cross-entropy-column-labels"]).results

    assert result.outcome is Outcome.AGREES
    assert result.notes == (
        "CrossEntropyLoss accepts what PyTorch refuses: "
        "labels of shape (batch, 1) broadcast: every sample is compared with every label [CE-COLUMN-LABELS]",
    )


@pytest.mark.parametrize("case", ["cross-entropy-column-labels", "cross-entropy-refusals"])
def test_a_loss_that_takes_nothing_refuses_nothing(case: str, install: Install) -> None:
    """An error for whatever comes says nothing of what PyTorch refuses."""
    text = "class CrossEntropyLoss:\n    def forward(self, x, y):\n        return x.rows / y.rows\n"
    install({**GENERATION_C, "core/losses.py": text})

    (result,) = check_here(only=[case]).results

    assert result.outcome is Outcome.CRASHES
