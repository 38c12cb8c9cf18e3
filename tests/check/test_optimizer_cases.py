"""Specification of the cases of optimizers and training: each fault by its code, and no right optimizer accused."""

from __future__ import annotations

import numpy as np
import planted_optimizers
import pytest
from battery import check_here, wrong
from conftest import Install
from generations import GENERATION_C
from planted import Planted, assert_named
from seeds import n_seeds

from tinytorch_hf.check.cases import CASES
from tinytorch_hf.check.child import Session
from tinytorch_hf.judging import yardstick
from tinytorch_hf.judging.results import Outcome
from tinytorch_hf.student import wire
from tinytorch_hf.student.mapping import Conventions, FrameworkMap

MODULES = ("optimizers", "training", "losses", "dataloader")
OPTIMIZERS = "core/optimizers.py"
# A tensor that keeps the array that it is given, so that whoever changes it in place changes it for all.
TENSOR_WITHOUT_COPY = (
    "import numpy as np\nfrom tinytorch_hf.reference import Tensor as _Tensor\n"
    "class Tensor(_Tensor):\n    def __init__(self, data, requires_grad=False):\n"
    "        super().__init__(data, requires_grad)\n"
    "        self.data = np.asarray(getattr(data, 'data', data) if isinstance(data, _Tensor) else data, np.float32)\n"
)
# Gradients that are reset and added to in place, in one array for each parameter.
IN_PLACE = (
    "import numpy as np\nfrom tinytorch_hf.reference import Tensor\n"
    "def _keep(self, gradient):\n"
    "    if self.grad is None or self._backward is not None:\n        self.grad = np.array(gradient)\n"
    "    else:\n        self.grad += gradient\n"
    "Tensor._keep = _keep\n"
)
RESET_IN_PLACE = (
    "            p.grad = None\n",
    "            if p.grad is not None:\n                p.grad[...] = 0\n",
)


@pytest.mark.parametrize("planted", planted_optimizers.PLANTED, ids=lambda planted: planted.name)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_mistake_is_named(planted: Planted, install: Install) -> None:
    """In every operation that shows it, and by its code in the one that shows it best."""
    assert_named(planted, install)


@pytest.mark.parametrize(
    ("changes", "copies"),
    [
        ({}, True),
        ({"p.data = p.data - ": "p.data -= "}, True),
        ({"p.data = p.data - ": "p.data -= "}, False),
        ({"p.grad = None": "p.grad = np.zeros_like(p.data)"}, True),
        (
            {"self.t += 1\n": "pass\n", "b1, b2 = self.betas": "b1, b2 = self.betas; self.n[i] += 1; t = self.n[i]"},
            True,
        ),
    ],
    ids=["as TinyTorch's", "in place", "in place, with tensors that keep arrays", "zeros", "counts by parameter"],
)
def test_a_right_optimizer_is_not_accused(changes: dict[str, str], copies: bool, install: Install) -> None:
    """However it updates, counts and resets, and whoever owns the arrays."""
    text = planted_optimizers.OPTIMIZERS
    for old, new in changes.items():
        text = text.replace(old, new)
    if "self.n[i]" in text:
        text = text.replace("**self.t", "**t").replace("self.t = 0", "self.n = [0] * len(self.params)")
    install({**GENERATION_C, OPTIMIZERS: text, **({} if copies else {"core/tensor.py": TENSOR_WITHOUT_COPY})})

    report = check_here(only=["optimizers"])

    assert {name: result.detail for name, result in wrong(report).items()} == {}
    assert {result.name: result.notes for result in report.results if result.notes} == {}


@pytest.mark.parametrize(
    ("old", "new", "operation", "note"),
    [
        (
            "        self.params = list(params)\n",
            "        if not isinstance(params, list):\n            raise TypeError('a list, please')\n"
            "        self.params = params\n",
            "sgd-parameters-given",
            "parameters that come as a generator are refused",
        ),
        ("self.lr", "self.rate", "sgd-rate-changed", "setting the optimizer's lr between two steps has no effect"),
        (
            "            p.data = p.data - self.lr * g\n",
            "            p.data = p.data - self.lr * g\n            p.grad = None\n",
            "sgd-keeps-gradients",
            "step() resets the gradients, which PyTorch leaves to zero_grad()",
        ),
    ],
    ids=["takes lists alone", "another name of the rate", "step resets"],
)
def test_a_habit_that_makes_no_number_wrong_is_a_note(
    old: str, new: str, operation: str, note: str, install: Install
) -> None:
    """It is said, and the operation agrees."""
    install({**GENERATION_C, OPTIMIZERS: planted_optimizers.OPTIMIZERS.replace(old, new)})

    (result,) = check_here(only=[operation]).results

    assert result.outcome is Outcome.AGREES
    assert note in result.notes


def test_an_optimizer_that_refuses_a_frozen_parameter_is_wrong_there_alone(install: Install) -> None:
    """All that has gradients is judged as ever."""
    refuses = "            if p.grad is None:\n                raise ValueError('no gradient')\n"
    text = planted_optimizers.OPTIMIZERS.replace("            if p.grad is None:\n                continue\n", refuses)
    install({**GENERATION_C, OPTIMIZERS: text})

    found = wrong(check_here(only=["optimizers", "training"]))

    names = ("sgd", "adam", "adamw")
    assert set(found) == {f"{name}-{kind}" for name in names for kind in ("frozen", "late-gradient")}
    assert {result.outcome for result in found.values()} == {Outcome.CRASHES}


def test_defaults_are_judged_in_tinytorch_alone(install: Install) -> None:
    """A framework that a mapping file describes may have others."""
    text = planted_optimizers.OPTIMIZERS.replace("params, lr=0.01", "params, lr=0.1").replace(".grad", ".slope")
    files = {**GENERATION_C, OPTIMIZERS: text, "core/tensor.py": "from tinytorch_hf.reference import Tensor\n"}
    install(files)

    mapped = FrameworkMap(conventions=Conventions(grad="slope"))

    assert check_here(mapped, only=["sgd-defaults"]).results[0].outcome is Outcome.AGREES
    assert wrong(check_here(only=["sgd-defaults"]))


@pytest.mark.parametrize(
    ("starts_with", "code"), [("np.array(g)", ""), ("p.grad", "MOMENTUM-SHARES-GRADIENT")], ids=["copied", "shared"]
)
def test_a_velocity_that_is_the_gradients_array_is_a_fault_where_that_is_reset_in_place(
    starts_with: str, code: str, install: Install, fresh_reference: None
) -> None:
    """It shows in training, by the numbers of later steps."""
    text = planted_optimizers.OPTIMIZERS.replace(*RESET_IN_PLACE).replace("v = np.array(g) if", f"v = {starts_with} if")
    install({**GENERATION_C, OPTIMIZERS: text, "core/tensor.py": IN_PLACE})

    (result,) = check_here(only=["mlp-with-momentum"]).results

    assert (result.outcome, result.code) == (Outcome.DIFFERS if code else Outcome.AGREES, code)


@pytest.mark.parametrize(
    ("returns", "code"),
    [
        ("[]", "PARAMETERS-MISSING"),
        ("[self.weight]", "PARAMETERS-MISSING"),
        ("[self.weight, self.bias, self.weight]", "PARAMETERS-TWICE"),
        ("[self.weight, self.bias, Tensor(self.weight.data)]", "PARAMETERS-OTHER"),
    ],
)
def test_training_uses_what_parameters_gives(returns: str, code: str, install: Install) -> None:
    """A layer that leaves out a weight, or lists one twice, is not trained as it should be."""
    linear = (
        "from tinytorch_hf import reference\nfrom tinytorch_hf.reference import Dropout, Sequential, Tensor\n"
        f"class Linear(reference.Linear):\n    def parameters(self):\n        return {returns}\n"
    )
    install({**GENERATION_C, "core/layers.py": linear})

    found = wrong(check_here(only=["mlp-with-sgd", "mlp-with-adam"]))

    assert {name: result.code for name, result in found.items()} == {"mlp-with-sgd": code, "mlp-with-adam": code}
    assert "instead of 4" in found["mlp-with-sgd"].detail + str(found["mlp-with-sgd"].differences)


def test_the_reference_is_right_on_both_sizes_and_by_a_margin() -> None:
    """Over seeds; nothing that comes out of the package's process is a verdict."""
    session = Session(FrameworkMap("tinytorch_hf.reference"))
    session.answer({"ask": "open"})
    for case in [case for case in CASES.values() if case.module in MODULES]:
        for seed in range(n_seeds(1)):
            for is_second in (False, True):
                inputs = case.draw(seed, is_second)
                answer = session.answer({"ask": "run", "case": case.name, "inputs": wire.encode(inputs)})
                found = dict(answer.results)
                expected = yardstick.expected(case, seed, is_second)[0]
                assert yardstick.differences(expected, found) == [], (case.name, seed, is_second)
                broken = [claim for claim in case.claims(inputs, found) if not claim.holds and not claim.is_note]
                assert broken == [], (case.name, seed, is_second)
                assert not any(isinstance(value, bool) for value in found.values())
                for name, rounding in expected.rounding.items():
                    error = np.abs(found[name].reshape(expected.values[name].shape) - expected.values[name]).max()
                    assert not rounding or error < rounding / 2, (case.name, name)
