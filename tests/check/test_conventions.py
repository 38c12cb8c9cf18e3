"""Specification of how frameworks with other conventions for gradients are spoken to, and what a broken one is."""

from __future__ import annotations

import pytest
from battery import check_here, wrong
from conftest import Install
from generations import GENERATION_C

from tinytorch_hf.student.mapping import Conventions, FrameworkMap

HEADER = "import numpy as np\nfrom tinytorch_hf.reference import Tensor\n_back, _keep = Tensor.backward, Tensor._keep\n"

CONVENTIONS = {
    "a gradient has to be a tensor": (
        "def backward(self, gradient=None):\n"
        "    if isinstance(gradient, np.ndarray):\n        raise TypeError('a tensor, please')\n"
        "    _back(self, None if gradient is None else gradient.data)\n"
        "Tensor.backward = backward\n"
    ),
    "a gradient has to be an array": (
        "def backward(self, gradient=None):\n"
        "    if isinstance(gradient, Tensor):\n        raise TypeError('an array, please')\n"
        "    _back(self, gradient)\n"
        "Tensor.backward = backward\n"
    ),
    "backward takes no gradient": "Tensor.backward = lambda self: _back(self)\n",
    "backward starts from ones, whatever it is given": (
        "Tensor.backward = lambda self, gradient=None: _back(self, np.ones_like(self.data))\n"
    ),
    "gradients are kept as tensors": (
        "def _get(self):\n    return self.__dict__.get('kept')\n"
        "def _set(self, g):\n    self.__dict__['kept'] = g if g is None or isinstance(g, Tensor) else Tensor(g)\n"
        "Tensor.grad = property(_get, _set)\n"
        "def keep(self, g):\n    self.grad = Tensor(g if self.grad is None else self.grad.data + g)\n"
        "Tensor._keep = keep\n"
    ),
    "gradients start at zero and are added to in place": (
        "_init, _from = Tensor.__init__, Tensor.from_operation.__func__\n"
        "def init(self, data, requires_grad=False):\n"
        "    _init(self, data, requires_grad)\n    self.grad = np.zeros_like(self.data)\n"
        "def keep(self, g):\n    if self.grad is None:\n        self.grad = np.zeros_like(self.data)\n"
        "    self.grad += g\n"
        "Tensor.__init__, Tensor._keep = init, keep\n"
        "Tensor.zero_grad = lambda self: self.grad.fill(0)\n"
    ),
}


def package(text: str) -> dict[str, str]:
    """Generation C with another tensor."""
    return {**GENERATION_C, "core/tensor.py": HEADER + text}


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_a_right_framework_of_another_convention_has_no_finding(
    convention: str, install: Install, fresh_reference: None
) -> None:
    """Neither its operations nor its layers are called wrong."""
    install(package(CONVENTIONS[convention]))

    report = check_here(only=["activations", "autograd", "linear", "mse"])

    assert {name: result.detail for name, result in wrong(report).items()} == {}
    assert report.is_clean


def test_results_need_not_say_that_they_want_a_gradient(install: Install, fresh_reference: None) -> None:
    """Then that a result does not say so says nothing about what leads back from it."""
    wants = (
        "def _set(self, value):\n    self.__dict__['asked'] = self.requires_grad = value\n"
        "Tensor.wants = property(lambda self: self.__dict__.get('asked', False), _set)\n"
    )
    install(package(wants))
    conventions = Conventions(requires_grad="wants")

    report = check_here(FrameworkMap(conventions=conventions), only=["activations", "autograd", "linear"])

    assert {name: result.detail for name, result in wrong(report).items()} == {}
    assert report.is_clean


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("def backward(self, gradient=None):\n    self.done = True\nTensor.backward = backward\n", "differs"),
        ("def backward(self, gradient=None):\n    return self.no_such_thing\nTensor.backward = backward\n", "crashes"),
    ],
    ids=["leaves no gradient", "raises an error"],
)
def test_a_backward_that_does_nothing_right_is_a_fault(
    text: str, outcome: str, install: Install, fresh_reference: None
) -> None:
    """It is there, so it is not said to be missing."""
    install(package(text))

    (result,) = check_here(only=["relu"]).results

    assert result.outcome.value == outcome


@pytest.mark.parametrize(
    "text",
    [
        "del Tensor.backward\nfrom tinytorch_hf.reference import autograd\ndel autograd.Differentiable.backward\n",
        "def backward(self, gradient=None):\n    pass\nTensor.backward = backward\n",
        "def backward(self, gradient=None):\n    '''Your turn.'''\nTensor.backward = backward\n",
        "def backward(self, gradient=None):\n    ...\nTensor.backward = backward\n",
    ],
    ids=["none", "pass", "docstring", "ellipsis"],
)
def test_a_backward_that_is_not_written_yet_is_missing(text: str, install: Install, fresh_reference: None) -> None:
    """Then forward is judged, and the report says what is missing."""
    install(package(text.removeprefix("del Tensor.backward\n")))

    (result,) = check_here(only=["relu"]).results

    assert result.outcome.value == "missing"
    assert "backward is not implemented yet" in result.detail
