"""Specification of systems such as Windows: what Python has on POSIX alone is taken away, and all goes on without it.

Nothing here was run on Windows. `taking_away` says what of it can be imitated and what cannot.
"""

from __future__ import annotations

import ast
import contextlib
import errno
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections import defaultdict
from pathlib import Path

import numpy
import pytest
import taking_away
from conftest import CHECKOUT, _environment
from grading.handed_in import DOUBLED, hand_in, own_package, with_fault
from health.environments import Environment

import tinytorch_hf
from tinytorch_hf import catalog, cli
from tinytorch_hf.errors import InvalidArgumentError, StorageError
from tinytorch_hf.files import folders, store
from tinytorch_hf.grading import gradescope_run
from tinytorch_hf.health import imports
from tinytorch_hf.milestones.data.saying import say
from tinytorch_hf.milestones.proving import proof
from tinytorch_hf.mirror import server
from tinytorch_hf.student import cell, channel, ending, limits

PACKAGE = Path(cli.__file__).parents[1]
LIBRARIES = (
    *("numpy", "requests", "urllib3", "idna", "certifi", "charset-normalizer", "filelock", "tqdm"),
    *("jinja2", "markupsafe"),
)
# Each module that uses what Windows lacks; it was made sure that it does without, by a test below or by the system that
# it is for alone.
USES = {
    "acquire/lock.py": {"fcntl", "os.O_NOFOLLOW"},
    "files/opening.py": {"os.geteuid"},
    "files/store.py": {"os.fchmod"},
    "grading/gradescope_run.py": {"pwd", "os.chown", "os.geteuid"},
    "milestones/proving/confinement.py": {"resource"},
    "milestones/proving/executing.py": {"os.fork"},
    "mirror/server.py": {"resource"},
    "student/cell.py": {"pwd", "os.chown", "os.geteuid"},
    "student/channel.py": {"os.set_blocking"},
    "student/confining.py": {"resource", "os.getuid"},
    "student/ending.py": {
        *("os.P_PID", "os.WEXITED", "os.WNOHANG", "os.WNOWAIT", "os.killpg", "os.waitid", "signal.SIGKILL"),
    },
    "student/landlock.py": {"os.O_CLOEXEC"},
    "workers.py": {"signal.SIG_BLOCK", "signal.SIG_SETMASK", "signal.SIG_UNBLOCK", "signal.pthread_sigmask"},
}
OF_MODULES = {
    "os": {*taking_away.OF_OS, "WNOHANG", "statvfs"},
    "signal": {*taking_away.OF_SIGNALS, "SIG_UNBLOCK"},
    "socket": {"AF_UNIX"},
}


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A Python from which it is taken, as from all that it starts."""
    environment = Environment(tmp_path_factory.mktemp("without_posix"))
    environment.link(*LIBRARIES)
    lines = [str(CHECKOUT), str(CHECKOUT / "tests"), "import taking_away; taking_away.take_away()"]
    (environment.site / "a.pth").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return environment


@pytest.fixture(scope="module")
def nodes() -> list[tuple[Path, ast.Attribute | ast.Call | ast.Import | ast.ImportFrom]]:
    """What the package's syntax trees have of this."""
    kinds = (ast.Attribute, ast.Call, ast.Import, ast.ImportFrom)
    words = [*taking_away.MODULES, *(name for names in OF_MODULES.values() for name in names)]
    wanted = re.compile(rf"\b(?:{'|'.join(words)}|write_text|TemporaryDirectory)\b")
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
    trees = {path: ast.parse(text) for path, text in texts.items() if wanted.search(text)}
    return [(path, node) for path, tree in trees.items() for node in ast.walk(tree) if isinstance(node, kinds)]


Nodes = list[tuple[Path, "ast.Attribute | ast.Call | ast.Import | ast.ImportFrom"]]


def _ran(done: subprocess.CompletedProcess[str], status: int = 0) -> str:
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def test_it_is_gone(without: Environment, tmp_path: Path) -> None:
    """Or what follows would say nothing."""
    program = "import os, signal, sys; print(hasattr(os, 'fork'), hasattr(signal, 'SIGKILL'), sys.platform)"

    assert _ran(without.run("-c", program, cwd=tmp_path)) == f"False False {taking_away.SYSTEM}\n"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("check --package tinytorch_hf.reference --only relu --programs 0", "\n1 agrees, 0 differ, 0 crash,"),
        pytest.param("compare digits_8x8 --epochs 1", "losses     differ by at most", marks=pytest.mark.longer),
        ("verify tinydigits", " 0 failed,"),
    ],
    ids=lambda value: value.split()[0],
)
def test_commands_do_without(without: Environment, tmp_path: Path, command: str, says: str) -> None:
    """With packages in processes of their own, which are heard and ended."""
    assert says in _ran(without.run("-m", "tinytorch_hf", *command.split(), cwd=tmp_path))


DOWNLOAD = """
import sys
from pathlib import Path
import faulty_server as faults
from acquire.small_dataset import PACKED, small
with faults.serving_faults(PACKED, faults.cut(30_000), faults.good) as server:
    case = small(Path(sys.argv[1]), server.address)
    print([path.name for path in case.fetch()], case.is_whole(), server.firsts)
"""


def test_a_download_that_broke_off_goes_on_without(without: Environment, tmp_path: Path) -> None:
    """With a lock of another kind, and without what keeps from following a link."""
    assert _ran(without.run("-c", DOWNLOAD, "o", cwd=tmp_path)) == "['letters.gz', 'letters'] True [0, 30000]\n"


def test_where_there_is_no_limit_of_open_files_none_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mirror goes on; the whole of it is below."""
    monkeypatch.setitem(sys.modules, "resource", None)

    server._allow_open_files(10_000)


@pytest.mark.longer
def test_what_is_served_is_built_without(tmp_path: Path) -> None:
    """By the whole command, with the library that builds it; it ends in good order when it is told to."""
    environment = Environment(tmp_path / "whole")
    lines = [
        Path(numpy.__file__).parents[1],
        CHECKOUT,
        CHECKOUT / "tests",
        "import taking_away; taking_away.take_away()",
    ]
    (environment.site / "a.pth").write_text("\n".join(map(str, lines)) + "\n", encoding="utf-8")
    command = [environment.python, "-m", "tinytorch_hf", "hub", "mirror", "digits_8x8", "--port", "0", "--json"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=_environment(HF_HOME=str(tmp_path / "hf")), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())["endpoint"]
        with urllib.request.urlopen(f"{address}/datasets/tinytorch/digits_8x8/resolve/main/README.md") as answer:  # noqa: S310
            assert b"\r\n" not in answer.read()
        process.terminate()
        assert process.wait(30) == 0


@pytest.mark.longer
def test_a_class_is_graded_without(without: Environment, tmp_path: Path) -> None:
    """By two workers, with the right points; each submission has a remark on what this system does not hold back."""
    hand_in(tmp_path / "class" / "ada", own_package())
    hand_in(tmp_path / "class" / "bob", with_fault("activations.py", DOUBLED))
    rubric = {"title": "Two", "item": [{"name": "relu", "points": 2}, {"name": "linear", "points": 3}]}
    (tmp_path / "rubric.json").write_text(json.dumps(rubric), encoding="utf-8")
    command = "grade class --out book --workers 2 --rubric rubric.json"

    said = _ran(without.run("-m", "tinytorch_hf", *command.split(), cwd=tmp_path))

    assert "ada  5 of 5" in said and "bob  3 of 5" in said
    for text in ("files are not confined", "network are not confined", "memory is not limited"):
        assert (tmp_path / "book" / "grades.csv").read_text(encoding="utf-8").count(text) == 2


def test_every_use_of_what_windows_lacks_is_known(nodes: Nodes) -> None:
    """A new one is written down above, when it has been made sure that it does without."""
    found: dict[str, set[str]] = defaultdict(set)
    for path, node in nodes:
        uses = found[path.relative_to(PACKAGE).as_posix()]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in OF_MODULES.get(node.value.id, ()):
                uses.add(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.Import):
            uses.update(alias.name for alias in node.names if alias.name in taking_away.MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in taking_away.MODULES:
            uses.add(str(node.module))

    assert {name: uses for name, uses in found.items() if uses} == USES


def test_a_process_ends_where_there_are_no_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """It alone; what it has started cannot be found there."""
    for name in ("killpg", "waitid"):
        monkeypatch.delattr(os, name, raising=False)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        assert not ending.has_ended(process)
        assert ending.end(process, "no such mark") != 0
        assert ending.has_ended(process)


def test_pipes_are_read_by_waiting_where_they_cannot_be_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is written arrives, in lines; and who does not read is not waited for."""
    monkeypatch.setattr(channel, "_CAN_WAIT", False)
    monkeypatch.delattr(os, "set_blocking", raising=False)
    content = b"a\n" + b"b" * 300_000 + b"\n"
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", 0) as reader, os.fdopen(writing, "wb", 0) as writer:
        lines = channel.Lines(reader, 1 << 20)
        channel.write(writer, content, 10.0)
        assert [lines.get(10.0), lines.get(10.0)] == content.split(b"\n")[:2]
        writer.close()
        with pytest.raises(EOFError):
            lines.get(10.0)
        lines.close()
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb", 0) as writer, pytest.raises(TimeoutError):
        channel.write(writer, content, 0.05)
    os.close(reading)


def test_where_there_are_no_users_nobody_else_is_run_as(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said, and nothing runs."""
    monkeypatch.delattr(os, "geteuid", raising=False)
    monkeypatch.setitem(sys.modules, "pwd", None)

    with pytest.raises(InvalidArgumentError, match="Leave out run_as"):
        cell.Cell(limits.Limits(), run_as="student")
    with pytest.raises(gradescope_run.UnsafeError, match="has to be run by root"):
        gradescope_run.protect(tmp_path, "student")


def test_a_copy_stands_where_no_link_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows lets few users make links; what a script does to the copy does not reach the file."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "a required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    file, copy = tmp_path / "file", tmp_path / "copy"
    file.write_bytes(b"content")

    proof._link(file, copy)
    assert copy.read_bytes() == b"content"
    copy.write_bytes(b"other")

    assert file.read_bytes() == b"content"


def test_a_file_that_is_open_elsewhere_is_replaced_when_it_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows refuses until then; if it stays open, the old file stays, and the error says so."""
    refusals = 2
    replace = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        nonlocal refusals
        if refusals:
            refusals -= 1
            raise PermissionError(errno.EACCES, "it is used by another process")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    monkeypatch.setattr(store, "_WAITS_FOR_READERS", True)
    monkeypatch.setattr(store, "_PATIENCE_S", (0.0, 0.0, 0.0))
    store.write(tmp_path / "file", b"one")

    refusals = 100
    with pytest.raises(StorageError, match="used by another process"):
        store.write(tmp_path / "file", b"two")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"one"


def test_a_signal_without_a_name_is_told_by_its_number() -> None:
    """Not every system knows every one."""
    done = subprocess.CompletedProcess([], -60, "", "")

    assert imports._end(done, 1.0) == "importing it kills Python (signal 60)"
    assert "SIGTERM" in imports._end(subprocess.CompletedProcess([], -signal.SIGTERM, "", ""), 1.0)


def _calls(nodes: Nodes, name: str) -> list[tuple[Path, ast.Call]]:
    return [
        (path, node)
        for path, node in nodes
        if isinstance(node, ast.Call) and name in (getattr(node.func, "attr", ""), getattr(node.func, "id", ""))
    ]


def test_texts_are_written_with_the_same_line_ends_everywhere(nodes: Nodes) -> None:
    """Windows would write others, so that a hash differs and a page on the Hub changes at every line."""
    calls = _calls(nodes, "write_text")

    assert len(calls) > 4
    for path, call in calls:
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert (given.get("encoding"), given.get("newline")) == ("'utf-8'", r"'\n'"), f"{path}:{call.lineno}"


def test_a_folder_that_something_still_reads_in_is_no_error(nodes: Nodes) -> None:
    """Windows deletes nothing that is open; a temporary folder that stays is better than work that is lost."""
    calls = _calls(nodes, "TemporaryDirectory")

    assert len(calls) > 8
    for path, call in calls:
        assert any(keyword.arg == "ignore_cleanup_errors" for keyword in call.keywords), f"{path}:{call.lineno}"


@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
def test_hashes_hold_after_a_checkout_with_the_line_ends_of_windows(tmp_path: Path) -> None:
    """`core.autocrlf` is on in most installations there; .gitattributes overrules it."""
    recorded = [CHECKOUT / "tinytorch_hf" / room / "recorded" for room in ("judging", "compare")]
    shutil.copytree(folders.shipped("datasets"), tmp_path / "datasets", ignore=shutil.ignore_patterns("__pycache__"))
    for place in recorded:
        shutil.copytree(place, tmp_path / place.parent.name, ignore=shutil.ignore_patterns("__pycache__"))
    before = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()}
    shutil.copyfile(CHECKOUT / ".gitattributes", tmp_path / ".gitattributes")
    git = ["git", "-c", "core.autocrlf=true", "-c", "core.safecrlf=false"]
    for words in (["init", "-q"], ["add", "-A"]):
        subprocess.run([*git, *words], cwd=tmp_path, check=True, capture_output=True)
    for path in before:
        path.unlink()
    subprocess.run([*git, "checkout-index", "-a"], cwd=tmp_path, check=True, capture_output=True)

    assert [path.name for path, content in before.items() if path.read_bytes() != content] == []


@contextlib.contextmanager
def _cp1252(monkeypatch: pytest.MonkeyPatch) -> contextlib.AbstractContextManager[io.BytesIO]:  # type: ignore[misc]
    """Standard output as a pipe on Windows has it."""
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="cp1252", errors="strict", write_through=True)
    monkeypatch.setattr(sys, "stdout", stream)
    yield written
    stream.detach()


@pytest.mark.parametrize(
    "command",
    ["--help", "list", "check --explain all", "info odd_words", "show odd_words", "stats odd_words", "check --help"],
)
def test_an_old_code_page_shows_what_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """The rest becomes escapes; no text of a user's or of ours breaks a command."""
    texts = [{"text": "Ł\u00f3d\u017a \u4e2d\u6587 \u2192 \U0001f600"}, {"text": "b"}]
    tinytorch_hf.write_dataset(
        tmp_path / "odd_words",
        {"train": {"text": [row["text"] for row in texts]}},
        name="odd_words",
        summary="Two texts: \u4e2d\u6587 \u2192 \u0141.",
        license="CC0-1.0",
        source="here",
    )
    try:
        with _cp1252(monkeypatch) as written:
            with contextlib.suppress(SystemExit):
                assert cli.main(command.split()) == cli.OK
            assert written.getvalue()
    finally:
        catalog.forget("odd_words")


def test_a_path_that_a_code_page_lacks_is_said_by_the_courses_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    """They print from a student's program, whose output nobody has changed."""
    with _cp1252(monkeypatch) as written:
        say("found in C:\\Users\\\u0141ukasz, \u00e9")
        assert written.getvalue().splitlines() == [b"found in C:\\Users\\\\u0141ukasz, \xe9"]
