"""Specification of the judge that needs NumPy alone: for every case, what it gives is what PyTorch gives."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
from conftest import Run

from tinytorch_hf.check.cases import CASES
from tinytorch_hf.check.run import select
from tinytorch_hf.errors import UnknownNameError
from tinytorch_hf.judging.case import MODULES, Case, Results, RunTorch
from tinytorch_hf.judging.causes import mistaken
from tinytorch_hf.judging.drawing import drawn
from tinytorch_hf.judging.judges import chosen, computed, judge, judged_by
from tinytorch_hf.judging.yardstick import Expected, differences, expected

# How far results in float64 may be from PyTorch's, relative to the largest value of those that belong together. Most
# are within 1e-14; where a variance of 0 is divided by, rounding grows.
CLOSE, CLOSEST = 1e-11, 1e-14
DIVIDES_BY_NOTHING = "layer-norm-one-feature"


def runs(case: Case) -> list[RunTorch]:
    """What the judge computes for a case: what is right, what is right as well, what is wrong."""
    return [case.right, *case.also_right, *case.mistakes.values(), *chain(*case.variants.values())]


def names(case: Case) -> list[str]:
    """What these are called in the message of a failure."""
    also_right = [f"also right {number}" for number in range(len(case.also_right))]
    variants = [f"{code} in another way" for code, others in case.variants.items() for _ in others]
    return [f"{case.name}: {what}" for what in ("right", *also_right, *case.mistakes, *variants)]


def tolerance(case: Case) -> float:
    """How far its results in float64 may be from PyTorch's."""
    return CLOSE if case.name == DIVIDES_BY_NOTHING else CLOSEST


def kind(name: str) -> str:
    """What a result has one scale with, as the yardstick has it: all gradients, all changes, or itself alone."""
    return next((kind for kind in ("gradient", "change") if name.startswith(kind)), name)


def same(found: Results, right: Results, tolerance: float, what: str) -> None:
    """The same results, in the same shapes and types, and numbers that differ by no more than rounding."""
    assert list(found) == list(right), what
    errors: dict[str, float] = {}
    largest: dict[str, float] = {}
    for name, wanted in right.items():
        own, value = found[name], wanted
        if not isinstance(value, np.ndarray):
            assert (type(own), own) == (type(value), value), what
            continue
        assert (own.shape, own.dtype) == (value.shape, value.dtype), (what, name)
        finite = np.isfinite(value)
        if not finite.all():
            assert np.array_equal(own[~finite], value[~finite], equal_nan=True), (what, name)
            own, value = own[finite], value[finite]
        errors[name] = np.abs(own - value).max(initial=0)
        largest[kind(name)] = max(largest.get(kind(name), 0), np.abs(value).max(initial=0))
    assert [name for name, error in errors.items() if not error <= tolerance * largest[kind(name)]] == [], what


def definitions(case: Case) -> list[Expected]:
    """What PyTorch gives for a case, on the first sizes: right, right as well, wrong."""
    with judged_by("torch"):
        variants = [
            mistaken(case, code, 0, way=way + 1) for code, others in case.variants.items() for way in range(len(others))
        ]
        return [*expected(case, 0), *(mistaken(case, code, 0) for code in case.mistakes), *variants]


@pytest.mark.parametrize("module", MODULES)
def test_it_gives_what_pytorch_gives(module: str) -> None:
    """In float64 the same numbers, and in float32 none that the yardstick calls another one."""
    pytest.importorskip("torch", reason="PyTorch is what NumPy's judge is held against")
    for case in select([module]):
        inputs = drawn(case, 0)
        for what, run, by_torch in zip(names(case), runs(case), definitions(case), strict=True):
            same(computed(run, inputs, "float64", "recorded"), by_torch.values, tolerance(case), what)
            assert not differences(by_torch, computed(run, inputs, "float32", "recorded")), what


@pytest.mark.parametrize("module", MODULES)
def test_it_gives_what_pytorch_gives_on_other_sizes(module: str) -> None:
    """Those that a cause has to explain as well."""
    pytest.importorskip("torch", reason="PyTorch is what NumPy's judge is held against")
    for case in select([module]):
        inputs = drawn(case, 0, is_second=True)
        for what, run in zip(names(case), runs(case), strict=True):
            right = computed(run, inputs, "float64", "torch")
            same(computed(run, inputs, "float64", "recorded"), right, tolerance(case), what)


def test_each_judge_judges_where_it_is_chosen() -> None:
    """PyTorch by default; and what one has computed is never given for the other."""
    case = CASES["softmax"]

    def judges() -> tuple[str, str, str]:
        return chosen(), expected(case, 0)[0].by, mistaken(case, "SOFTMAX-ALL", 0).by

    with judged_by("recorded"):
        assert judges() == ("recorded",) * 3
        assert judge("float64").dtype == np.float64
        later = expected(case, 1)
        with pytest.raises(ValueError, match="torch"), judged_by("torch"):
            assert chosen() == "torch"
            raise ValueError(chosen())
        assert judges() == ("recorded",) * 3
    assert chosen() == "torch"
    # Whoever asked decided by whom, though it is computed only now.
    assert later[0].by == "recorded"


def test_an_unknown_judge_is_refused() -> None:
    """With the names of those that there are."""
    with pytest.raises(UnknownNameError, match="torch"), judged_by("jax"):
        pass


def test_it_is_chosen_in_pytorchs_absence(run_numpy_only: Run) -> None:
    """The cases judge with NumPy alone, and nothing of PyTorch is looked for."""
    program = """
import sys
from tinytorch_hf.check.cases import CASES
from tinytorch_hf.judging import yardstick
from tinytorch_hf.judging.judges import judged_by
with judged_by("recorded"):
    print(len([expected.values for case in CASES.values() for expected in yardstick.expected(case, 0)[:1]]))
print([name for name in sys.modules if name.partition(".")[0] == "torch" or ".reference" in name])
"""
    done = run_numpy_only("-c", program)

    assert (done.stdout.split("\n")[:2], done.stderr) == ([str(len(CASES)), "[]"], "")
