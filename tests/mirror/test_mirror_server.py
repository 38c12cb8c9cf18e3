"""Specification of the mirror as a process: its command, its address, its limits and its end."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from conftest import Run, Start
from serving import ask, serving, write_course
from warm_client import Process

from benchmarks import mirror as benchmark
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.cli import OK, PROBLEM, USAGE, main
from tinytorch_hf.errors import MissingFileError, NetworkError
from tinytorch_hf.mirror import repositories, server

# The command, begun with few files that may be open at once, as some systems give them.
FEW_FILES = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
from tinytorch_hf.cli import main
sys.exit(main(sys.argv[1:]))
"""


@contextlib.contextmanager
def command(
    *arguments: str, start: Start, folder: Path, temporary: Path, how: tuple[str, ...] = ("-m", "tinytorch_hf")
) -> Iterator[Process]:
    """The command in a process of its own, which knows one folder for what it keeps and one for what it does not."""
    temporary.mkdir(exist_ok=True)
    process = start(folder, "libraries", *how, "hub", "mirror", *arguments, TMPDIR=str(temporary))
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def started(start_in: Start, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, dict[str, Any]]]:
    """Process id and status of a mirror that was begun with few files allowed; what ends a service ends it."""
    if sys.platform == "win32":
        pytest.skip("it has neither this limit nor signals for one process")
    course, temporary = write_course(tmp_path_factory.mktemp("own") / "course"), tmp_path_factory.mktemp("temporary")
    arguments = ("tinydigits", "--port", "0", "--json", "--folder", str(course))
    folder = tmp_path_factory.mktemp("started")
    with command(*arguments, start=start_in, folder=folder, temporary=temporary, how=("-c", FEW_FILES)) as process:
        line = process.line()
        yield process.pid, json.loads(line)
        process.send_signal(signal.SIGTERM)
        done = process.wait()
        assert done.returncode == OK
        assert (done.stdout, done.stderr, list(temporary.iterdir())) == (line, "", [])


def test_one_line_of_json_says_that_it_is_ready(started: tuple[int, dict[str, Any]]) -> None:
    """With the address, and with what the address itself says."""
    status = started[1]

    assert set(status["datasets"]) == {"tinytorch/tinydigits", "course/odd", "course/words"}
    assert json.loads(ask(status["endpoint"], "/status.json").body)["datasets"] == status["datasets"]


def test_more_clients_than_the_system_allows_files_at_first(started: tuple[int, dict[str, Any]]) -> None:
    """The limit is raised when the mirror starts."""
    parts = urlsplit(started[1]["endpoint"])
    with contextlib.ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(socket.create_connection((parts.hostname or "", parts.port or 0)))
        assert ask(parts.geturl(), "/status.json").status == 200


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux")
def test_memory_does_not_grow_with_the_clients(started: tuple[int, dict[str, Any]]) -> None:
    """20 clients fetch everything at once, then 40."""
    pid, address = started[0], started[1]["endpoint"]
    assert benchmark.fetch_everything(address, 20).errors == ()
    after_first = benchmark.memory_mb(pid)

    assert benchmark.fetch_everything(address, 40).errors == ()
    assert benchmark.memory_mb(pid) < after_first + 20


@pytest.mark.skipif(sys.platform == "win32", reason="signals cannot be sent to one process there")
def test_people_get_the_line_for_students(start_in: Start, tmp_path: Path) -> None:
    """And a warning when the network can read along; Ctrl-C ends it at once, and nothing is left over."""
    arguments = ("tinydigits", "--port", "0", "--host", "0.0.0.0")  # noqa: S104 -- what is tested
    temporary = tmp_path / "temporary"
    with command(*arguments, start=start_in, folder=tmp_path, temporary=temporary) as process:
        lines = []
        while not lines or "Ctrl-C" not in lines[-1]:
            lines.append(process.line())
        out = "".join(lines)
        line = re.search(r"^    export HF_ENDPOINT=http://([\d.]+):(\d+)$", out, re.MULTILINE)
        assert line and line[1] != "0.0.0.0"  # noqa: S104 -- no address to connect to
        # Somebody who keeps a connection open does not keep the mirror from ending.
        with socket.create_connection((line[1], int(line[2]))):
            start = time.monotonic()
            process.send_signal(signal.SIGINT)
            done = process.wait()
            assert done.returncode == OK
            assert time.monotonic() - start < 10
        err = done.stderr
        assert "everybody in your network" in err and err.count("\n") == 1
    assert list(temporary.iterdir()) == []
    assert re.search(r"^serving tinytorch/tinydigits: \d+ files$", out, re.MULTILINE)
    assert "Only this machine" not in out


def test_a_port_in_use_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is built."""
    with server.listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        start = time.monotonic()
        assert main(["hub", "mirror", "--port", str(port)]) == PROBLEM
        assert time.monotonic() - start < 5
    err = capsys.readouterr().err
    assert f"Port {port} of '127.0.0.1' cannot be used" in err and "--port" in err


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "", "a..b", "a" * 64 + ".b"])
def test_an_address_that_is_not_this_machines_is_explained(host: str) -> None:
    """As the system says it."""
    with pytest.raises(NetworkError, match=r"cannot be used: .* --host"):
        server.listen(host, 0)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["tinydigts"], USAGE, "Did you mean 'tinydigits'"),
        (["--port", "65536"], USAGE, "65536 is not a port"),
        (["--port", "-1"], USAGE, "not a port"),
        (["tinydigits", "--port", "0", "--folder", "nowhere"], PROBLEM, "nowhere is not a folder"),
    ],
)
def test_wrong_calls_are_explained(arguments: list[str], status: int, message: str, capsys: Any) -> None:
    """With the exit status that fits."""
    try:
        assert main(["hub", "mirror", *arguments]) == status
    except SystemExit as stop:
        assert stop.code == status
    assert message in capsys.readouterr().err


def test_a_dataset_whose_data_are_not_here_is_left_out(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all of them; one that was asked for by name is an error."""

    def missing(dataset: DatasetInfo, out: Path) -> None:
        raise MissingFileError(f"there is no {dataset.name} in {out.name}")

    monkeypatch.setattr(repositories, "built", missing)
    monkeypatch.setattr(server, "run", lambda served, archives, listening: None)

    assert main(["hub", "mirror", "--port", "0"]) == OK
    assert "tinydigits is not served: there is no tinydigits" in capsys.readouterr().err
    assert main(["hub", "mirror", "tinydigits", "--port", "0"]) == PROBLEM
    assert "there is no tinydigits" in capsys.readouterr().err


def test_a_folder_with_all_sorts_of_things_is_served_as_far_as_it_can_be(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first line comes before anything is built; the rest is left out by name and reason, a bad dataset too."""
    course = write_course(tmp_path / "course")
    for name in ("a b", "empty", "bad"):
        (course / name).mkdir()
    (course / "a b" / "x.txt").touch()
    (course / "bad" / "dataset.json").write_text("{}", encoding="utf-8")
    (course / "loose.txt").touch()
    (course / "words" / "out").symlink_to(tmp_path)
    served: list[str] = []
    monkeypatch.setattr(server, "run", lambda shelf, archives, listening: served.extend(shelf))
    first: list[Any] = []

    def built(dataset: DatasetInfo, out: Path, repo_id: str = "") -> Any:
        first.append(capsys.readouterr())
        return build(dataset, out, repo_id)

    build = repositories.built
    monkeypatch.setattr(repositories, "built", built)

    assert main(["hub", "mirror", "tinydigits", "--port", "0", "--folder", str(course)]) == OK
    assert first[0].out == f"preparing tinydigits, 3 sub-folders of {course}\n"
    at_once, later = first[0].err, capsys.readouterr().err
    assert all(f"course/{name} is not served: " in at_once for name in ("a b", "empty", "loose.txt"))
    assert "course/words/out is not served: it is a link to a folder" in later
    assert re.search(r"course/bad is not served: .*dataset\.json, schema", later)
    assert served == ["tinytorch/tinydigits", "course/odd", "course/words"]
    assert main(["hub", "mirror", "tinydigits", "nothing", "--port", "0", "--folder", str(course)]) == USAGE
    assert len(first) == 2, "something was built before the names were looked at"


def test_missing_libraries_are_named(run_numpy_only: Run) -> None:
    """With the line that installs them."""
    done = run_numpy_only("-m", "tinytorch_hf", "hub", "mirror")

    assert done.returncode == PROBLEM
    assert done.stderr.count("\n") == 1 and 'pip install "tinytorch-hf[serve]"' in done.stderr


@pytest.mark.parametrize(
    ("host", "expected"), [("127.0.0.1", r"http://127\.0\.0\.1:\d+"), ("::1", r"http://\[::1\]:\d+")]
)
def test_the_endpoint_is_what_clients_need(host: str, expected: str) -> None:
    """In either version of the protocol."""
    try:
        listening = server.listen(host, 0)
    except NetworkError:
        pytest.skip(f"this machine has no address {host}")
    with listening:
        assert re.fullmatch(expected, server.endpoint(listening))
        assert not server.is_open_to_others(listening)


@pytest.fixture(scope="module")
def impatient_server(tmp_path_factory: pytest.TempPathFactory) -> uvicorn.Server:
    """A mirror that waits a quarter of a second, and serves a file of many megabytes."""
    course = write_course(tmp_path_factory.mktemp("impatient") / "course")
    with (course / "words" / "large.bin").open("wb") as stream:
        stream.truncate(64 << 20)
    return server.server(repositories.by_id(repositories.own(course)), patience_s=0.25)


@pytest.fixture(scope="module")
def impatient(impatient_server: uvicorn.Server) -> Iterator[str]:
    """Its address."""
    with serving(impatient_server) as address:
        yield address


def connect(address: str) -> socket.socket:
    """A bare connection with small buffers, so that what is not read is noticed."""
    parts = urlsplit(address)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(20)
    connection.connect((parts.hostname or "", parts.port or 0))
    return connection


def test_the_end_during_a_transfer_is_quiet(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The client sees its connection break off; nobody is shown a traceback."""
    course = write_course(tmp_path / "course")
    with (course / "words" / "large.bin").open("wb") as stream:
        stream.truncate(16 << 20)
    serving_it = server.server(repositories.by_id(repositories.own(course)))
    serving_it.config.timeout_graceful_shutdown = 0
    with serving(serving_it) as address, connect(address) as connection:
        connection.sendall(b"GET /datasets/course/words/resolve/main/large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200")

    assert [record.getMessage() for record in caplog.records if record.name.startswith("uvicorn")] == []


@pytest.mark.parametrize("beginning", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX: y\r\n"])
def test_a_client_that_never_finishes_its_request_is_dropped(impatient: str, beginning: bytes) -> None:
    """Even if it goes on sending a little."""
    with connect(impatient) as connection:
        connection.sendall(beginning)
        start = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - start < 15:
                connection.settimeout(0.1)
                with contextlib.suppress(TimeoutError):
                    if connection.recv(1) == b"":
                        break
                if beginning:
                    connection.sendall(b"X")
        assert time.monotonic() - start < 10
    assert ask(impatient, "/status.json").status == 200


def test_a_client_that_does_not_take_its_answer_is_dropped(impatient: str, impatient_server: uvicorn.Server) -> None:
    """Others are served meanwhile."""
    with connect(impatient) as connection:
        connection.sendall(b"GET /datasets/course/words/resolve/main/large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        start = time.monotonic()
        while time.monotonic() - start < 0.7:
            assert ask(impatient, "/status.json").status == 200
            time.sleep(0.2)
        # Not a byte was taken, and yet the server holds nothing for this client any more.
        assert not impatient_server.server_state.connections and not impatient_server.server_state.tasks


def test_a_slow_client_that_goes_on_reading_gets_everything(impatient: str) -> None:
    """Patience is counted for each piece, not for the whole."""
    with connect(impatient) as connection:
        connection.sendall(
            b"GET /datasets/course/words/resolve/main/large.bin HTTP/1.1\r\n"
            b"Host: x\r\nRange: bytes=0-299999\r\nConnection: close\r\n\r\n"
        )
        received, start = b"", time.monotonic()
        while piece := connection.recv(40_000):
            received += piece
            time.sleep(0.01)
    assert received.endswith(b"\r\n\r\n" + bytes(300_000))
    assert time.monotonic() - start > 0.5


def test_a_body_that_never_comes_is_given_up(impatient: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """408, and the connection is closed."""
    from tinytorch_hf.mirror import protocol

    monkeypatch.setattr(protocol, "_BODY_TIMEOUT_S", 0.3)
    with connect(impatient) as connection:
        connection.sendall(
            b"POST /api/datasets/course/words/paths-info/main HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\npaths"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 408")
