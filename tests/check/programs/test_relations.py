"""Specification of what has to hold between programs, whatever is right."""

from __future__ import annotations

import pytest
from conftest import Install
from generations import GENERATION_C
from programs_here import tried_here

from tinytorch_hf.judging.results import Outcome

LAYERS = "from tinytorch_hf.reference import Dropout, Linear, ReLU as _ReLU, Sequential, Tensor\n"
BROKEN = {
    "a batch gives what its samples give one by one": (
        "core/activations.py",
        "from tinytorch_hf.reference import GELU, ReLU, Sigmoid, Softmax, Tanh, Tensor\n"
        "def among_others(kind):\n"
        "    class Activation(kind):\n"
        "        def forward(self, x):\n            return super().forward(x - Tensor(x.data.mean(axis=0)))\n"
        "        __call__ = forward\n"
        "    return Activation\n"
        "GELU, ReLU, Sigmoid, Tanh = map(among_others, (GELU, ReLU, Sigmoid, Tanh))\n",
    ),
    "what was computed once before changes nothing": (
        "core/layers.py",
        "from tinytorch_hf.reference import Dropout, Linear as _Linear, Sequential\n"
        "class Linear(_Linear):\n"
        "    calls = 0\n"
        "    def forward(self, x):\n"
        "        self.calls += 1\n        return super().forward(x) * self.calls\n"
        "    __call__ = forward\n",
    ),
    "a layer or a function gives what its formula gives": (
        "core/layers.py",
        "from tinytorch_hf.reference import Dropout, Linear as _Linear, Sequential\n"
        "class Linear(_Linear):\n"
        "    def forward(self, x):\n"
        "        return super().forward(x) if self.bias is None else super().forward(x) + self.bias\n"
        "    __call__ = forward\n",
    ),
    "a method gives what the operator or the layer gives": (
        "core/tensor.py",
        "from tinytorch_hf.reference import Tensor\nTensor.add = lambda a, b: a + b if a.shape == b.shape else b + b\n",
    ),
    "twice the gradient sent back leaves twice the gradients": (
        "core/tensor.py",
        "import numpy as np\nfrom tinytorch_hf.reference import Tensor\n"
        "_backward = Tensor.backward\n"
        "Tensor.backward = lambda a, g=None: _backward(a, g if g is None else np.clip(g, -5.5, 5.5))\n",
    ),
}


@pytest.mark.usefixtures("fresh_reference")
@pytest.mark.parametrize("sentence", BROKEN)
def test_a_relation_that_does_not_hold_is_said(sentence: str, install: Install) -> None:
    """No judge was asked; both programs are printed."""
    file, text = BROKEN[sentence]
    install({**GENERATION_C, file: text})

    found = tried_here(n=900 if "twice" in sentence else 500, families=["relations"])["relations"]

    assert found.outcome is Outcome.DIFFERS
    assert sentence in found.detail
    assert "# The other way:" in found.snippet
