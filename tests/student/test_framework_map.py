"""Specification of tinytorch_hf.student.mapping: a framework with other names and conventions is checked, too."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch_hf.check.run import check
from tinytorch_hf.errors import InvalidArgumentError, TinyTorchHFError, UnknownNameError
from tinytorch_hf.judging.results import Outcome
from tinytorch_hf.student.mapping import Conventions, FrameworkMap, as_json, parse_map, read_map

MAP = {
    "package": "mygrad",
    "names": {
        "Tensor": "mygrad.Variable",
        "Linear": "mygrad.Dense",
        "ReLU": "mygrad.Rectifier",
        "SGD": "mygrad.optim.Descent",
        "CrossEntropyLoss": "mygrad.NLL",
    },
    "conventions": {
        "linear_weight": "out, in",
        "data": "value",
        "grad": "slope",
        "backward": "backprop",
        "weight": "W",
        "bias": "b",
    },
}

# A framework of its own: other names, gradients that are tensors, weights laid out as in PyTorch.
PACKAGE = {
    "__init__.py": """
import numpy as np

class Variable:
    def __init__(self, value, parents=(), pull=None):
        self.value = np.asarray(value, dtype=np.float32)
        self.slope, self.parents, self.pull = None, parents, pull

    def backprop(self, slope=None):
        start = np.ones_like(self.value) if slope is None else slope.value
        order, seen = [], set()
        def visit(node):
            if id(node) not in seen:
                seen.add(id(node))
                for parent in node.parents:
                    visit(parent)
                order.append(node)
        visit(self)
        arriving = {id(self): start}
        for node in reversed(order):
            g = arriving.get(id(node))
            if g is None:
                continue
            node.slope = Variable(g if node.slope is None else node.slope.value + g)
            if node.pull:
                for parent, part in zip(node.parents, node.pull(g)):
                    arriving[id(parent)] = arriving.get(id(parent), 0) + part

    def __add__(self, other):
        def pull(g):
            return [_sum_to(g, self.value.shape), _sum_to(g, other.value.shape)]
        return Variable(self.value + other.value, (self, other), pull)

    def __mul__(self, other):
        def pull(g):
            return [_sum_to(g * other.value, self.value.shape), _sum_to(g * self.value, other.value.shape)]
        return Variable(self.value * other.value, (self, other), pull)

def _sum_to(g, shape):
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True).reshape(shape)

class Dense:
    def __init__(self, n_in, n_out, bias=True):
        self.W = Variable(np.zeros((n_out, n_in)))
        self.b = Variable(np.zeros(n_out)) if bias else None

    def __call__(self, x):
        def pull(g):
            flat_g, flat_x = g.reshape(-1, g.shape[-1]), x.value.reshape(-1, x.value.shape[-1])
            return [g @ self.W.value, SIGN * flat_g.T @ flat_x]
        y = Variable(x.value @ self.W.value.T, (x, self.W), pull)
        return y if self.b is None else y + self.b

class Rectifier:
    def forward(self, x):
        return Variable(np.maximum(x.value, 0), (x,), lambda g: [g * (x.value > 0)])
    __call__ = forward

class NLL:
    def forward(self, x, labels):
        rows, classes = np.arange(len(x.value)), labels.value.astype(int)
        if labels.value.ndim != 1:
            raise ValueError('labels (batch,)')
        p = np.exp(x.value - x.value.max(1, keepdims=True))
        p = p / p.sum(1, keepdims=True)
        picked = x.value - x.value.max(1, keepdims=True)
        loss = (np.log(np.exp(picked).sum(1)) - picked[rows, classes]).mean()
        def pull(g):
            d = p.copy()
            d[rows, classes] -= 1
            return [g * d / len(d)]
        return Variable(loss, (x,), pull)
    __call__ = forward
""",
    "optim.py": """
class Descent:
    def __init__(self, parameters, lr=0.01, momentum=0.0, weight_decay=0.0):
        self.parameters, self.lr, self.momentum, self.decay = parameters, lr, momentum, weight_decay
        self.velocity = {}
    def zero_grad(self):
        for p in self.parameters:
            p.slope = None
    def step(self):
        for i, p in enumerate(self.parameters):
            if p.slope is not None:
                g = p.slope.value + self.decay * p.value
                self.velocity[i] = g = self.momentum * self.velocity.get(i, 0) + g
                p.value = (p.value - self.lr * g).astype('float32')
""",
}
ONLY = (
    "linear",
    "linear-without-bias",
    "linear-on-sequences",
    "relu",
    "cross-entropy",
    "gradient-add",
    "gradient-mul",
    "gradient-broadcast-row",
    "gradient-used-twice",
    "sgd",
    "sgd-momentum",
    "sgd-weight-decay",
    "mlp-with-sgd",
)


def write(folder: Path, sign: str = "1") -> Path:
    """The framework and its mapping file."""
    (folder / "mygrad").mkdir()
    for name, text in PACKAGE.items():
        (folder / "mygrad" / name).write_text(text.replace("SIGN", sign), encoding="utf-8")
    path = folder / "mygrad.json"
    path.write_text(json.dumps(MAP), encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def no_framework_is_left() -> Iterator[None]:
    """The package under test never gets into this process."""
    yield
    assert "mygrad" not in sys.modules


def test_a_framework_with_other_names_is_checked_through_its_map(tmp_path: Path) -> None:
    """Forward, gradients, updates and whole training steps; what the map does not name is missing."""
    framework_map = read_map(write(tmp_path))

    report = check(framework_map, tmp_path, (*ONLY, "conv2d"))

    outcomes = {result.name: (result.outcome, result.detail) for result in report.results}
    assert outcomes.pop("conv2d") == (Outcome.MISSING, "no Conv2d")
    assert outcomes == dict.fromkeys(ONLY, (Outcome.AGREES, ""))


def test_a_fault_in_it_is_found_as_in_tinytorch(tmp_path: Path) -> None:
    """In the layout that TinyTorch has."""
    report = check(read_map(write(tmp_path, sign="-1")), tmp_path, ("linear", "relu"))

    wrong = {result.name: result.cause for result in report.results if result.outcome is Outcome.DIFFERS}
    assert wrong == {"linear": "the sign is wrong"}


def test_a_part_may_be_a_function_that_translates(tmp_path: Path) -> None:
    """For classes that take other arguments; a tensor, too, may come from a function."""
    write(tmp_path)
    (tmp_path / "bridge.py").write_text(
        "import mygrad\ntensor = lambda values: mygrad.Variable(values)\n"
        "linear = lambda n_in, n_out, bias=True: mygrad.Dense(n_in, n_out, bias)\n",
        encoding="utf-8",
    )
    places = {**MAP["names"], "Tensor": "bridge.tensor", "Linear": "bridge.linear"}  # type: ignore[dict-item]
    framework_map = parse_map({**MAP, "names": places}, "here")

    report = check(framework_map, tmp_path, ("linear", "sgd", "gradient-mul", "tensor-sum"))

    outcomes = {result.name: result.outcome for result in report.results}
    assert outcomes.pop("tensor-sum") is Outcome.MISSING
    assert outcomes == dict.fromkeys(("linear", "gradient-mul", "sgd"), Outcome.AGREES)


def test_a_place_that_is_not_there_is_a_crash_with_the_reason(tmp_path: Path) -> None:
    """A map that names it says that it is there."""
    write(tmp_path)
    framework_map = FrameworkMap("mygrad", {"Tensor": "mygrad.Variable", "ReLU": "mygrad.Rectified"})

    (result,) = check(framework_map, tmp_path, ("relu",)).results

    assert result.outcome is Outcome.CRASHES
    assert "has no attribute 'Rectified'" in result.detail


def test_a_map_survives_its_own_json() -> None:
    """It travels to the process of the package so."""
    framework_map = parse_map(MAP, "here")

    assert parse_map(as_json(framework_map), "there") == framework_map
    assert parse_map({}, "nothing") == FrameworkMap("tinytorch", {}, Conventions())


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        ([], InvalidArgumentError, "a JSON object belongs here"),
        ({"nmes": {}}, UnknownNameError, "Did you mean 'names'"),
        ({"names": {"Lineer": "a.B"}}, UnknownNameError, "There is no part of TinyTorch"),
        ({"names": {"Linear": "a b"}}, InvalidArgumentError, "such as 'mylib.nn.Dense'"),
        ({"names": {"Linear": 3}}, InvalidArgumentError, "not 3"),
        ({"conventions": {"grads": "g"}}, UnknownNameError, "Did you mean 'grad'"),
        ({"conventions": {"linear_weight": "in out"}}, InvalidArgumentError, "'out, in'"),
        ({"package": "my-lib"}, InvalidArgumentError, "not 'my-lib'"),
        ({"functions": {"ReLU": "relu(x)"}}, InvalidArgumentError, "functions, ReLU"),
        ({"methods": {"Relu": "relu"}}, UnknownNameError, "Did you mean 'ReLU'"),
        ({"parameters": {"Embedding": {"wieght": "E"}}}, UnknownNameError, "Did you mean 'weight'"),
        ({"parameters": {"Embedding": "E"}}, InvalidArgumentError, "a JSON object belongs here"),
        ({"untried": {"Linear": ""}}, InvalidArgumentError, "a sentence belongs here"),
        ({"style": "layerwise"}, InvalidArgumentError, "'layers'"),
    ],
)
def test_a_wrong_map_is_explained(values: Any, kind: type[Exception], message: str) -> None:
    """Which key, and what belongs there."""
    with pytest.raises(kind, match=message):
        parse_map(values, "my.json")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["package", "names", "functions", "parameters", "untried", "style", "conventions", "Linear", "data"]
                ),
                inner,
                max_size=3,
            )
        ),
    )
)
def test_no_json_makes_the_reader_fail_otherwise(values: Any) -> None:
    """Every damage is one of this package's errors."""
    try:
        parse_map(values, "my.json")
    except TinyTorchHFError:
        return


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_file_that_is_no_json_is_explained(content: bytes, tmp_path: Path) -> None:
    """And so is one that is not there."""
    path = tmp_path / "map.json"
    path.write_bytes(content)

    with pytest.raises(InvalidArgumentError, match=r"map\.json is not"):
        read_map(path)
    with pytest.raises(InvalidArgumentError, match="There is no mapping file"):
        read_map(tmp_path / "absent.json")
