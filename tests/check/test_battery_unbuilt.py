"""Specification of what `check` says of functions that are still to be written: not implemented yet, never wrong."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from battery import check_here, wrong
from blank import BODIES, blank_course, blank_reference
from conftest import Install
from generations import GENERATION_C

from tinytorch_hf.judging.results import Outcome


@pytest.mark.parametrize("body", BODIES)
def test_of_a_blank_scaffold_nothing_is_called_wrong(body: str, install: Install) -> None:
    """Every operation is not implemented yet, with the functions to write and their places: exit status 3."""
    install(blank_reference(body))

    report = check_here(only=["activations", "linear", "sgd", "conv2d", "loader-in-order", "gpt", "gradient-add"])

    assert {result.name: result.detail for result in report.results if result.outcome is not Outcome.MISSING} == {}
    assert report.status == 3
    details = {result.name: result.detail for result in report.results}
    assert all("not implemented yet" in detail or detail == "no autograd" for detail in details.values())
    assert "(tinytorch/tensor.py:" in details["relu"] or "(tinytorch/activations.py:" in details["relu"]


def test_the_whole_blank_scaffold_is_not_implemented_yet(install: Install) -> None:
    """Whatever the case does with None."""
    install(blank_reference("return None"))

    report = check_here()

    assert wrong(report) == {}
    # The tokenizer is not the reference's own, so nothing of it is blank.
    assert {result.module for result in report.results if result.outcome is Outcome.AGREES} == {"tokenization"}
    assert report.status == 3


@pytest.mark.parametrize("body", BODIES)
def test_so_it_is_in_the_courses_own_layout(body: str, install: Install) -> None:
    """Operations that are there and empty, and those that are not there at all."""
    install(blank_course(body))

    report = check_here()

    assert {result.outcome for result in report.results} == {Outcome.MISSING}
    assert report.status == 3


def test_what_is_written_beside_unbuilt_functions_is_judged(install: Install) -> None:
    """A fault there is one, and what is right agrees."""
    activations = (
        "from tinytorch_hf.reference import ReLU, Sigmoid as _S, Tensor\n"
        "class Tanh:\n    def forward(self, x):\n        '''Later.'''\n    __call__ = forward\n"
        "class Sigmoid(_S):\n    def forward(self, x):\n        return super().forward(x) * 2\n"
        "class GELU:\n    def forward(self, x):\n        return 1 / 0\n"
    )
    install({**GENERATION_C, "core/activations.py": activations})

    outcomes = {result.name: result.outcome for result in check_here(only=["relu", "sigmoid", "tanh", "gelu"]).results}

    assert outcomes == {
        "relu": Outcome.AGREES,
        "sigmoid": Outcome.DIFFERS,
        "tanh": Outcome.MISSING,
        "gelu": Outcome.CRASHES,
    }


def test_a_step_that_is_still_to_be_written_makes_no_update_wrong(install: Install) -> None:
    """The run ends without an error, with numbers that differ; the empty function explains them."""
    optimizers = (
        "from tinytorch_hf.reference import SGD as _S, Adam, AdamW\nclass SGD(_S):\n    def step(self):\n        pass\n"
    )
    install({**GENERATION_C, "core/optimizers.py": optimizers})

    (result,) = check_here(only=["sgd"]).results

    assert result.outcome is Outcome.MISSING
    assert result.detail == "not implemented yet: SGD.step (tinytorch/core/optimizers.py:3)"


def test_what_does_nothing_is_not_called_right_where_nothing_is_to_change(install: Install) -> None:
    """What is called and does nothing has not been seen to be right, whatever the numbers say."""
    tensor = (
        "from tinytorch_hf.reference import Tensor as _T\nclass Tensor(_T):\n    def zero_grad(self):\n        pass\n"
    )
    install({**GENERATION_C, "core/tensor.py": tensor})

    results = check_here(only=["gradient-zero-grad", "tensor-matmul"]).results

    assert [result.outcome for result in results] == [Outcome.AGREES, Outcome.MISSING]
    assert results[1].detail == "not implemented yet: Tensor.zero_grad (tinytorch/core/tensor.py:3)"


def test_a_layer_without_anything_to_switch_agrees(install: Install) -> None:
    """Its train and eval do nothing, and need not; nor need what it calls itself."""
    activations = (
        "from tinytorch_hf.reference import ReLU as _R, Tensor\n"
        "class ReLU(_R):\n    def train(self):\n        pass\n    def eval(self):\n        pass\n"
        "    def _check(self, x):\n        pass\n"
        "    def forward(self, x):\n        self._check(x)\n        return super().forward(x)\n"
    )
    install({**GENERATION_C, "core/activations.py": activations})

    assert check_here(only=["relu"]).results[0].outcome is Outcome.AGREES


def test_a_constructor_that_ignores_an_option_hides_no_fault(install: Install) -> None:
    """`ReLU(inplace=False)` may well do nothing with it."""
    activations = (
        "from tinytorch_hf.reference import ReLU as _R, Tensor\n"
        "class ReLU(_R):\n    def __init__(self, inplace=False):\n        pass\n"
        "    def forward(self, x):\n        return super().forward(x) * 3\n"
    )
    install({**GENERATION_C, "core/activations.py": activations})

    assert check_here(only=["relu"]).results[0].outcome is Outcome.DIFFERS


def test_whoever_profiles_meanwhile_is_not_disturbed(install: Install) -> None:
    """The profile function is put back."""
    install(blank_course("pass"))
    seen: list[str] = []

    def profile(*_: Any) -> None:
        seen.append("called")

    sys.setprofile(profile)
    try:
        check_here(only=["relu"])
        assert sys.getprofile() is profile
    finally:
        sys.setprofile(None)


def test_a_tensor_that_keeps_nothing_makes_no_expression_wrong(install: Install) -> None:
    """Its constructor is still to be written; what is given with it raises where it uses that."""
    tensor = (
        "class Tensor:\n    def __init__(self, data):\n        '''Your turn.'''\n"
        "    def sum(self, axis=None, keepdims=False):\n        return Tensor(self.data.sum(axis, keepdims=keepdims))\n"
        "    def reshape(self, *shape):\n        return Tensor(self.data.reshape(self.shape and shape))\n"
    )
    install({"__init__.py": "from .core.tensor import Tensor\n", "core/__init__.py": "", "core/tensor.py": tensor})

    report = check_here(only=["tensor-sum", "tensor-reshape"])

    details = {result.name: (result.outcome, result.detail) for result in report.results}
    reason = "not implemented yet: Tensor.__init__ (tinytorch/core/tensor.py:2)"
    assert details == dict.fromkeys(("tensor-sum", "tensor-reshape"), (Outcome.MISSING, reason))
