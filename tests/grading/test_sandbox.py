"""Specification of a confined check: the verdict of an open one, and of what is not to be done a report."""

from __future__ import annotations

import dataclasses
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

import forged
import pytest
import seeds

from tinytorch_hf.check.run import check
from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.grading.imports import scan
from tinytorch_hf.grading.sandbox import Limits, check_confined
from tinytorch_hf.judging import answers
from tinytorch_hf.judging.judges import judged_by
from tinytorch_hf.judging.results import Outcome, Result
from tinytorch_hf.student import cell as cell_module
from tinytorch_hf.student import landlock, seccomp, secrecy
from tinytorch_hf.student.cell import Cell
from tinytorch_hf.student.mapping import FrameworkMap
from tinytorch_hf.student.process import PackageProcess
from tinytorch_hf.student.search_path import search_path

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="what holds a submission back is Linux's")

# Wrong with a cause, an error, something still to be written, another wrong one below a right one.
_FAULTS = """
class Sigmoid(Layer):
    def forward(self, x):
        s = sigmoid(x.data)
        return Tensor.from_operation(s, (x,), lambda g: (g * s,))

class GELU(Layer):
    def forward(self, x):
        raise NotImplementedError

class Softmax(Layer):
    def __init__(self, dim=-1):
        self.dim = dim

    def forward(self, x, dim=None):
        return x.data.missing

try:
    import torch
except ImportError:
    torch = None
"""


def _comparable(result: Result) -> Result:
    return dataclasses.replace(result, seconds=0.0)


@on_linux
@pytest.mark.parametrize("only", seeds.examples([("sigmoid", "tanh", "gelu", "softmax")], [((),)]))
def test_the_verdict_is_that_of_an_open_check(
    only: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every cause, place and hint, on inputs that were recorded, too; no record is looked at for it."""
    forged.honest(tmp_path)
    activations = tmp_path / "tinytorch" / "activations.py"
    activations.write_text(activations.read_text(encoding="utf-8") + _FAULTS, encoding="utf-8")
    (tmp_path / "compare_with_torch.py").write_text("import torch\n", encoding="utf-8")
    (tmp_path / "tinytorch" / "fast.so").write_bytes(b"\x7fELF")
    limits = Limits(operation_seconds=30.0)
    with judged_by("recorded"), answers.closed():
        expected = check(FrameworkMap(), tmp_path, only, 30.0, answers.SEED, programs=0 if only else 40)
        monkeypatch.setattr(answers, "_all", lambda: pytest.fail("a record was looked at"))
        found = check_confined(tmp_path, only=only, seed=answers.SEED, limits=limits, programs=0 if only else 40)

    assert {result.outcome for result in expected.results} >= {Outcome.AGREES, Outcome.DIFFERS, Outcome.CRASHES}
    assert [*map(_comparable, found.report.results)] == [*map(_comparable, expected.results)]
    n_lines = len(activations.read_text(encoding="utf-8").splitlines())
    assert found.violations[0] == f"tinytorch/activations.py, line {n_lines - 2}: it imports torch"
    # That it is heard as it runs, too, is not a second reason.
    assert len(found.violations) == 1
    assert "compare_with_torch.py, line 1: it imports torch" in found.remarks
    assert "tinytorch/fast.so is compiled code, which cannot be read" in found.remarks


@on_linux
def test_where_the_system_forbids_nothing_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What listens inside of Python still refuses the commonest ways."""
    monkeypatch.setattr(landlock, "version", lambda: 0)
    monkeypatch.setattr(seccomp, "is_there", lambda: False)
    forged.honest(tmp_path)
    ways = ("the reference's file, executed", "the reference by a name put together", "the records on the disk")
    forged.forge(tmp_path, {name: forged.QUIET[name] for name in (*ways, "torch in another process")})

    with judged_by("recorded"):
        found = check_confined(tmp_path, only=("relu",), seed=3)

    assert found.report.results[0].outcome is Outcome.DIFFERS
    assert "it reads tinytorch_hf/judging/recorded/battery.npz" in found.violations
    assert found.remarks[-3:] == (
        "it tries to start a process",
        "files are not confined on this system: it can read what this user can read",
        "processes, signals and the network are not confined on this system",
    )


def test_when_all_time_is_used_up_the_rest_is_not_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is started any more, and that is not a crash of the operation."""
    now = [0.0]
    cell = Cell(Limits(total_seconds=3.0))
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with cell.counting():
        now[0] += 2.0
    assert cell.left_s == 1.0
    with cell.counting():
        now[0] += 2.0

    with PackageProcess(FrameworkMap(), tmp_path, 10.0, "tinytorch_hf.check.child", cell) as process:
        answer = process.ask(ask="open")

    assert (answer.kind, answer.message) == (
        "untried",
        "not tried any more: the 3 s that there are for all are used up",
    )


def test_whatever_is_left_of_its_files_is_removed(tmp_path: Path) -> None:
    """However deep, and however little may be read; what links lead to stays."""
    stay = Cell(Limits(file_size=1 << 20)).enter(search_path(FrameworkMap(), tmp_path))
    scratch = Path(stay.settings["scratch"])
    (tmp_path / "kept").write_text("kept", encoding="utf-8")
    (scratch / "link").symlink_to(tmp_path)
    deep = scratch
    for _ in range(200):
        deep /= "d" * 30
        try:
            deep.mkdir()
        except OSError:
            break
    (scratch / "closed").mkdir()
    (scratch / "closed" / "file").write_bytes(b"x")
    (scratch / "closed").chmod(0)
    assert not stay.overfull
    with (scratch / "large").open("wb") as file:
        file.truncate(3 << 20)
    assert stay.overfull == "it filled more than 1 MB with files"

    stay.end()

    assert not scratch.exists()
    assert (tmp_path / "kept").exists()


def test_what_is_told_is_cut_and_printable(tmp_path: Path) -> None:
    """Only lines with the mark of this process are told; anybody may write others."""
    cell = Cell(Limits())
    stay = cell.enter(search_path(FrameworkMap(), tmp_path))
    mark = stay.settings["mark"].encode()

    stay.listen(b'nobody ["violation", "forged"]\n' + mark + b' ["violation", "it reads \\u001b[2J')
    stay.listen(
        b'"]\n' + mark + b' ["verdict", "agrees"]\n' + mark + b" {}\n" + mark + b' ["remark", 3]\n' + mark + b" ["
    )
    stay.end()

    assert cell.violations == ("it reads \\x1b[2J",)
    assert cell.remarks == ()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import numpy, torch.nn as nn", ["torch.nn"]),
        ("if True: import os; import jax", ["jax"]),
        ("from torch.nn import functional as F", ["torch.nn", "torch.nn.functional"]),
        ("from tinytorch_hf import load, reference", ["tinytorch_hf.reference"]),
        ("from tinytorch_hf import (\n    load,\n    reference as right,\n)", ["tinytorch_hf.reference"]),
        ("import tinytorch_hf\nx = tinytorch_hf.reference.Tensor", ["tinytorch_hf.reference.Tensor"]),
        ("from tinytorch_hf.data.tokenizer import CharTokenizer", ["tinytorch_hf.data.tokenizer"] * 1),
        ("importlib.import_module('to' 'r' + \"ch\")", ["torch"]),
        ("import sys\nx = sys.modules['tinytorch_hf.check.child']", ["tinytorch_hf.check.child"]),
        ("__import__(name='torch')", []),
        ("x = '''\nimport torch\n'''  # import torch", []),
        ("from .torch import x\nimport my.torch\nself.torch = 1\nfrom . import torch", []),
        ("from tinytorch_hf import load_tinydigits\nimport tinytorch_hf.catalog", []),
        ("import torch\nx = (", ["torch"]),
        ("import torch\n  x\n y", ["torch"]),
        ("print(" * 3000, []),
    ],
)
def test_imports_are_read_from_the_text(text: str, names: list[str], tmp_path: Path) -> None:
    """Statements and calls with a text, also put together; comments and texts are none."""
    (tmp_path / "tinytorch").mkdir()
    (tmp_path / "tinytorch" / "a.py").write_text(text, encoding="utf-8")

    found = [each.rpartition(" ")[2] for each in scan(tmp_path).violations]

    assert [name for name in found if name in names or not names] == names
    assert not scan(tmp_path, allowed=("torch", "jax")).violations or "tinytorch_hf" in text


def test_what_reaches_into_its_surroundings_is_worth_a_look(tmp_path: Path) -> None:
    """No import of it is needed: an error that is caught shows the frames of who has called."""
    (tmp_path / "tinytorch").mkdir()
    text = "try: 1 / 0\nexcept Exception as e: e.__traceback__.tb_frame.f_back.f_globals.clear()\nnp.array = list\n"
    (tmp_path / "tinytorch" / "a.py").write_text(text, encoding="utf-8")

    *reaches, replaces = scan(tmp_path).remarks

    assert [remark.split()[2] for remark in reaches] == ["tb_frame,", "f_back,", "f_globals,"]
    assert replaces == "tinytorch/a.py replaces np.array: look at it"


def test_odd_files_hold_nobody_up(tmp_path: Path) -> None:
    """A pipe, a link in a circle, what is not text, a name that acts on terminals."""
    package = tmp_path / "tinytorch"
    package.mkdir()
    (package / "loop").symlink_to(tmp_path)
    (package / "bytes.py").write_bytes(b"\xff\xfe\x00 import torch")
    (package / "rot.py").write_bytes(b"# coding: rot13\nvzcbeg gbepu\n")
    (package / "\x1b[2J.py").write_text("import torch", encoding="utf-8")
    if hasattr(os, "mkfifo"):
        os.mkfifo(package / "pipe.py")

    found = scan(tmp_path)

    assert found.violations == ("tinytorch/\\x1b[2J.py, line 1: it imports torch",)
    assert [remark.partition(" ")[0] for remark in found.remarks] == ["tinytorch/bytes.py", "tinytorch/rot.py"]


@pytest.mark.parametrize(
    "values",
    [
        {"memory": 1 << 20},
        {"total_seconds": math.inf},
        {"processes": -1},
        {"operation_seconds": "10"},
        {"memory": True},
    ],
)
def test_limits_that_make_no_sense_are_refused(values: dict[str, Any]) -> None:
    """Each by its name."""
    with pytest.raises(InvalidArgumentError, match=next(iter(values))):
        Limits(**values)


def test_another_user_has_to_be_there_and_not_be_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """And only root starts processes of others."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(InvalidArgumentError, match="no user nobody-of-this-name"):
        Cell(Limits(), run_as="nobody-of-this-name")
    with pytest.raises(InvalidArgumentError, match="root is root"):
        Cell(Limits(), run_as="root")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(InvalidArgumentError, match="Only root"):
        Cell(Limits(), run_as="nobody")


@on_linux
def test_who_judges_can_be_looked_into_by_nobody_meanwhile() -> None:
    """And as before afterwards, however many do it at once."""
    before = secrecy._control(3)
    with secrecy.unreadable():
        with secrecy.unreadable():
            assert secrecy._control(3) == 0
        assert secrecy._control(3) == 0
    assert secrecy._control(3) == before == 1


def test_a_process_gets_nothing_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But what it needs to start."""
    monkeypatch.setenv("SECRET_TOKEN", "x")
    stay = Cell(Limits()).enter(search_path(FrameworkMap(), tmp_path))
    environment = stay.environment()
    stay.end()

    assert "SECRET_TOKEN" not in environment
    assert environment["HOME"] == stay.settings["scratch"]
    assert cell_module._PASSED_ON[0] == "PATH"
