"""Specification of tinytorch_hf.student.inferring: a framework without a map is checked on what it has."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from check.battery import check_here, wrong
from imitated import COLUMNS, KEEPING, LAYERWISE, MATRICES, ODD, SCALAR, TORCH_LIKE

from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.judging.results import Outcome, Report
from tinytorch_hf.student.mapping import FrameworkMap, as_json, parse_map

# Where each of them has a slope that may be wrong, and what is right there.
SLOPES = {SCALAR: "1 - out.value**2", LAYERWISE: "self.out * (1 - self.out)", TORCH_LIKE: "1 - t * t", ODD: ""}
_QUICK = ("activations", "tensor", "linear", "linear-one-row", "linear-on-sequences", "losses", "gradient-mul")
_QUICK = (*_QUICK, "gradient-sub", "gradient-broadcast", "gradient-sum-ways", "gradient-matmul", "sgd", "layer-norm")


class Checker:
    """Checks frameworks that are written into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def __call__(self, source: str, slope: str | None = None, only: Iterable[str] = _QUICK) -> Report:
        """What `check` finds in a framework, of which no map is given."""
        self._count += 1
        name = f"framework{self._count}_{self._folder.name}"
        (self._folder / f"{name}.py").write_text(source.replace("SLOPE", f"({slope or SLOPES.get(source, '')})"))
        return check_here(FrameworkMap(name), only, infers=True)


@pytest.fixture
def checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checker:
    """Checks frameworks in a folder from which they can be imported."""
    monkeypatch.syspath_prepend(tmp_path)
    return Checker(tmp_path)


def _named(report: Report, outcome: Outcome) -> set[str]:
    return {result.name for result in report.results if result.outcome is outcome}


def _map(report: Report) -> FrameworkMap:
    assert report.inferred is not None
    return report.inferred


def test_a_framework_like_pytorch_is_checked_without_a_map(checked: Checker) -> None:
    """Functions for layers, weights as (out, in), other keywords: all is found, and what is right agrees."""
    report = checked(TORCH_LIKE)
    found = _map(report)

    assert wrong(report) == {}
    assert found.conventions.linear_weight == "out, in"
    assert (found.conventions.axis, found.conventions.keepdims) == ("dim", "keepdim")
    assert set(found.functions) == {"ReLU", "Tanh", "Softmax", "MSELoss", "CrossEntropyLoss"}
    assert {"relu", "tanh", "softmax-first-axis", "linear", "cross-entropy", "tensor-sum", "sgd"} <= _named(
        report, Outcome.AGREES
    )
    assert any("Linear's weight is laid out as (out, in)" in note for note in report.notes)


def test_odd_names_are_found_by_what_they_do(checked: Checker) -> None:
    """Tensors that no list of names has, layers called by forward alone, parameters in a dict."""
    report = checked(ODD)
    found = _map(report)

    assert wrong(report) == {}
    assert found.names["Tensor"].endswith(".Quantity")
    assert (found.conventions.data, found.conventions.grad) == ("content", "adjoint")
    assert found.parameters["LayerNorm"] == {"gamma": "a", "beta": "b"}
    assert {"relu", "linear", "linear-on-sequences", "layer-norm", "gradient-sum-ways", "sgd"} <= _named(
        report, Outcome.AGREES
    )


def test_a_scalar_framework_is_checked_on_what_single_numbers_can_do(checked: Checker) -> None:
    """Operators, activations and layers of single numbers are judged; what is about arrays is never called right."""
    names = ("activations", "linear-one-row", "gradient-mul", "gradient-matmul", "tensor")
    report = checked(SCALAR, only=names)

    assert wrong(report) == {}
    assert {"relu", "tanh", "linear-one-row", "gradient-mul"} <= _named(report, Outcome.AGREES)
    assert not {"tensor-other-types", "tensor-sum", "gradient-matmul"} & _named(report, Outcome.AGREES)
    assert set(_map(report).names) == {"Tensor", "Linear", "Sequential"}
    assert any("scalar framework" in note for note in report.notes)


def test_a_layerwise_framework_is_checked_on_its_layers(checked: Checker) -> None:
    """Layers with forward and backward are judged with the gradients that they keep; tensors are not tried."""
    # A class that only keeps arrays is no class of tensors, whatever its name is.
    keeper = "\n\nclass Variable:\n    def __init__(self, data):\n        self.data = data\n"
    report = checked(LAYERWISE + keeper, SLOPES[LAYERWISE])

    assert wrong(report) == {}
    assert {"relu", "sigmoid", "linear", "linear-one-row", "mse"} <= _named(report, Outcome.AGREES)
    assert not {name for name in _named(report, Outcome.AGREES) if name.startswith(("tensor", "gradient"))}
    assert any("layer-wise framework" in note for note in report.notes)


@pytest.mark.parametrize("source", [KEEPING, COLUMNS], ids=["keeping", "columns"])
def test_other_ways_of_layers_are_found(source: str, checked: Checker) -> None:
    """Results in attributes, names with the kind before them, columns, and steps inside backward are no faults."""
    slope = "self.output * (1 - self.output)"
    report = checked(source, slope, only=("sigmoid", "linear", "linear-one-row", "linear-on-sequences", "mse"))

    assert wrong(report) == {}
    assert {"sigmoid", "linear", "linear-one-row", "mse"} <= _named(report, Outcome.AGREES)
    assert set(wrong(checked(source, "self.output", only=("sigmoid", "linear")))) == {"sigmoid"}


def test_a_layer_of_columns_with_a_wrong_step_is_found(checked: Checker) -> None:
    """The gradient is what a step of backward takes away."""
    broken = COLUMNS.replace("learning_rate * output_gradient @", "-learning_rate * output_gradient @")

    assert "linear" in wrong(checked(broken, "1.0", only=["linear"]))


ADAM = """

class Adam:
    def __init__(self, parameters, lr=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.0):
        # A generator is walked through twice.
        self.parameters, self.m = parameters, {id(one): [0.0, 0.0] for one in parameters}
        self.lr, self.beta1, self.beta2, self.epsilon, self.decay = lr, beta1, beta2, epsilon, weight_decay
        self.t = 0

    def step(self):
        self.t += 1
        for one in self.parameters:
            m, gradient = self.m[id(one)], np.asarray(getattr(one.grad, "data", one.grad))
            m[0] = self.beta1 * m[0] + (1 - self.beta1) * gradient
            m[1] = self.beta2 * m[1] + (1 - self.beta2) * gradient**2
            step = m[0] / (1 - self.beta1**self.t) / (np.sqrt(m[1] / (1 - self.beta2**self.t)) + self.epsilon)
            one.data = one.data - self.lr * (step + self.decay * one.data)
"""


def test_other_choices_of_optimizers_are_no_faults(checked: Checker) -> None:
    """An Adam whose decay is AdamW's, and that wants a list; what it shares with TinyTorch's is judged."""
    report = checked(TORCH_LIKE + ADAM, only=("adam", "adam-weight-decay", "adam-parameters-given"))

    assert wrong(report) == {}
    assert "adam" in _named(report, Outcome.AGREES)
    assert "adam-weight-decay" in _named(report, Outcome.UNTRIED)
    assert "adam" in wrong(checked(TORCH_LIKE + ADAM.replace("self.beta1**self.t", "0.0"), only=["adam"]))


def test_limits_that_a_framework_has_are_no_faults(checked: Checker) -> None:
    """What it refuses in its own words is not tried; gradients come by products where nothing sums."""
    names = ("gradient-add", "gradient-mul", "gradient-matmul", "gradient-square", "gradient-broadcast")
    report = checked(MATRICES, "1", only=(*names, "tensor-matmul-batched"))

    assert wrong(report) == {}
    assert {"gradient-add", "gradient-mul", "gradient-matmul", "gradient-square"} <= _named(report, Outcome.AGREES)
    assert {"tensor-matmul-batched", "gradient-broadcast"} <= _named(report, Outcome.UNTRIED)
    assert set(wrong(checked(MATRICES, "2", only=names))) >= {"gradient-mul", "gradient-square"}


@pytest.mark.parametrize(
    ("source", "slope", "name"),
    [(SCALAR, "1 - out.value", "tanh"), (LAYERWISE, "self.out", "sigmoid"), (TORCH_LIKE, "1 - t", "tanh")],
    ids=["scalar", "layers", "torch-like"],
)
def test_a_fault_is_found_without_a_map(checked: Checker, source: str, slope: str, name: str) -> None:
    """A wrong slope is named as it is in a TinyTorch, and nothing else is."""
    report = checked(source, slope, only=["activations"])
    accused = wrong(report)

    assert name in accused
    assert all(case.startswith(name) for case in accused)
    assert accused[name].code in ("TANH-GRADIENT-NO-SQUARE", "SIGMOID-GRADIENT-S")


def test_a_scalar_framework_that_overwrites_gradients_is_found(checked: Checker) -> None:
    """The commonest fault of all: what arrives replaces what was there."""
    broken = SCALAR.replace("+= other.value * out.gradient", "= other.value * out.gradient")
    report = checked(broken, "1 - out.value**2", only=["gradient-used-twice", "gradient-mul", "relu"])

    assert set(wrong(report)) == {"gradient-used-twice"}


def test_a_layer_with_a_wrong_gradient_of_its_weight_is_found(checked: Checker) -> None:
    """As no multiple of the right one is kept, it is no other definition; a mean over samples is one."""
    transposed = LAYERWISE.replace("grad.T @ self.x", "-grad.T @ abs(self.x)")
    mean = LAYERWISE.replace("grad.T @ self.x", "grad.T @ self.x / len(grad)")

    assert "linear" in wrong(checked(transposed, "1.0", only=["linear"]))
    report = checked(mean, "1.0", only=["linear"])
    assert wrong(report) == {}
    assert "as of a mean" in _map(report).untried["Linear"]


LOSSES = (
    TORCH_LIKE.replace("return difference", "return difference").replace("/ float(difference.data.size)", "/ 1.0")
    + """

def bce(targets, predictions):
    p, y = predictions.data, targets.data
    loss = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    return predictions._made(loss, (predictions, lambda g: g * ((1 - y) / (1 - p) - y / p) / p.size))
"""
)


def test_another_definition_is_not_tried_and_never_accused(checked: Checker) -> None:
    """A loss that sums, where TinyTorch's takes the mean, is told for what it is."""
    report = checked(LOSSES, "1 - t * t", only=["losses"])
    untried = {result.name: result.detail for result in report.results if result.outcome is Outcome.UNTRIED}

    assert wrong(report) == {}
    assert "it gives the sum of the squares, and no mean" in untried["mse"]
    assert "binary-cross-entropy" in untried


def test_a_broken_tensor_in_its_place_is_a_fault_and_no_other_kind(checked: Checker) -> None:
    """What has TinyTorch's names is held to TinyTorch, whatever is wrong with it."""
    source = "from tinytorch_hf.reference import ReLU as _ReLU, Tensor\n\nclass ReLU(_ReLU):\n"
    source += "    def forward(self, x):\n        return super().forward(x) * 2\n\n    __call__ = forward\n"
    report = checked(source, "", only=["relu"])

    assert report.inferred is None
    assert set(wrong(report)) == {"relu"}


FIRST_AXIS = TORCH_LIKE.replace("def softmax(x, dim=-1):", "def softmax(x):\n    dim = 0")


def test_a_softmax_over_the_first_axis_is_told_and_not_accused(checked: Checker) -> None:
    """Samples may be columns elsewhere; with an axis that can be given, the last one is asked for."""
    reasons = _map(checked(FIRST_AXIS, "1 - t * t", only=["softmax"])).untried
    report = checked(TORCH_LIKE.replace("dim=-1):", "dim=0):"), "1 - t * t", only=["softmax"])

    assert "over the first axis" in reasons["Softmax"]
    assert _named(report, Outcome.AGREES) == {"softmax"}


def test_what_was_inferred_is_read_as_a_map(checked: Checker) -> None:
    """What comes out of the framework's process passes the same checks as a file, and gives the same again."""
    for source in (TORCH_LIKE, SCALAR, LAYERWISE, ODD):
        report = checked(source, only=["relu"])
        found = _map(report)
        assert parse_map(json.loads(json.dumps(as_json(found))), "the map") == found
        again = check_here(found, ["relu"])
        assert again.inferred is None
        assert _named(again, Outcome.AGREES) == _named(report, Outcome.AGREES) == {"relu"}


def test_a_script_is_not_run_to_look_for_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules that train when they are imported are read, and left alone."""
    package = tmp_path / "scripted"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "engine.py").write_text(TORCH_LIKE.replace("SLOPE", "1 - t * t"))
    (package / "train.py").write_text(
        "class Adam:\n    pass\n\nfor step in range(3):\n    loss.backward()\n\nraise SystemExit('ran')\n"
    )
    (package / "setup.py").write_text("class Dropout:\n    pass\n\nraise SystemExit('ran')\n")
    monkeypatch.syspath_prepend(tmp_path)
    report = check_here(FrameworkMap("scripted"), ["activations"], infers=True)

    assert wrong(report) == {}
    assert not {"Adam", "Dropout"} & {*_map(report).names, *_map(report).untried}


def test_a_package_without_anything_says_what_was_looked_for(checked: Checker) -> None:
    """Where nothing computes, the message names what would have been taken, and how a map is written."""
    with pytest.raises(InvalidArgumentError, match=r"no class called tensor, variable, value.*docs/how_to/mapping\.md"):
        checked("class Settings:\n    pass\n", only=["relu"])
