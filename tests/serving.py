"""Run a server in a thread of the test's own process, over real HTTP on the loopback."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from tinytorch_hf import catalog
from tinytorch_hf.hub.contents import take_snapshot
from tinytorch_hf.mirror import repositories
from tinytorch_hf.mirror.repositories import Repository
from tinytorch_hf.mirror.server import endpoint, listen


@contextlib.contextmanager
def serving(server: uvicorn.Server) -> Iterator[str]:
    """The address under which a server answers; it is stopped at the end."""
    with listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        address = endpoint(listening)
        thread.start()
        try:
            yield address
        finally:
            server.should_exit = True
            thread.join(timeout=10)
    assert not thread.is_alive()


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(
    address: str, path: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """One request in a connection of its own; the path goes out as it is."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())


@dataclass(frozen=True)
class Mirror:
    """A mirror that runs: its address, what it serves, and the instructor's folder behind part of it."""

    address: str
    repositories: dict[str, Repository]
    course: Path


ODD_NAMES = ("a b/c#d?.txt", "<b>&\"'.txt", "\u00e4\u4e2d.txt", "%2e%2e.txt")


def write_course(folder: Path) -> Path:
    """An instructor's folder: a dataset of three lines, and one with names that need care."""
    (folder / "words").mkdir(parents=True)
    (folder / "words" / "train.jsonl").write_text('{"word": "a"}\n{"word": "b"}\n{"word": "c"}\n', encoding="utf-8")
    for name in ODD_NAMES:
        (folder / "odd" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "odd" / name).write_text(f"content of {name}", encoding="utf-8")
    return folder


def everything(hub: Path, course: Path) -> dict[str, Repository]:
    """Every dataset in the folder with those of the Hub, as if it had just been built, and an instructor's own."""
    served = []
    for dataset in map(catalog.info, catalog.shipped_names()):
        snapshot = take_snapshot(hub / dataset.name)
        tags = {f"v{dataset.version}": snapshot}
        served.append(Repository(dataset.repo_id, {"main": snapshot}, tags, dataset=dataset))
    return repositories.by_id([*served, *repositories.own(course)])
