"""Specification of which package is compared, and of the process in which it runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import Install
from generations import GENERATION_B, GENERATION_C, LOADER, write_package
from in_process import HERE, judge_here, run_here

from tinytorch_hf import cli
from tinytorch_hf.compare import lockstep, stepwise
from tinytorch_hf.compare.batches import Batches
from tinytorch_hf.compare.child import Session
from tinytorch_hf.compare.package import Package, Subject, opened
from tinytorch_hf.compare.preparing import hand_over
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.student_side import StudentSide
from tinytorch_hf.compare.target import Target
from tinytorch_hf.compare.tasks import load_arrays, make_model
from tinytorch_hf.errors import InvalidArgumentError, StudentCodeError
from tinytorch_hf.student.answers import Answer
from tinytorch_hf.student.mapping import Conventions, FrameworkMap

SHORT = Settings("tinydigits", epochs=2)
NO_LINEAR = {**GENERATION_C, "core/layers.py": "from tinytorch_hf.reference import Dropout\n"}

# A framework with other names and PyTorch's layout of weights; it does not run in the process of the judge.
OTHER_NAMES = """
import os
import numpy as np
from tinytorch_hf import reference
from tinytorch_hf.reference import CrossEntropyLoss, ReLU, SGD, Tensor

assert os.environ.get("TINYTORCH_HF_TEST_JUDGE") != str(os.getpid())

class Dense:
    def __init__(self, n_in, n_out):
        self.W = Tensor(np.zeros((n_out, n_in)), requires_grad=True)
        self.b = Tensor(np.zeros(n_out), requires_grad=True)
    def __call__(self, x):
        return x.matmul(self.W.transpose()) + self.b
    def trained(self):
        return [self.W, self.b]
""" + LOADER.replace("from tinytorch.core.tensor import Tensor\n", "")
CONVENTIONS = {"linear_weight": "out, in", "weight": "W", "bias": "b", "parameters": "trained"}
NAMES = {"Linear": "mylib.Dense"}


def target_of(folder: Path, **options: object) -> Target:
    """A package called tinytorch in this folder, named by the user."""
    return Target(folder=folder, given=str(folder), **options)  # type: ignore[arg-type]


def test_a_package_trains_in_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --package and --map as `check` takes them; other names and other layouts are not faults."""
    import os

    monkeypatch.setenv("TINYTORCH_HF_TEST_JUDGE", str(os.getpid()))
    (tmp_path / "mylib.py").write_text(OTHER_NAMES, encoding="utf-8")
    described = {"package": "mylib", "names": NAMES, "conventions": CONVENTIONS}
    (tmp_path / "map.json").write_text(json.dumps(described), encoding="utf-8")

    status = cli.main(
        ["compare", "tinydigits", "--epochs", "1", "--package", str(tmp_path), "--map", str(tmp_path / "map.json")]
    )

    lines = capsys.readouterr().out.splitlines()
    assert (status, lines[-1]) == (0, "verdict    agree")
    assert lines[0] == f"TinyTorch  mylib (your own package at {tmp_path})"
    assert "mylib" not in sys.modules


def test_process_and_no_process_come_to_the_same(install: Install, fresh_reference: None) -> None:
    """Number by number, also where a fault is named."""
    wrong = (
        "from tinytorch_hf.reference import SGD as _SGD, Adam\n"
        "class SGD(_SGD):\n    def change(self, *args):\n        return super().change(*args) * 1.01\n"
    )
    folder = install({**GENERATION_C, "core/optimizers.py": wrong})

    apart, here = lockstep.run(SHORT, target=target_of(folder)), run_here(SHORT)

    assert apart.epochs == here.epochs
    assert apart.first_divergence == here.first_divergence
    assert apart.cause is not None and here.cause is not None
    assert (apart.cause.code, apart.cause.snippet) == (here.cause.code, here.cause.snippet)
    assert apart.cause.snippet


@pytest.mark.parametrize(
    ("relu", "message"),
    [
        ("raise KeyError('relu')", r"while running relu 1 forward: KeyError: 'relu'\nIn .*activations\.py, line 3"),
        ("import os; os._exit(7)", r"the process was ended with the exit status 7"),
        ("\n        while True: pass", r"still running after 1 s, and was stopped\nIn .*activations\.py, line 4"),
    ],
    ids=["raises", "exits", "hangs"],
)
def test_a_crash_says_where(relu: str, message: str, tmp_path: Path) -> None:
    """The message, the file and the line; the judge survives."""
    source = f"class ReLU:\n    def __call__(self, x):\n        {relu}\n"
    folder = write_package(tmp_path, {**GENERATION_C, "core/activations.py": source})

    with pytest.raises(StudentCodeError, match=message):
        lockstep.run(SHORT, target=target_of(folder, limit_s=1.0))


def test_a_crash_is_one_message_and_exit_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a traceback, here of a package that does not import."""
    folder = write_package(tmp_path, {"__init__.py": "1 / 0\n"})

    status = cli.main(["compare", "tinydigits", "--package", str(folder / "tinytorch")])

    err = capsys.readouterr().err
    assert status == 1
    assert "raised an error while being imported: ZeroDivisionError" in err
    assert f"In {folder / 'tinytorch' / '__init__.py'}, line 1." in err
    assert "Traceback" not in err


def test_a_package_that_lacks_something_is_not_replaced(
    install: Install, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit status 2 with what is missing and what can be run instead, whether it was named or is installed."""
    folder = install(NO_LINEAR)
    with pytest.raises(
        InvalidArgumentError, match=r"Linear is not implemented yet in tinytorch 0\.2\.0 at .*MLP 64-32"
    ):
        run_here(SHORT)

    status = cli.main(["compare", "tinydigits", "--package", str(folder / "tinytorch")])

    err = capsys.readouterr().err
    assert status == 2
    assert f"`tinytorch-hf check --package {folder / 'tinytorch'}` compares what is implemented" in err
    assert "--package tinytorch_hf.reference" in err


def test_an_unwritten_body_is_not_implemented_yet(install: Install) -> None:
    """It shows only while it runs."""
    unwritten = "class ReLU:\n    def __call__(self, x):\n        raise NotImplementedError('ReLU')\n"
    install({**GENERATION_C, "core/activations.py": unwritten})

    with pytest.raises(InvalidArgumentError, match="not implemented yet: ReLU"):
        run_here(SHORT)


def test_the_package_of_the_index_counts_as_none(install: Install) -> None:
    """The tinytorch that pip installs has no Tensor; the reference is compared, and the note says why."""
    install({"__init__.py": "", "core/__init__.py": ""})

    subject = run_here(Settings("tinydigits", epochs=1)).framework

    assert subject.is_reference
    assert "the tinytorch that is installed at" in subject.note and "another one: no Tensor" in subject.note


def test_a_name_that_is_given_is_not_replaced_either() -> None:
    """A wrong --package must not end in a verdict about something else."""
    nobody = Target(FrameworkMap("no_such_library"), given="no_such_library", in_process=True)

    with pytest.raises(InvalidArgumentError, match=r"No package no_such_library can be imported\. Give --package PATH"):
        lockstep.run(SHORT, target=nobody)


def test_without_a_package_the_reference_is_compared() -> None:
    """And asked for by name it is, too; both are said to be the reference."""
    for target, note in (
        (HERE, "no package tinytorch is installed"),
        (Target(FrameworkMap("tinytorch_hf.reference")), "as you asked"),
    ):
        with opened(target) as package:
            assert package.subject.is_reference
            assert package.subject.note == note


def test_lines_that_show_a_fault_are_left_out_where_names_are_others(tmp_path: Path) -> None:
    """They are written with TinyTorch's names, which such a package does not have."""
    (tmp_path / "mylib.py").write_text(OTHER_NAMES.replace("+ self.b\n", "- self.b\n"), encoding="utf-8")
    conventions = Conventions(**CONVENTIONS)
    theirs = Target(FrameworkMap("mylib", NAMES, conventions), tmp_path, str(tmp_path), in_process=True)

    divergence = stepwise.judge(SHORT, target=theirs).divergence

    assert divergence is not None
    assert (divergence.layer, divergence.snippet) == ("linear 2", "")
    assert "mylib" not in sys.modules


def test_parameters_that_never_take_gradients_are_a_fault(install: Install) -> None:
    """In the second generation the optimizer asks for gradients; one that does not is not helped by the judge."""
    deaf = (
        "from tinytorch_hf.reference import SGD as _SGD, Adam\n"
        "class SGD(_SGD):\n    def __init__(self, params, lr):\n"
        "        self.params, self.lr, self.momentum, self.weight_decay = list(params), lr, 0, 0\n"
    )
    install({**GENERATION_B, "core/optimizers.py": deaf})

    divergence = judge_here(Settings("tinydigits", epochs=1)).divergence

    assert divergence is not None
    assert divergence.kind == "gradient missing"


@pytest.mark.parametrize("asked", ["build", "step", "walk", "outputs", "weights", "update"])
def test_what_was_asked_for_and_does_not_come_is_never_agreed_with(asked: str) -> None:
    """An answer that is well-formed but empty, to one of the requests."""
    session = Session(FrameworkMap("tinytorch_hf.reference"))

    def ask(**request: object) -> Answer:
        return Answer("results") if request["ask"] == asked else session.answer(dict(request))

    settings, arrays = Settings("tinydigits"), load_arrays(Settings("tinydigits"))
    package = Package(ask, Target(), Subject("forged", "nowhere", ""))
    hand_over(package, arrays)
    model = make_model(settings)
    batches = Batches(settings, arrays)

    with pytest.raises(StudentCodeError, match=r"cannot be compared|is not the batch"):
        side = StudentSide(package, settings, model, model.initial_weights(0))
        side.judged_step(side.weights(), next(batches.epoch(1)), batches)
        side.update([np.zeros_like(value) for layer in side.weights() for value in layer])
        side.train(1, batches)
        side.outputs(arrays.X_test, (len(arrays.X_test), 10))
