"""Specification of what `check` finds out by running an operation more than once, and over some training steps."""

from __future__ import annotations

import numpy as np
import pytest
from battery import check_here, wrong
from conftest import Install
from generations import GENERATION_C
from state_mutants import STATE_MUTANTS, StateMutant

from tinytorch_hf.check.cases import CASES
from tinytorch_hf.check.child import Session
from tinytorch_hf.judging import yardstick
from tinytorch_hf.judging.case import Case
from tinytorch_hf.judging.causes import mistaken
from tinytorch_hf.judging.mistakes.explaining import explanation
from tinytorch_hf.judging.results import Outcome
from tinytorch_hf.reports import operations_table
from tinytorch_hf.student import wire
from tinytorch_hf.student.mapping import FrameworkMap

MODULES = ("tensor", "activations", "layers", "autograd")
OURS = [case for case in CASES.values() if case.module in MODULES]


@pytest.mark.parametrize("mutant", STATE_MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_fault_is_found_by_its_code(mutant: StateMutant, install: Install, fresh_reference: None) -> None:
    """In the operation that is about it."""
    install(mutant.package)

    found = wrong(check_here(only=list(mutant.finds)))

    assert {name: result.code for name, result in found.items()} == mutant.finds


@pytest.fixture(scope="module")
def reference() -> Session:
    """The reference, opened."""
    session = Session(FrameworkMap("tinytorch_hf.reference"))
    session.answer({"ask": "open"})
    return session


@pytest.mark.parametrize("case", OURS, ids=lambda case: case.name)
def test_the_second_draw_has_other_sizes_and_is_as_right(case: Case, reference: Session) -> None:
    """What is right on it, and every statement, is computed from its own sizes; every mistake shows on it, too."""
    inputs = case.draw(0, is_second=True)

    answer = reference.answer({"ask": "run", "case": case.name, "inputs": wire.encode(inputs)})

    expected = yardstick.Expected(case.right, inputs)
    delivered = [name for name in expected.values if name in answer.results or name not in case.optional]
    assert yardstick.differences(expected.restricted(delivered), dict(answer.results)) == []
    assert [claim for claim in case.claims(inputs, dict(answer.results)) if not claim.holds] == []
    assert {name: np.shape(values) for name, values in inputs.items()} != {
        name: np.shape(values) for name, values in case.draw(0).items()
    } or "widths" in inputs
    for code in case.mistakes:
        assert yardstick.differences(expected, mistaken(case, code, 0, is_second=True).values), code


@pytest.mark.parametrize("operator", ["add", "sub", "mul", "div"])
def test_a_number_on_the_left_may_be_left_out(operator: str, install: Install, fresh_reference: None) -> None:
    """The course does not ask for reflected operators; what it asks for is judged all the same."""
    method = f"__r{operator.replace('div', 'truediv')}__"
    install({**GENERATION_C, "core/tensor.py": f"from tinytorch_hf.reference import Tensor\ndel Tensor.{method}\n"})

    (result,) = check_here(only=[f"gradient-{operator}-number"]).results

    assert result.outcome is Outcome.AGREES


def test_one_wrong_expression_hides_no_other(install: Install, fresh_reference: None) -> None:
    """What one raises is told of this one alone, with its place; the others are judged."""
    raising = "def _rsub(self, other):\n    raise TypeError('no')\nTensor.__rsub__ = _rsub\n"
    install({**GENERATION_C, "core/tensor.py": f"from tinytorch_hf.reference import Tensor\n{raising}"})

    (result,) = check_here(only=["tensor-numbers"]).results

    assert [difference.what for difference in result.differences] == ["0.5 - a"]
    assert "TypeError: no" in result.detail


def test_methods_that_the_course_does_not_ask_for_may_be_missing(install: Install, fresh_reference: None) -> None:
    """A package without them is complete."""
    missing = ("__neg__", "__pow__", "exp", "log", "sqrt")
    text = "from tinytorch_hf.reference import Tensor\n" + "".join(f"del Tensor.{name}\n" for name in missing)
    install({**GENERATION_C, "core/tensor.py": text})

    (result,) = check_here(only=["gradient-formulas"]).results

    assert result.outcome is Outcome.AGREES


RECURSIVE = (
    "from tinytorch_hf.reference import Tensor, autograd\n"
    "def _order(t, seen, order):\n    if id(t) not in seen:\n        seen.add(id(t))\n"
    "        for p in t._parents:\n            if p.requires_grad:\n                _order(p, seen, order)\n"
    "        order.append(t)\n    return order\n"
    "autograd._parents_first = lambda last: _order(last, set(), [])\n"
)


def test_a_recursive_backward_is_no_fault(install: Install, fresh_reference: None) -> None:
    """The course's own is one; that PyTorch goes deeper is a note."""
    install({**GENERATION_C, "core/tensor.py": RECURSIVE})

    (result,) = check_here(only=["gradient-long-chain"]).results

    assert result.outcome is Outcome.AGREES
    assert "RecursionError" in result.notes[0]


def test_gradients_that_share_memory_are_a_fault(install: Install, fresh_reference: None) -> None:
    """Also where nothing is added in place: who scales one scales the other."""
    header = "import numpy as np\nfrom tinytorch_hf.reference import Tensor, autograd\n"
    shared = explanation("GRADIENT-SHARED").wrong.replace(
        "tensor.grad += incoming", "tensor.grad = tensor.grad + incoming"
    )
    install({**GENERATION_C, "core/tensor.py": header + shared})

    report = check_here(only=["gradient-of-both-kept-apart", "gradient-zero-grad", "gradient-zeroed-in-place"])

    assert {name: result.code for name, result in wrong(report).items()} == {
        "gradient-of-both-kept-apart": "GRADIENT-SHARED"
    }


def test_an_error_in_backward_is_told_with_the_students_own_line(install: Install, fresh_reference: None) -> None:
    """Also where a library raised it that this line calls."""
    text = (
        "import numpy as np\nfrom tinytorch_hf.reference import Tensor\n"
        "_sum = Tensor.sum\n"
        "def _other(self, axis=None, keepdims=False):\n"
        "    back = lambda g: (np.swapaxes(g, 5, 6),)\n"
        "    return Tensor.from_operation(_sum(self, axis, keepdims).data, (self,), back)\n"
        "Tensor.sum = _other\n"
    )
    install({**GENERATION_C, "core/tensor.py": text})

    (result,) = check_here(only=["gradient-sum-ways"]).results

    assert result.code == "BACKWARD-RAISES"
    assert "AxisError" in result.cause and "(tensor.py:5)" in result.cause


@pytest.mark.parametrize("line", ["def f(:", "value = absent", "from os import absent", "    indented = 1"])
def test_what_a_module_does_not_import_for_is_said_once(line: str, install: Install) -> None:
    """For every operation that needs it, with the line that is the fault, and no hint to look elsewhere."""
    install({**GENERATION_C, "core/activations.py": f"{GENERATION_C['core/activations.py']}\n{line}\n"})

    report = check_here(only=["relu", "sigmoid"])

    assert [result.outcome for result in report.results] == [Outcome.CRASHES] * 2
    assert {result.hint for result in report.results} == {""}
    assert len(operations_table.look_at_first(report)) <= 1
    assert "\n".join(operations_table.lines(report)).count("activations.py:") <= 2


def test_a_slope_at_zero_is_a_note(install: Install) -> None:
    """Any number from 0 to 1 is a slope of ReLU there; PyTorch's is 0."""
    relu = (
        "import numpy as np\nfrom tinytorch_hf import reference\n"
        "class ReLU(reference.ReLU):\n    def forward(self, x):\n"
        "        return reference.Tensor.from_operation(np.maximum(x.data, 0), (x,), lambda g: (g * (x.data >= 0),))\n"
    )
    install({**GENERATION_C, "core/activations.py": GENERATION_C["core/activations.py"] + relu})

    report = check_here(only=["relu", "relu-at-zero"])

    assert wrong(report) == {}
    assert "exactly 0" in report.results[1].notes[0]


def test_other_initial_weights_are_no_affair_of_mapped_frameworks(install: Install) -> None:
    """TinyTorch's documentation speaks of TinyTorch."""
    linear = (
        "import numpy as np\nfrom tinytorch_hf import reference\n"
        "class Linear(reference.Linear):\n    def __init__(self, in_features, out_features, bias=True):\n"
        "        super().__init__(in_features, out_features, bias)\n        self.weight.data *= np.sqrt(2)\n"
    )
    install({**GENERATION_C, "core/layers.py": GENERATION_C["core/layers.py"] + linear})
    mapped = FrameworkMap(names={"Linear": "tinytorch.core.layers.Linear"})

    assert wrong(check_here(mapped, only=["linear-initial-weights"])) == {}
    assert set(wrong(check_here(only=["linear-initial-weights"]))) == {"linear-initial-weights"}


def test_a_layer_without_parameters_is_a_note(install: Install) -> None:
    """Some frameworks collect them in another way."""
    linear = (
        "from tinytorch_hf import reference\n"
        "class Linear:\n    def __init__(self, n_in, n_out, bias=True):\n"
        "        inner = reference.Linear(n_in, n_out, bias)\n"
        "        self.weight, self.bias, self.inner = inner.weight, inner.bias, inner\n"
        "    def forward(self, x):\n        return self.inner.forward(x)\n    __call__ = forward\n"
    )
    install({**GENERATION_C, "core/layers.py": GENERATION_C["core/layers.py"] + linear})

    (result,) = check_here(only=["linear"]).results

    assert result.outcome is Outcome.AGREES
    assert "no parameters()" in result.notes[0]


def test_no_rows_may_be_refused(install: Install) -> None:
    """PyTorch takes a batch of no rows; a package that does not is told so in a note."""
    relu = (
        "from tinytorch_hf import reference\n"
        "class ReLU(reference.ReLU):\n    def forward(self, x):\n"
        "        assert len(x.data), 'nothing to do'\n        return super().forward(x)\n"
    )
    install({**GENERATION_C, "core/activations.py": GENERATION_C["core/activations.py"] + relu})

    (result,) = check_here(only=["relu"]).results

    assert result.outcome is Outcome.AGREES
    assert "nothing to do" in result.notes[0]
