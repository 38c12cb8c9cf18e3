"""Specification of the process of a hostile package: nothing it does is taken for an answer, or delays anybody."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from generations import GENERATION_C, write_package

from tinytorch_hf.check.run import check
from tinytorch_hf.judging.results import Outcome, Report, Result
from tinytorch_hf.reports import junit
from tinytorch_hf.reports import operations_table as table
from tinytorch_hf.student import process as process_module
from tinytorch_hf.student import shadows, wire
from tinytorch_hf.student.answers import Answer, AnswerError, parse
from tinytorch_hf.student.mapping import FrameworkMap
from tinytorch_hf.student.process import PackageProcess

_HEAD = (
    "import ctypes, gc, json, os, signal, sys, threading, time\n"
    "from tinytorch_hf.reference import ReLU as _Right, Sigmoid, Tanh, Tensor\n"
    "def everywhere(text):\n    for fd in range(3, 12):\n        try:\n            os.write(fd, text)\n"
    "        except OSError:\n            continue\n"
)
# The nonce of the request that is being answered, as whoever looks for it in this process finds it.
_NONCE = "next(o['nonce'] for o in gc.get_objects() if isinstance(o, dict) and 'nonce' in o and 'limit_s' in o)"
_WRITE = "everywhere(text)"


def checked(folder: Path, forward: str, at_import: str = "", limit_s: float = 10.0) -> dict[str, Result]:
    """Results of a package whose ReLU does nothing right but has this body, and of what comes after it."""
    text = f"{_HEAD}{at_import}\nclass ReLU:\n    def forward(self, x):\n        {forward}\n    __call__ = forward\n"
    write_package(folder, {**GENERATION_C, "core/activations.py": text})
    report = check(FrameworkMap(), folder, ("relu", "tanh"), limit_s)
    return {result.name: result for result in report.results}


# None of these computes a ReLU; each tries to be called right all the same.
FORGERIES = {
    "answers on every file": f"text = b'{{}}' + bytes([10]); {_WRITE}; return x",
    "answers with the nonce": (
        f"text = (json.dumps({{'nonce': {_NONCE}, 'answer': {{'kind': 'results', 'results': {{'output': 1.0}}}}}})"
        f" + chr(10)).encode(); {_WRITE}; return x"
    ),
    "an empty answer with the nonce": (
        f"text = (json.dumps({{'nonce': {_NONCE}, 'answer': {{'kind': 'results', 'results': {{}}}}}})"
        f" + chr(10)).encode(); {_WRITE}; return x"
    ),
    "an answer that is nested": f"text = b'[' * 200_000 + bytes([10]); {_WRITE}; return x",
    "a session that was replaced": (
        "from tinytorch_hf.check import child; child.Session.answer = child.Session._run = "
        "lambda *_: __import__('tinytorch_hf').student.answers.Answer('results'); return x"
    ),
    "a dumps that was replaced": (
        "json.dumps = lambda message, **_: '{\"nonce\": \"' + message['nonce'] + "
        '\'", "answer": {"kind": "results", "results": {"output": NaN}}}\'; return x'
    ),
    "a view that was replaced": (
        "from tinytorch_hf.student import view; view.Student.array = lambda *_: None; return x"
    ),
    "cases that were replaced": (
        "from tinytorch_hf.check import cases; cases.CASES.clear() if hasattr(cases.CASES, 'clear') else None; return x"
    ),
    "an exit that claims success": "os._exit(0)",
    "an array of objects": "import numpy as np; x.data = np.array([object()]); return x",
    "an array that lies": (
        "import numpy as np\n"
        "        class Lies(np.ndarray):\n            __eq__ = __le__ = lambda *_: True\n"
        "        x.data = x.data.view(Lies); return x"
    ),
    "two processes that answer": "os.fork(); return x",
    "a thread that answers later": (
        f"text = b'late' + bytes([10]); threading.Timer(0.1, lambda: {_WRITE}).start(); return x"
    ),
}


@pytest.mark.skipif(sys.platform != "linux", reason="they find their way through /proc and fork")
@pytest.mark.parametrize("forward", FORGERIES.values(), ids=FORGERIES)
def test_no_forgery_is_called_right(forward: str, tmp_path: Path) -> None:
    """What comes after it is right, and so called, or cannot be run in a process that was damaged."""
    results = checked(tmp_path, forward, limit_s=5.0)

    assert results["relu"].outcome in (Outcome.DIFFERS, Outcome.CRASHES)
    assert results["tanh"].outcome in (Outcome.AGREES, Outcome.CRASHES)


@pytest.mark.skipif(sys.platform != "linux", reason="what is left is found in /proc")
def test_what_a_package_leaves_running_delays_nobody_and_is_ended(tmp_path: Path) -> None:
    """Also in a session of its own, with the channel kept open; the process itself has ended."""
    start = time.monotonic()

    results = checked(
        tmp_path,
        "if os.fork() == 0:\n            os.setsid(); open(PID, 'w').write(str(os.getpid())); time.sleep(600)\n"
        "        while not os.path.exists(PID) or not open(PID).read(): time.sleep(0.01)\n"
        "        os._exit(7)",
        at_import=f"PID = {str(tmp_path / 'pid')!r}",
        limit_s=60.0,
    )

    assert results["relu"].detail == "the process was ended with the exit status 7"
    assert results["tanh"].outcome is Outcome.AGREES
    assert time.monotonic() - start < 45
    number = int((tmp_path / "pid").read_text(encoding="utf-8"))
    stat = Path(f"/proc/{number}/stat")
    assert not stat.exists() or stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"


def test_a_flood_is_stopped_before_it_fills_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it would have become."""
    monkeypatch.setattr(process_module, "_LONGEST_ANSWER", 1 << 20)

    results = checked(tmp_path, f"text = b'x' * 65536\n        while True: {_WRITE}", limit_s=20.0)

    assert "more than 1048576 bytes arrived without an end" in results["relu"].detail
    assert results["tanh"].outcome is Outcome.AGREES


def test_who_does_not_take_questions_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question that is larger than a pipe would otherwise wait for ever."""
    monkeypatch.setattr(process_module, "_GRACE_S", 0.1)
    write_package(tmp_path, {**GENERATION_C, "core/losses.py": "import time\nwhile True: time.sleep(1)\n"})
    with PackageProcess(FrameworkMap(), tmp_path, 0.5, "tinytorch_hf.check.child") as process:
        process.ask(ask="open")
        assert process._process and process._process.stdin
        process._process.stdin.write(
            json.dumps({"ask": "find", "name": "MSELoss", "nonce": "", "map": {}, "limit_s": 60}).encode() + b"\n"
        )

        answer = process.ask(ask="run", case="relu", inputs={"x": "x" * 1_000_000})

    assert answer.kind == "crash"
    assert "still running after 0.5 s" in answer.message


HIDING = {
    "numpy.py": "raise SystemExit('not NumPy')\n",
    "random.py": "shuffle = None\n",
    "json/__init__.py": "raise SystemExit('not json')\n",
    "tinytorch_hf/__init__.py": "raise SystemExit('not the judge')\n",
    "helpers.py": "HELP = 1\n",
    "test/__init__.py": "",
}


def test_files_that_hide_libraries_are_named_and_the_true_ones_used(tmp_path: Path) -> None:
    """Those of Python, and what the judge needs; other files beside the package it may import."""
    for name, text in HIDING.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    activations = "import helpers, random\nrandom.shuffle([])\nfrom tinytorch_hf.reference import ReLU\n"
    write_package(tmp_path, {**GENERATION_C, "core/activations.py": activations})

    report = check(FrameworkMap(), tmp_path, ("relu",))

    assert report.is_clean
    assert len(report.notes) == 4
    for name in ("numpy.py", "random.py", "json", "tinytorch_hf"):
        assert any(
            note.startswith(f"{tmp_path / name} hides the library {name.partition('.')[0]}") for note in report.notes
        )
    assert shadows.hidden(tmp_path, ["numpy", "random", "json", "tinytorch_hf"]) == {}


def test_what_a_case_does_to_the_process_does_not_reach_the_next(tmp_path: Path) -> None:
    """The folder, the path, the environment, the random state, standard input, the limit of recursion."""
    results = checked(
        tmp_path,
        "os.chdir('/'); sys.path[:] = []; os.environ.clear(); sys.stdin and sys.stdin.read(); sys.stdin = None\n"
        "        sys.modules.pop('numpy.linalg', None); sys.setrecursionlimit(400); return _Right()(x)",
    )

    assert results["relu"].outcome is Outcome.AGREES
    assert results["tanh"].outcome is Outcome.AGREES


def test_no_text_of_a_package_reaches_a_terminal_as_it_is(tmp_path: Path) -> None:
    """Neither its version, nor its messages, nor its files' names; in the table, in JUnit, in JSON."""
    write_package(
        tmp_path,
        {
            **GENERATION_C,
            "__init__.py": "__version__ = '1\\x1b]0;owned\\x07\\u202e'\n",
            "core/activations.py": (
                "class Odd\u00e9(Exception): pass\nclass ReLU:\n    def forward(self, x):\n"
                "        text = 'raise Odd\u00e9(\"\\\\x1b[2J\\\\x00\\\\n\\\\x9b31m\")'\n"
                "        exec(compile(text, __file__ + '\\x1b[31m', 'exec'))\n"
            ),
        },
    )

    report = check(FrameworkMap(), tmp_path, ("relu",))

    shown = "\n".join(table.lines(report)) + json.dumps(table.as_dict(report), ensure_ascii=False)
    shown += junit.as_xml(report).decode()
    assert report.results[0].outcome is Outcome.CRASHES
    assert "\\x1b[2J" in shown
    assert not [one for one in shown if not one.isprintable() and one != "\n"]


def test_reports_print_nothing_raw_whatever_they_are_given() -> None:
    """A second wall, should a text come by another way."""
    result = Result("relu\x1b", "losses", Outcome.DIFFERS, "\x1b[2J", hint="\x07", notes=("\u202e",), where="\x9b:1")
    report = Report("\x1b", "/\x1b", "2", [result], notes=("\x1b]0;x",))

    assert not [one for one in "".join(table.lines(report)) if not one.isprintable()]
    assert "\x1b" not in junit.as_xml(report).decode()


@pytest.mark.parametrize(
    "values",
    [
        None,
        [],
        {"results": {}},
        {"kind": "agrees"},
        {"kind": "results", "results": {"output": float("nan")}},
        {"kind": "results", "results": {"output": [[[[[[[[1]]]]]]]]}},
        {"kind": "results", "results": {"output": {"dtype": "O", "shape": [1], "base64": "AAAA"}}},
        {"kind": "results", "results": {"output": {"dtype": "<f4", "shape": [1] * 99, "base64": "AAAAAA=="}}},
        {"kind": "results", "results": {"output": {"dtype": "<f4", "shape": [0, 10**40], "base64": ""}}},
        {"kind": "results", "results": {"output": [{"dtype": "<f4"}]}},
        {"kind": "results", "results": {"\x1b[2J": 1}},
        {"kind": "found", "found": "yes"},
        {"kind": "opened", "notes": "note"},
        {"kind": "missing", "stubs": [1]},
        {"kind": "results", "verdict": "agrees"},
    ],
)
def test_what_is_no_answer_is_refused(values: Any) -> None:
    """Whatever else arrives as JSON."""
    with pytest.raises(AnswerError):
        parse(values)


def test_results_that_json_has_no_word_for_arrive_or_are_described() -> None:
    """Numbers that are not finite bit by bit; numbers of NumPy's in lists as Python's; anything else by its type."""
    loop: list[Any] = []
    loop.append(loop)
    values = {"a": float("inf"), "b": [np.int64(3), (True, "x")], "c": object(), "d": loop, "e": {"x": 1}}

    found = parse(json.loads(json.dumps(Answer("results", results=values).as_json(), allow_nan=False))).results

    assert np.isinf(found["a"])
    assert found["b"] == [3, [True, "x"]]
    assert (found["c"], found["e"]) == ("a object", "a dict")
    assert wire.encode({"x": np.array([None])})["x"] == "an array of object and shape (1,)"


def test_a_process_leaves_no_file_open(tmp_path: Path) -> None:
    """However often it is started again."""
    if not Path("/proc/self/fd").exists():
        pytest.skip("open files are looked up in /proc")
    write_package(tmp_path, {**GENERATION_C, "core/losses.py": "import os\nos._exit(1)\n"})
    with PackageProcess(FrameworkMap(), tmp_path, 10.0, "tinytorch_hf.check.child") as process:
        process.ask(ask="find", name="MSELoss")
        before = len(list(Path("/proc/self/fd").iterdir()))
        process.ask(ask="find", name="MSELoss")
        assert len(list(Path("/proc/self/fd").iterdir())) == before
