"""Specification of what `check` says of packages that are right, or right as far as they go."""

from __future__ import annotations

import numpy as np
import pytest
from battery import check_here, wrong
from conftest import Install
from generations import GENERATION_C, GENERATIONS
from seeds import n_seeds

from tinytorch_hf.check.cases import CASES
from tinytorch_hf.check.child import Session
from tinytorch_hf.judging import yardstick
from tinytorch_hf.judging.results import Outcome
from tinytorch_hf.student import wire
from tinytorch_hf.student.mapping import FrameworkMap

BUILT_FIRST = ("__init__.py", "core/tensor.py", "core/activations.py", "core/layers.py", "core/losses.py")
TENSOR_WITHOUT_AUTOGRAD = (
    "import numpy as np\n"
    "class Tensor:\n"
    "    def __init__(self, data):\n        self.data = np.array(getattr(data, 'data', data), dtype=np.float32)\n"
    "    def __add__(self, other):\n        return Tensor(self.data + getattr(other, 'data', other))\n"
    "    def matmul(self, other):\n        return Tensor(self.data @ other.data)\n"
)
LAYER_WITHOUT_AUTOGRAD = (
    "import numpy as np\nfrom .tensor import Tensor\n"
    "class Linear:\n"
    "    def __init__(self, n_in, n_out, bias=True):\n"
    "        self.weight = Tensor(np.zeros((n_in, n_out)))\n"
    "        self.bias = Tensor(np.zeros(n_out)) if bias else None\n"
    "    def __call__(self, x):\n"
    "        y = x.matmul(self.weight)\n        return y if self.bias is None else y + self.bias\n"
)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_right_package_of_any_generation_has_no_finding(generation: str, install: Install) -> None:
    """Every operation is there, and agrees."""
    install(GENERATIONS[generation])

    report = check_here()

    assert wrong(report) == {}
    assert report.is_clean
    assert report.count(Outcome.AGREES) == len(CASES)


def test_the_reference_never_trips_the_yardstick() -> None:
    """Over seeds, and by a margin: its worst result uses less than half of what is allowed."""
    session = Session(FrameworkMap("tinytorch_hf.reference"))
    session.answer({"ask": "open"})
    worst = 0.0
    for seed in range(1, n_seeds(1) + 1):
        for case in CASES.values():
            inputs = case.draw(seed)
            answer = session.answer({"ask": "run", "case": case.name, "inputs": wire.encode(inputs)})
            found = answer.results
            expected = yardstick.Expected(case.right, inputs)
            expected = expected.restricted(
                name for name in expected.values if name in found or name not in case.optional
            )
            assert yardstick.differences(expected, found) == [], (seed, case.name)
            for name, rounding in expected.rounding.items():
                if name in found and rounding:
                    error = np.abs(found[name].reshape(expected.values[name].shape) - expected.values[name]).max()
                    worst = max(worst, float(error) / rounding)

    assert 0 < worst < 0.5


def test_what_is_not_built_yet_is_missing_and_no_error(install: Install) -> None:
    """A student at the losses has them judged, and hears of the rest only that it is missing."""
    install({name: text for name, text in GENERATION_C.items() if name in BUILT_FIRST})

    report = check_here()

    modules = {result.module for result in report.results if result.outcome is Outcome.AGREES}
    assert modules == {"tensor", "activations", "layers", "losses", "autograd"}
    missing = {result.name: result.detail for result in report.results if result.outcome is Outcome.MISSING}
    assert missing["conv2d"] == "no Conv2d"
    assert missing["mlp-with-sgd"] == "no SGD"
    assert wrong(report) == {}
    assert report.status == 3


def test_before_autograd_only_what_is_computed_forward_is_judged(install: Install) -> None:
    """And the result says so: what has no backward yet does not agree."""
    install({"core/tensor.py": TENSOR_WITHOUT_AUTOGRAD, "core/layers.py": LAYER_WITHOUT_AUTOGRAD, "__init__.py": ""})

    report = check_here(only=["layers", "autograd"])

    by_name = {result.name: result for result in report.results}
    assert (by_name["linear"].outcome, by_name["linear"].detail) == (
        Outcome.MISSING,
        "what it computes agrees; backward is not implemented yet",
    )
    assert by_name["gradient-add"].outcome is Outcome.MISSING
    assert wrong(report) == {}
    assert report.status == 3


@pytest.mark.parametrize(
    ("losses", "detail"),
    [
        ("MSELoss = None\n", "no MSELoss"),
        ("from tinytorch.core.training import later\n", "no MSELoss: No module named 'tinytorch.core.training'"),
        (
            "class MSELoss:\n    def forward(self, x, y):\n        raise NotImplementedError('your turn')\n",
            "not implemented yet: MSELoss.forward (tinytorch/core/losses.py:2)",
        ),
    ],
    ids=["None", "needs a later module", "not implemented"],
)
def test_every_way_of_not_being_built_is_missing(losses: str, detail: str, install: Install) -> None:
    """None in its place, an import of what is still to come, a stub that says so."""
    install({**GENERATION_C, "core/losses.py": losses})

    (result,) = check_here(only=["mse"]).results

    assert (result.outcome, result.detail) == (Outcome.MISSING, detail)


@pytest.mark.parametrize(
    "form", ["0.5 * x * (1 + erf(x / 2**0.5))", "0.5 * x * (1 + tanh(0.7978845608 * (x + 0.044715 * x**3)))"]
)
def test_each_form_of_gelu_is_right(form: str, install: Install) -> None:
    """The course's, the exact one and the one with tanh are all in use."""
    slope = "(f(x + 1e-6) - f(x - 1e-6)) / 2e-6"
    install(
        {
            **GENERATION_C,
            "core/activations.py": (
                "import math\nimport numpy as np\nfrom tinytorch_hf.reference import *\ntanh = np.tanh\n"
                "erf = np.vectorize(math.erf)\n"
                f"f = lambda x: {form}\n"
                "class GELU:\n    def forward(self, t):\n        x = t.data.astype(float)\n"
                f"        return Tensor.from_operation(f(x), (t,), lambda g: (g * ({slope}),))\n"
            ),
        }
    )

    assert check_here(only=["gelu"]).is_clean
