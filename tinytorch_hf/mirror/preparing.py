"""What is served while it is still being read: large files are hashed in the background.

A large file has a name of its size and its time until it is hashed, as the Hub's large files have in Git another name
than their content's hash. So a dataset can be listed at once, whatever is in it, and under one commit; who asks for the
file itself waits a little, or is told when to come again.
"""

from __future__ import annotations

import functools
import hashlib
import math
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tinytorch_hf.errors import printable
from tinytorch_hf.hub.contents import Snapshot, StoredFile, content_hash, hash_file, identity
from tinytorch_hf.mirror import answers
from tinytorch_hf.mirror.folder import Contents, LeftOut, shown
from tinytorch_hf.mirror.repositories import Repository

LARGE_BYTES = 32 << 20
"""Files from this size on are hashed in the background."""

# Clients give up after ten seconds without an answer, so a request waits for less.
_WAIT_S = 8.0
_LOOK_EVERY_S = 0.2
# Newer clients try again five times when they are told so.
_LEAST_RETRY_S, _MOST_RETRY_S = 2, 60

Outcome = Literal["", "ready", "changed", "unreadable"]
"""How the hashing of a file ended; "" while it goes on."""

_FILE = re.compile(r"/+datasets/+([^/]+/[^/]+?)/+(?:resolve|raw)/+[^/]+/+(.+)", re.DOTALL)


@dataclass(frozen=True)
class Waiting:
    """A large file that is not hashed yet: its dataset, its path there, its size, and how much of it is read."""

    id: str
    path: str
    size_bytes: int
    done_bytes: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """Which one it is."""
        return self.id, self.path


class Shelf(Mapping[str, Repository]):
    """The repositories that are served, by id; they change while they are read, from one moment to the next.

    Parameters
    ----------
    ready
        What is ready from the beginning.
    own
        The contents of an instructor's sub-folders, by the ids under which they are served; those of their files that
        are not large are hashed now.
    """

    def __init__(self, ready: Mapping[str, Repository], own: Mapping[str, Contents] | None = None) -> None:
        # None of these is changed, but replaced, so that whoever goes through one is not disturbed.
        self._ready = dict(ready)
        self._waiting: dict[tuple[str, str], Waiting] = {}
        self.left_out: tuple[LeftOut, ...] = ()
        self._started = time.monotonic()
        for repository_id, contents in (own or {}).items():
            self._add(repository_id, contents)

    def __getitem__(self, repository_id: str) -> Repository:
        return self._ready[repository_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ready)

    def __len__(self) -> int:
        return len(self._ready)

    @property
    def waiting(self) -> Sequence[Waiting]:
        """Files that are not hashed yet, the smallest first, which is the order in which they will be."""
        return tuple(self._waiting.values())

    def seconds_left(self, key: tuple[str, str]) -> int:
        """About how long it takes until a file is hashed, as fast as it has gone so far."""
        waiting = self.waiting
        rate = max(sum(one.done_bytes for one in waiting) / max(time.monotonic() - self._started, 0.1), 20e6)
        left = 0
        for one in waiting:
            left += one.size_bytes - one.done_bytes
            if one.key == key:
                break
        return math.ceil(left / rate)

    def state(self, key: tuple[str, str]) -> Waiting | None:
        """How far a file is; None where it need not be waited for."""
        return self._waiting.get(key)

    def _add(self, repository_id: str, contents: Contents) -> None:
        files: dict[str, StoredFile] = {}
        for path, place in contents.files.items():
            try:
                files[path] = self._stored(repository_id, path, place)
            except OSError as error:
                self._leave_out(repository_id, path, error)
        if files:
            self._ready[repository_id] = Repository(repository_id, {"main": Snapshot(content_hash(files), files)})

    def _stored(self, repository_id: str, path: str, place: Path) -> StoredFile:
        status = place.stat()
        if status.st_size < LARGE_BYTES:
            return hash_file(place)
        # Whether it can be read is seen now.
        with place.open("rb"):
            one = Waiting(repository_id, path, status.st_size)
        waiting = {**self._waiting, one.key: one}
        self._waiting = dict(sorted(waiting.items(), key=lambda item: item[1].size_bytes))
        named = hashlib.sha1(f"{status.st_size} {status.st_mtime_ns}".encode(), usedforsecurity=False).hexdigest()
        return StoredFile(place, status.st_size, named, "", identity(status))

    def _leave_out(self, repository_id: str, path: str, error: OSError) -> None:
        one = LeftOut(shown(f"{repository_id}/{path}"), f"it cannot be read: {error.strerror or error}")
        self.left_out = (*self.left_out, one)

    def hash_rest(self, on_progress: Callable[[Waiting, Outcome], object]) -> threading.Thread:
        """Hash the large files, in a thread that ends with the process.

        ``on_progress`` is called with a file and "", often, and once more with how it ended.
        """

        def work() -> None:
            self._started = time.monotonic()
            for one in self.waiting:
                on_progress(one, self._hash(one, functools.partial(self._read, one.key, on_progress)))

        thread = threading.Thread(target=work, name="hashing", daemon=True)
        thread.start()
        return thread

    def _read(self, key: tuple[str, str], on_progress: Callable[[Waiting, Outcome], object], n_bytes: int) -> None:
        one = self._waiting[key]
        one = replace(one, done_bytes=one.done_bytes + n_bytes)
        self._waiting = {**self._waiting, key: one}
        on_progress(one, "")

    def _hash(self, one: Waiting, on_bytes: Callable[[int], None]) -> Outcome:
        repository = self._ready[one.id]
        outcome: Outcome = "changed"
        files = dict(repository.main.files)
        before = files[one.path]
        try:
            hashed = hash_file(before.place, on_bytes)
            # Of a file that was written to meanwhile, the old identity stays: it is not served.
            if hashed.identity == before.identity:
                files[one.path] = replace(before, sha256=hashed.sha256, etag=hashed.sha256)
                outcome = "ready"
        except OSError:
            outcome = "unreadable"
        main = Snapshot(repository.main.commit, files)
        self._ready = {**self._ready, one.id: replace(repository, branches={**repository.branches, "main": main})}
        self._waiting = {key: waiting for key, waiting in self._waiting.items() if key != one.key}
        return outcome


class Gate:
    """Lets requests for a file that is not hashed yet wait a little, then answers that they should come again.

    Eight seconds, because clients give up after ten; then 503 with Retry-After, which newer ones obey.
    """

    def __init__(self, app: ASGIApp, shelf: Shelf, not_ready_page: Callable[[str, str, int], Response]) -> None:
        self._app = app
        self._shelf = shelf
        self._page = not_ready_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI has it."""
        found = _FILE.fullmatch(scope["path"]) if scope["type"] == "http" and self._shelf.waiting else None
        if found and self._shelf.state((found[1], found[2])):
            is_for_people = "text/html" in Request(scope).headers.get("Accept", "")
            if is_for_people or not await self._becomes_ready((found[1], found[2])):
                await self._not_ready((found[1], found[2]), is_for_people)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _becomes_ready(self, key: tuple[str, str]) -> bool:
        with anyio.move_on_after(_WAIT_S):
            while self._shelf.state(key):
                await anyio.sleep(_LOOK_EVERY_S)
        return self._shelf.state(key) is None

    def _not_ready(self, key: tuple[str, str], is_for_people: bool) -> Response:
        seconds = self._shelf.seconds_left(key)
        one = self._shelf.state(key)
        how_far = described(one) if one else f"{printable(key[1])} is ready"
        message = f"{how_far}. It will be here in about {seconds} s; then try again."
        retry = min(max(seconds, _LEAST_RETRY_S), _MOST_RETRY_S)
        if is_for_people:
            return self._page(key[0], message, retry)
        return answers.error(503, message, Retry_After=str(retry))


def described(one: Waiting) -> str:
    """How far a file is, in words."""
    return f"{printable(one.path)} is still being read: {one.done_bytes / 1e9:.1f} of {one.size_bytes / 1e9:.1f} GB"
