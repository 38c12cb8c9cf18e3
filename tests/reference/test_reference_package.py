"""Specification of the package tinytorch_hf.reference: TinyTorch's names from the top level, NumPy alone."""

from __future__ import annotations

from conftest import Run

from tinytorch_hf import reference
from tinytorch_hf.data import tokenizer


def test_everything_public_is_importable_from_the_package() -> None:
    """As in TinyTorch, names are taken from the top level."""
    assert all(hasattr(reference, name) for name in reference.__all__)


def test_the_tokenizer_is_the_one_of_the_datasets() -> None:
    """There is one numbering of characters."""
    assert reference.CharTokenizer is tokenizer.CharTokenizer


def test_numpy_is_all_it_needs(run_numpy_only: Run) -> None:
    """A CNN trains a step where nothing else is installed."""
    result = run_numpy_only(
        "-c",
        "import numpy as np\n"
        "from tinytorch_hf.reference import *\n"
        "model = Sequential(Conv2d(1, 2, 3), ReLU(), MaxPool2d(2), Flatten(), Linear(18, 10))\n"
        "loss = CrossEntropyLoss()(model(Tensor(np.ones((4, 1, 8, 8)))), Tensor([0, 1, 2, 3]))\n"
        "loss.backward()\n"
        "SGD(model.parameters()).step()\n"
        "print(GPT(5, 4, 1, 2, 8)(Tensor([[1, 2]])).shape)\n",
    )

    assert (result.stdout.strip(), result.stderr) == ("(1, 2, 5)", "")
