"""Specification of what happens where no process can be started: the same verdicts in this one, and it is said."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from conftest import Run
from generations import GENERATION_C, write_package

from tinytorch_hf import cli
from tinytorch_hf.check.run import check
from tinytorch_hf.errors import NoProcessError, TinyTorchHFError
from tinytorch_hf.judging.judges import judged_by
from tinytorch_hf.judging.results import Outcome
from tinytorch_hf.student import asking as asking_module
from tinytorch_hf.student import starting as starting_module
from tinytorch_hf.student import wire
from tinytorch_hf.student.apart import NOT_ISOLATED
from tinytorch_hf.student.mapping import FrameworkMap

CHILD = "tinytorch_hf.check.child"
REFUSALS = [
    OSError(138, "emscripten does not support processes."),
    RuntimeError("no processes"),
    NotImplementedError("no processes"),
    AttributeError("module 'os' has no attribute 'fork'"),
]
# One way of going wrong each; `os` and `sys` are imported.
ACTIVATIONS = """
import os, sys
import numpy as np
from tinytorch_hf.reference import GELU as G, ReLU, Sigmoid as Si, Softmax as So, Tanh as T, Tensor
class Tanh(T):
    def forward(self, x):
        return super().forward(x) * Tensor(1.5)
class Sigmoid(Si):
    def forward(self, x):
        raise KeyError("sigmoid")
class Softmax(So):
    def forward(self, x, dim=-1):
        sys.exit(3)
class GELU(G):
    def forward(self, x):
        raise KeyboardInterrupt
"""
SGD = "from tinytorch_hf.reference import Adam, SGD as _SGD\nclass SGD(_SGD):\n    def change(self, *args):\n        "
ONLY = ("relu", "tanh", "sigmoid", "softmax", "gelu", "linear", "embedding")


@pytest.fixture(autouse=True)
def recorded() -> Iterator[None]:
    """What is recorded judges, which takes least."""
    with judged_by("recorded"):
        yield


def refuse(monkeypatch: pytest.MonkeyPatch, error: Exception = REFUSALS[0]) -> None:
    """From here on no process can be started."""

    def none(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(subprocess, "Popen", none)


def write_relu(folder: Path, body: str, before: str = "") -> Path:
    """A package whose ReLU does this before it does what it should; ``before`` runs when it is imported."""
    text = (
        f"import io, os, random, signal, sys, warnings\nimport numpy as np\n"
        f"from tinytorch_hf.reference import GELU, ReLU as _Right, Sigmoid, Softmax, Tanh\n{before}\n"
        f"class ReLU(_Right):\n    def forward(self, x):\n        {body}\n        return super().forward(x)\n"
    )
    return write_package(folder, {**GENERATION_C, "core/activations.py": text})


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a command."""
    status = cli.main([*words, "--judge", "recorded"])
    return status, *capsys.readouterr()


def checked(capsys: pytest.CaptureFixture[str], folder: Path, *only: str) -> tuple[int, dict[str, Any]]:
    """Exit status and JSON of `check`; of the results all but how long they took."""
    status, out, _ = run(capsys, "check", "--json", "--package", str(folder), "--only", *only)
    found = json.loads(out)
    for result in found["results"]:
        del result["seconds"]
    return status, found


def test_check_comes_to_the_same_as_in_a_process_and_says_that_it_had_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of what is right, differs, raises, exits, raises Ctrl-C's exception, and is missing."""
    folder = write_package(tmp_path, {**GENERATION_C, "core/activations.py": ACTIVATIONS, "core/embeddings.py": ""})
    status, apart = checked(capsys, folder, *ONLY)
    refuse(monkeypatch)

    status_here, here = checked(capsys, folder, *ONLY)

    assert (status, apart.pop("isolated"), apart.pop("not_isolated")) == (1, True, "")
    assert (status_here, here.pop("isolated")) == (1, False)
    assert here.pop("not_isolated").startswith(f"{NOT_ISOLATED} (no other process can be started here: OSError: ")
    assert here == apart
    outcomes = {result["name"]: (result["outcome"], result["detail"].split(":")[0]) for result in here["results"]}
    assert outcomes["relu"][0] == outcomes["linear"][0] == "agrees"
    assert outcomes["tanh"][0] == "differs"
    assert outcomes["sigmoid"] == ("crashes", "KeyError")
    assert outcomes["softmax"] == ("crashes", "SystemExit")
    assert outcomes["gelu"] == ("crashes", "KeyboardInterrupt")
    assert outcomes["embedding"][0] == "missing"


@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: type(error).__name__)
def test_the_first_lines_and_junit_say_it(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the system or Python says where there are no processes."""
    write_relu(tmp_path, "pass")
    refuse(monkeypatch, error)
    xml = tmp_path / "junit.xml"

    status, out, _ = run(capsys, "check", "--package", str(tmp_path), "--only", "relu", "--junit", str(xml))

    assert status == 0
    assert NOT_ISOLATED in out.splitlines()[1]
    document = ElementTree.fromstring(xml.read_bytes())  # noqa: S314 -- just written
    properties = {entry.get("name"): entry.get("value") for entry in document.iter("property")}
    assert properties["isolated"] == "false"
    assert str(properties["note"]).startswith(NOT_ISOLATED)


def test_a_crash_in_compare_comes_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Line by line but for the notes: the second line of the output, and the last one of the message."""
    write_package(tmp_path, {**GENERATION_C, "core/optimizers.py": f"{SGD}raise KeyError('step')\n"})
    words = ("compare", "perceptron", "--package", str(tmp_path))
    apart = run(capsys, *words)
    refuse(monkeypatch)

    here = run(capsys, *words)

    def bare(text: str) -> list[str]:
        return [line for line in text.splitlines() if NOT_ISOLATED not in line]

    assert here[0] == apart[0] == 1
    assert (bare(here[1]), bare(here[2])) == (bare(apart[1]), bare(apart[2]))
    assert "KeyError: 'step'" in here[2]
    assert here[1].splitlines()[1].startswith(f"note       {NOT_ISOLATED}")
    assert here[2].splitlines()[-1].startswith(f"It was {NOT_ISOLATED}")
    assert NOT_ISOLATED not in apart[1] + apart[2]


def test_compare_names_a_fault_and_says_it_in_json_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a package of the user's; the reference is ours, and forges nothing."""
    write_package(tmp_path, {**GENERATION_C, "core/optimizers.py": f"{SGD}return super().change(*args) * 1.01\n"})
    refuse(monkeypatch)

    status, out, _ = run(capsys, "compare", "perceptron", "--json", "--package", str(tmp_path))
    found = json.loads(out)
    _, out, _ = run(capsys, "compare", "perceptron", "--json", "--package", "tinytorch_hf.reference")
    reference = json.loads(out)

    assert (status, found["isolated"], found["verdict"]) == (1, False, "differ")
    assert "sgd" in found["cause"]["layer"].lower()
    assert found["not_isolated"].startswith(NOT_ISOLATED)
    assert (reference["isolated"], reference["not_isolated"]) == (True, "")


def test_nothing_of_the_process_is_changed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    same_random_state: None,
) -> None:
    """Neither settings nor streams nor modules, and what is printed by whatever way is not in the output."""
    spoils = (
        "print('x'); print('x', file=sys.__stdout__); os.write(1, b'x'); os.write(2, b'x'); sys.stderr.write('x')\n"
        "sys.stdout = sys.stderr = io.StringIO(); sys.path.append('/spoiled'); sys.path = sys.path + ['/spoilt']\n"
        f"os.chdir({str(tmp_path / 'tinytorch')!r}); os.environ['TINYTORCH_HF_SPOILT'] = '1'\n"
        "np.seterr(all='raise'); np.set_printoptions(precision=1); np.random.seed(3); random.seed(3); random.random()\n"
        "warnings.simplefilter('error'); sys.setrecursionlimit(5000); sys.dont_write_bytecode = False\n"
    )
    write_relu(tmp_path, "exec(SPOILS)", before=f"SPOILS = {spoils!r}\nexec(SPOILS)")
    monkeypatch.setitem(sys.modules, "tinytorch", mine := type(sys)("tinytorch"))
    refuse(monkeypatch)

    def state() -> list[Any]:
        settings = [np.geterr(), np.get_printoptions(), sys.getrecursionlimit(), sys.dont_write_bytecode]
        own = [name for name in sys.modules if name.startswith("tinytorch.")]
        streams = [sys.stdin, sys.stdout, sys.stderr, sys.path, list(sys.path), warnings.filters[:]]
        return [*settings, own, *streams, Path.cwd(), dict(os.environ), signal.getsignal(signal.SIGINT)]

    before = state()
    report = check(FrameworkMap(), tmp_path, ("relu", "tanh"))

    assert report.is_clean and not report.is_isolated
    assert state() == before
    assert sys.modules["tinytorch"] is mine
    assert tuple(capfd.readouterr()) == ("", "")
    assert not list(tmp_path.rglob("__pycache__"))


def test_an_edit_is_seen_by_the_next_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in a module beside the package, and one of the same length in the same second; with the new lines quoted."""
    write_relu(tmp_path, "assert helping.SLOPE == 1", before="import helping")
    helping = tmp_path / "helping.py"
    refuse(monkeypatch)
    found = []
    for slope in (1, 2, 1):
        helping.write_text(f"SLOPE = {slope}\n", encoding="utf-8")
        os.utime(helping, (1e9, 1e9))
        (result,) = check(FrameworkMap(), tmp_path, ("relu",)).results
        found.append(result.outcome)

    assert found == [Outcome.AGREES, Outcome.CRASHES, Outcome.AGREES]
    assert "helping" not in sys.modules


@pytest.mark.parametrize("swallows", [False, True])
def test_ctrl_c_ends_the_command(
    swallows: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where the package has caught what it raises."""
    press = "signal.raise_signal(signal.SIGINT)"
    write_relu(tmp_path, f"\n        try: {press}\n        except BaseException: pass" if swallows else press)
    refuse(monkeypatch)
    before = sys.path, signal.getsignal(signal.SIGINT)

    status, out, err = run(capsys, "check", "--package", str(tmp_path), "--only", "relu")

    assert status == 130
    assert "  untried  relu  the run was interrupted before its turn" in out
    assert "not isolated" in err
    assert (sys.path, signal.getsignal(signal.SIGINT)) == before


def test_a_library_is_not_imported_from_beside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the file that would hide it is named, as where the package has a process of its own."""
    write_relu(tmp_path, "pass", before="from colorsys import hls_to_rgb")
    (tmp_path / "colorsys.py").write_text("1 / 0\n", encoding="utf-8")
    refuse(monkeypatch)

    report = check(FrameworkMap(), tmp_path, ("relu",))

    assert report.is_clean
    assert any("colorsys.py hides the library colorsys" in note for note in report.notes)


def test_what_has_had_a_process_never_comes_into_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that ends its process, and leaves the system none to start, gets an error and no verdict."""
    folder = write_relu(tmp_path, "os._exit(3)", before="print(file=open(f'{os.path.dirname(__file__)}/ran', 'a'))")
    start: Callable[..., Any] = subprocess.Popen
    started = []

    def once(*arguments: Any, **how: Any) -> Any:
        if started:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        started.append(1)
        return start(*arguments, **how)

    monkeypatch.setattr(subprocess, "Popen", once)

    with pytest.raises(NoProcessError, match="Resource temporarily unavailable"):
        check(FrameworkMap(), folder, ("relu", "tanh"))

    assert (folder / "tinytorch/core/ran").read_text(encoding="utf-8") == "\n"


def test_whoever_gives_grades_can_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything of the package has run."""
    write_relu(tmp_path, "pass", before="print(file=open(f'{os.path.dirname(__file__)}/ran', 'a'))")
    refuse(monkeypatch)

    with pytest.raises(NoProcessError, match="No other process can be started here"):
        check(FrameworkMap(), tmp_path, ("relu",), must_isolate=True)

    assert not (tmp_path / "tinytorch/core/ran").exists()


def test_where_there_are_no_threads_there_is_no_process_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answers could not be waited for; it is ended before it has been asked anything."""
    start: Callable[..., Any] = subprocess.Popen
    started: list[Any] = []

    def kept(*arguments: Any, **how: Any) -> Any:
        started.append(start(*arguments, **how))
        return started[-1]

    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(subprocess, "Popen", kept)
    monkeypatch.setattr(threading.Thread, "start", refused)
    write_relu(tmp_path, "pass")

    report = check(FrameworkMap(), tmp_path, ("relu",))

    assert report.is_clean and not report.is_isolated
    assert "can't start new thread" in report.not_isolated
    assert [process.returncode for process in started] == [-signal.SIGKILL]


def test_a_file_in_the_place_of_subprocess_is_no_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code of the user's that keeps processes from being started is named, and not let in for it."""
    fake = type(sys)("subprocess")
    fake.__file__ = str(tmp_path / "subprocess.py")
    monkeypatch.setattr(starting_module, "subprocess", fake)

    with pytest.raises(TinyTorchHFError, match=r"subprocess\.py hides Python's own subprocess"):
        check(FrameworkMap(), write_relu(tmp_path, "pass"), ("relu",))


def test_answers_share_no_memory_with_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it makes of its results later does not reach those that were given."""
    before = "KEPT = []"
    body = "y = super().forward(x); KEPT.append(y); [k.data.fill(7) for k in KEPT[:-1]]; return y"
    write_relu(tmp_path, body, before)
    refuse(monkeypatch)
    x = np.array([[-1.0, 2.0]], dtype=np.float32)

    with asking_module.asking(CHILD, FrameworkMap(), tmp_path, 10.0) as respondent:
        first, second = (respondent.ask(ask="run", case="relu", inputs=wire.encode({"x": x})) for _ in range(2))

    assert first.kind == second.kind == "results", first
    np.testing.assert_array_equal(first.results["output"], second.results["output"])


WITHOUT = """
import contextlib, io, json, subprocess, sys, threading
sys.modules["faulthandler"] = None
def refused(*arguments, **how):
    raise RuntimeError("can't start new thread or process")
subprocess.Popen = threading.Thread.start = refused
from tinytorch_hf.cli import main
found = []
for words in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        status = main(words)
    found.append([status, json.loads(out.getvalue())])
print(json.dumps(found))
"""


def test_a_fresh_interpreter_needs_neither_process_nor_thread(tmp_path: Path, run_numpy_only: Run) -> None:
    """NumPy alone, as in a browser: `check`, `compare` and `doctor`, which finds what is broken without breaking."""
    write_relu(tmp_path, "pass")
    (tmp_path / "torch.py").write_text("print('torch')\nraise SystemExit(3)\n", encoding="utf-8")
    (tmp_path / "pandas.py").write_text("raise KeyboardInterrupt\n", encoding="utf-8")
    package = ["--package", str(tmp_path), "--judge", "recorded", "--json"]
    commands = [["check", "--only", "relu", *package], ["compare", "perceptron", *package], ["doctor", "--json"]]

    done = run_numpy_only("-c", WITHOUT, json.dumps(commands), cwd=tmp_path)

    # `check` says it before anything of the package has run.
    assert re.fullmatch(r"note: not isolated: .*\n", done.stderr), done.stderr
    (check_status, checked), (compare_status, compared), (doctor_status, found) = json.loads(done.stdout)
    assert (check_status, compare_status, doctor_status) == (0, 0, 1)
    for report in (checked, compared, found):
        assert report["isolated"] is False
        assert report["not_isolated"].startswith(NOT_ISOLATED)
    libraries = {library["subject"]: library for library in found["libraries"]}
    assert (libraries["numpy"]["outcome"], libraries["datasets"]["outcome"]) == ("ok", "missing")
    for name in ("torch", "pandas"):
        assert libraries[name]["outcome"] == "broken"
        assert f"{tmp_path / name}.py has the library's name" in libraries[name]["detail"]
        assert libraries[name]["not_isolated"] == found["not_isolated"]
    assert found["tinytorch"]["outcome"] == "ok"
    assert "parts are built" in found["tinytorch"]["detail"]
