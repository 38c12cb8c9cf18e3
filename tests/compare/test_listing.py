"""Specification of what is trained: what the layers' own parameters() list, all of it, once each, and nothing else."""

from __future__ import annotations

import pytest
from conftest import Install
from generations import GENERATION_C
from in_process import judge_here, run_here
from test_same_words import shows_a_fault

from tinytorch_hf.compare.lockstep import Comparison
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.errors import StudentCodeError
from tinytorch_hf.judging.mistakes import MISTAKES

SHORT = Settings("tinydigits", epochs=1)


def listing(body: str, optimizer: str = "") -> dict[str, str]:
    """A package whose Linear lists what is said here."""
    files = {
        "core/layers.py": (
            "from tinytorch_hf.reference import Dropout, Linear as _Linear, Sequential, Tensor\n"
            f"class Linear(_Linear):\n    def parameters(self):\n        {body}\n"
        )
    }
    if optimizer:
        files["core/optimizers.py"] = optimizer
    return {**GENERATION_C, **files}


@pytest.mark.parametrize(
    ("body", "code", "detail"),
    [
        ("return []", "PARAMETERS-MISSING", "does not list weight and bias"),
        ("return [self.weight]", "PARAMETERS-MISSING", "does not list bias"),
        ("return [self.bias, self.weight, self.bias]", "PARAMETERS-TWICE", "lists bias twice"),
        ("return [self.weight, self.bias, Tensor([0.0])]", "PARAMETERS-OTHER", "lists 1 tensor that no gradient"),
        ("return [Tensor(self.weight.data.copy()), self.bias]", "PARAMETERS-MISSING", "does not list weight"),
    ],
    ids=["nothing", "no bias", "twice", "another", "a copy"],
)
def test_a_list_that_is_not_what_is_to_be_trained_is_a_fault(
    body: str, code: str, detail: str, install: Install, fresh_reference: None
) -> None:
    """In both ways to compare, and lines show it."""
    install(listing(body))

    result: Comparison = run_here(SHORT)
    judged = judge_here(SHORT).divergence

    for divergence in (result.cause, judged):
        assert divergence is not None
        assert (divergence.layer, divergence.stage, divergence.code) == ("linear 1", "parameters", code)
        assert (divergence.cause, divergence.hint) == (MISTAKES[code].sentence, MISTAKES[code].hint)
        assert detail in divergence.finding.detail
    assert not result.agree
    assert result.cause is not None
    # A copy in place of the tensor itself does not show in how many there are.
    assert shows_a_fault(result.cause.snippet) if "copy" not in body else result.cause.snippet == ""


@pytest.mark.parametrize(
    "body",
    [
        "return [self.bias, self.weight]",
        "yield from (self.weight, self.bias)",
        "return (self.weight, self.bias)",
    ],
    ids=["another order", "a generator", "a tuple"],
)
def test_how_it_is_listed_does_not_matter(body: str, install: Install, fresh_reference: None) -> None:
    """The order, or the kind of what holds them."""
    install(listing(body))

    assert run_here(SHORT).agree


def test_a_layer_without_the_method_is_trained_by_its_attributes(install: Install, fresh_reference: None) -> None:
    """Not every framework has it, and a missing method is not a wrong one."""
    bare = (
        "from tinytorch_hf.reference import Dropout, Linear as _Linear, Sequential\n"
        "class Linear:\n    def __init__(self, *sizes):\n        self._inner = _Linear(*sizes)\n"
        "        self.weight, self.bias = self._inner.weight, self._inner.bias\n"
        "    def __call__(self, x):\n        return self._inner(x)\n"
    )
    install({**GENERATION_C, "core/layers.py": bare})

    assert run_here(SHORT).agree


def test_an_optimizer_that_refuses_an_empty_list_is_told_with_the_reason(
    install: Install, fresh_reference: None
) -> None:
    """PyTorch's does, too."""
    picky = (
        "from tinytorch_hf.reference import SGD as _SGD, Adam\n"
        "class SGD(_SGD):\n    def __init__(self, params, **given):\n"
        "        if not params:\n            raise ValueError('empty list')\n"
        "        super().__init__(params, **given)\n"
    )
    install(listing("return []", picky))

    with pytest.raises(StudentCodeError, match=r"building SGD: ValueError: empty list(.|\n)*does not list weight"):
        run_here(SHORT)
