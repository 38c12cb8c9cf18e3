"""Specification of the package's own process: nothing that a student's code does stops the battery."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import CHECKOUT
from generations import GENERATION_C, write_package

from tinytorch_hf.check.run import check
from tinytorch_hf.errors import InvalidArgumentError, TinyTorchHFError
from tinytorch_hf.judging.results import Outcome, Report
from tinytorch_hf.student import process as process_module
from tinytorch_hf.student.mapping import FrameworkMap
from tinytorch_hf.student.process import PackageProcess

CHILD = "tinytorch_hf.check.child"
ACTIVATIONS = "import os, sys, ctypes\nfrom tinytorch_hf.reference import ReLU as _Right, Tensor, Tanh\n"


def checked(folder: Path, relu: str, *only: str, limit_s: float = 10.0) -> Report:
    """The battery on a package whose ReLU has this body."""
    text = f"{ACTIVATIONS}class ReLU(_Right):\n    def forward(self, x):\n        {relu}\n"
    write_package(folder, {**GENERATION_C, "core/activations.py": text})
    return check(FrameworkMap(), folder, only or ("relu", "tanh"), limit_s)


def test_a_function_that_loops_is_stopped_and_the_battery_goes_on(tmp_path: Path) -> None:
    """With the line at which it was looping."""
    start = time.monotonic()

    looping, after = checked(tmp_path, "\n        while True:\n            x = x * 1", limit_s=1.0).results

    assert looping.outcome is Outcome.CRASHES
    assert looping.detail == "still running after 1 s, and was stopped"
    assert re.search(r"tinytorch.core.activations\.py:\d+$", looping.where)
    assert after.outcome is Outcome.AGREES
    assert time.monotonic() - start < 30


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("os._exit(3)", "the process was ended with the exit status 3"),
        ("sys.exit(4)", "SystemExit: 4"),
        ("raise KeyError('x')", "KeyError: 'x'"),
        ("return input()", "EOFError: EOF when reading a line"),
        ("return self.forward(x)", "RecursionError: maximum recursion depth exceeded"),
    ],
)
def test_a_function_that_ends_the_process_or_raises_crashes_alone(tmp_path: Path, body: str, detail: str) -> None:
    """What comes after it is judged."""
    crashing, after = checked(tmp_path, body).results

    assert (crashing.outcome, after.outcome) == (Outcome.CRASHES, Outcome.AGREES)
    assert crashing.detail.startswith(detail)


@pytest.mark.skipif(sys.platform == "win32", reason="there a segmentation fault is an exit status")
def test_a_segmentation_fault_is_reported_with_its_line(tmp_path: Path) -> None:
    """As the signal that it is."""
    crashing, after = checked(tmp_path, "ctypes.string_at(0)").results

    assert crashing.detail == f"the process was ended by the signal {signal.SIGSEGV.name}"
    assert crashing.where.endswith("activations.py:5")
    assert after.outcome is Outcome.AGREES


def test_an_exception_names_the_students_file_and_line(tmp_path: Path) -> None:
    """And the message is the last line of the traceback."""
    (crashing,) = checked(tmp_path, "return x.dataa", "relu").results

    assert crashing.detail.startswith("AttributeError: 'Tensor' object has no attribute 'dataa'")
    assert crashing.where == f"{tmp_path / 'tinytorch' / 'core' / 'activations.py'}:5"


@pytest.mark.parametrize("writes", ["print('x' * 100)", "os.write(1, b'{}')", "os.write(2, b'{}')"])
def test_what_a_package_prints_disturbs_nothing(tmp_path: Path, writes: str, capfd: pytest.CaptureFixture[str]) -> None:
    """However much it prints, by whatever way: the answers have a channel of their own."""
    report = checked(tmp_path, f"[{writes} for _ in range(3000)]\n        return super().forward(x)")

    assert report.is_clean
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("init", "detail"),
    [
        ("import sys\nsys.exit(1)\n", "importing it: SystemExit: 1"),
        ("import os\nos._exit(5)\n", "importing it: the process was ended with the exit status 5"),
        ("1 / 0\n", "importing it: ZeroDivisionError: division by zero"),
        ("def\n", "importing it: SyntaxError: invalid syntax\n    def\n       ^"),
        ("while True:\n    pass\n", "importing it: still running after 1 s, and was stopped"),
    ],
)
def test_a_package_that_does_not_import_crashes_every_case(tmp_path: Path, init: str, detail: str) -> None:
    """For the one reason, with its line where there is one."""
    write_package(tmp_path, {**GENERATION_C, "__init__.py": init})

    report = check(FrameworkMap(), tmp_path, ("activations",), limit_s=1.0)

    assert {(result.outcome, result.detail) for result in report.results} == {(Outcome.CRASHES, detail)}
    if "exit" not in init:
        assert Path(report.results[0].where.rpartition(":")[0]).name == "__init__.py"


def test_a_module_that_does_not_import_is_tried_once(tmp_path: Path) -> None:
    """Its cases crash; those of other modules are judged."""
    write_package(tmp_path, {**GENERATION_C, "core/losses.py": "import time\ntime.sleep(60)\n"})
    start = time.monotonic()

    report = check(FrameworkMap(), tmp_path, ("losses", "activations"), limit_s=0.5)

    outcomes = {(result.module, result.outcome) for result in report.results}
    assert outcomes == {("activations", Outcome.AGREES), ("losses", Outcome.CRASHES)}
    # Three classes are looked for there, each once, though six cases need them.
    assert time.monotonic() - start < 20


def test_no_package_or_another_of_the_same_name_is_a_wrong_call(tmp_path: Path) -> None:
    """An autograder must not take an absent package for one without faults."""
    with pytest.raises(InvalidArgumentError, match="--package PATH"):
        check(FrameworkMap("no_such_tinytorch"), None, ("relu",))

    write_package(tmp_path, {"__init__.py": '__version__ = "0.1.0"\n'})
    with pytest.raises(InvalidArgumentError, match="has no Tensor; it is not a TinyTorch"):
        check(FrameworkMap(), tmp_path, ("relu",))


def test_a_function_that_closes_every_file_crashes_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer cannot come any more, though the process goes on; what comes after it is judged."""
    monkeypatch.setattr(process_module, "_ENDING_S", 0.5)

    crashing, after = checked(tmp_path, "os.closerange(0, 64); __import__('time').sleep(60)").results

    assert (crashing.outcome, after.outcome) == (Outcome.CRASHES, Outcome.AGREES)
    assert crashing.detail == "the package closed a file that is not its own"


def test_a_process_that_was_killed_meanwhile_is_started_anew(tmp_path: Path) -> None:
    """As a machine that runs out of memory does it, between two questions."""
    write_package(tmp_path, GENERATION_C)
    with PackageProcess(FrameworkMap(), tmp_path, 10.0, CHILD) as process:
        assert process.ask(ask="open").location == str(tmp_path / "tinytorch")
        assert process._process
        process._process.kill()
        process._process.wait()

        assert process.ask(ask="find", name="ReLU").message == "the process was ended by the signal SIGKILL"
        assert process.ask(ask="find", name="ReLU").found


def test_a_process_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what Python itself says."""
    monkeypatch.setattr(process_module, "_PROGRAM", "import a_module_that_is_gone")

    with (
        PackageProcess(FrameworkMap(), None, 10.0, CHILD) as process,
        pytest.raises(TinyTorchHFError, match=r"(?s)did not start:.*No module named 'a_module_that_is_gone'"),
    ):
        process.ask(ask="open")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_a_looping_package_ends_though_nobody_waits_for_it(tmp_path: Path) -> None:
    """An autograder may kill the command; what it started must not compute for ever."""
    activations = (
        "import os\nclass ReLU:\n    def forward(self, x):\n        open('pid', 'w').write(str(os.getpid()))\n"
    )
    loops = f"{activations}        while True:\n            pass\n"
    write_package(tmp_path, {**GENERATION_C, "core/activations.py": loops})
    command = subprocess.Popen(
        [sys.executable, "-m", "tinytorch_hf", "check", "--package", "tinytorch", "--only", "relu", "--timeout", "1"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "pid").is_file() or not (tmp_path / "pid").read_text(encoding="utf-8"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    child = int((tmp_path / "pid").read_text(encoding="utf-8"))
    command.kill()
    command.wait()

    while _is_running(child):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _is_running(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"
