"""Specification of tinytorch_hf.check.tracing: which functions of some folders ran."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tinytorch_hf import reference
from tinytorch_hf.check import uses
from tinytorch_hf.check.tracing import branches_of, folders_of, traced
from tinytorch_hf.judging.suspicion import SITUATION
from tinytorch_hf.student.view import Student

SOURCE = """
class Layer:
    def __call__(self, x):
        return [self.forward(one) for one in x]

    def forward(self, x):
        return (lambda y: y)(x) if x else fail()

def fail():
    raise KeyError("no x")

def not_called():
    pass
"""


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    """A module in a folder."""
    path = tmp_path / "layers.py"
    path.write_text(SOURCE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("layers", path)
    assert spec and spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.mark.skipif(sys.version_info < (3, 11), reason="before, Python does not know a function's class")
def test_what_ran_is_named_with_its_class_and_file(module: ModuleType, tmp_path: Path) -> None:
    """Functions of other folders, and what did not run, are not."""

    def run() -> None:
        np.linalg.norm(np.ones(3))
        module.Layer()([1, 2])

    called, ended_in, _ = traced(run, folders_of(str(tmp_path)))

    assert tuple(branches_of(called)) == (
        "layers.Layer.__call__",
        "layers.Layer.forward",
        "layers.Layer.forward.<locals>.<lambda>",
    )
    assert ended_in == ""


def test_an_error_ends_there_and_its_function_is_named(module: ModuleType, tmp_path: Path) -> None:
    """The innermost of these folders; and nothing is watched any more."""
    called, ended_in, _ = traced(lambda: module.Layer()([0]), folders_of(str(tmp_path)))

    assert ended_in.startswith("layers.fail")
    assert ended_in in branches_of(called)
    assert sys.getprofile() is None


def test_parts_taken_from_the_reference_are_watched_too() -> None:
    """As a package under test may import them."""
    called, *_ = traced(lambda: reference.ReLU()(reference.Tensor([1.0])), folders_of(""))

    assert any("forward" in name for name in called)


def test_halves_of_one_line_are_told_apart(module: ModuleType, tmp_path: Path) -> None:
    """What ran of a conditional expression is part of what is told, and where an error arose."""
    either, other = (branches_of(traced(lambda x=x: module.Layer()([x]), folders_of(str(tmp_path)))[0]) for x in (1, 0))
    name = next(name for name in either if name.startswith("layers.Layer.forward") and "lambda" not in name)

    assert either[name] - other[name]
    assert {one.partition(" ")[2] for one in other[name] - either[name]} > {"!7"}


def test_how_often_tensors_are_used_is_told() -> None:
    """A leaf or a result on the way to what is sent back; what never leads there does not count."""
    student = Student(lambda name: getattr(reference, name, None))

    def situations(compute: Callable[[Any, Any], Any]) -> set[str]:
        a, b = (reference.Tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
        called, *_ = traced(lambda: compute(a, b).sum().backward(), folders_of(""), student)
        return {one.partition(" ")[2] for one in called if one.startswith(f"{SITUATION} ")}

    assert situations(lambda a, b: a * b) == set()
    assert situations(lambda a, b: (a * a, a * b)[1]) == set()
    assert situations(lambda a, b: a * b + a) == {uses.TWICE}
    assert situations(lambda a, b: (shared := a * b) * shared) == {uses.TWICE, uses.RESULT_TWICE}
