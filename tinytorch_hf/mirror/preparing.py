"""What is served while it is still being prepared: files of gigabytes are hashed in the background."""

from __future__ import annotations

import functools
import math
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tinytorch_hf.errors import printable
from tinytorch_hf.hub.contents import Snapshot, StoredFile, content_hash, hash_file
from tinytorch_hf.mirror import answers
from tinytorch_hf.mirror.folder import Contents, LeftOut, shown
from tinytorch_hf.mirror.repositories import Repository

# Hashed before anything is said to be served: a second's work. What is beyond is hashed while others are served.
_AT_ONCE_BYTES = 256 << 20

# Clients give up after ten seconds without an answer, so a request waits for less.
_WAIT_S = 8.0
_LOOK_EVERY_S = 0.2
# Clients that try again do so five times: within a minute and a half, or, where more is to be done, five minutes.
_LEAST_RETRY_S, _MOST_RETRY_S = 2, 60

_DATASET = re.compile(r"/+(?:api/+)?datasets/+([^/]+/[^/]+?)(?:/|$)")


@dataclass(frozen=True)
class Waiting:
    """A dataset whose files are to be hashed."""

    id: str
    contents: Contents


class Shelf(Mapping[str, Repository]):
    """The repositories that are ready, by id; more come while it is read.

    Parameters
    ----------
    ready
        What is ready from the beginning.
    waiting
        What is to be hashed.
    """

    def __init__(self, ready: Mapping[str, Repository], waiting: Iterable[Waiting] = ()) -> None:
        # Never changed but replaced, so that whoever goes through it is not disturbed.
        self._ready = dict(ready)
        waiting = list(waiting)
        self._order = {name: place for place, name in enumerate([*ready, *(one.id for one in waiting)])}
        self.left_out: list[LeftOut] = []
        self._waiting = {one.id: one for one in sorted(waiting, key=lambda one: one.contents.size_bytes)}
        self._done_bytes = dict.fromkeys(self._waiting, 0)
        self._started = time.monotonic()

    def __getitem__(self, repository_id: str) -> Repository:
        return self._ready[repository_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ready)

    def __len__(self) -> int:
        return len(self._ready)

    @property
    def waiting(self) -> Sequence[Waiting]:
        """What is not ready yet, in the order in which it will be."""
        return tuple(self._waiting.values())

    def is_waiting(self, repository_id: str) -> bool:
        """Whether a dataset is going to be served, but is not ready yet."""
        return repository_id in self._waiting

    def progress(self, repository_id: str) -> tuple[int, int]:
        """Bytes that are hashed, and bytes to be hashed, of a dataset that is waiting."""
        one = self._waiting.get(repository_id)
        return (0, 0) if one is None else (self._done_bytes[repository_id], one.contents.size_bytes)

    def seconds_left(self, repository_id: str) -> int:
        """About how long it takes until a dataset is ready, as fast as it has gone so far."""
        done = sum(self._done_bytes.values())
        rate = max(done / max(time.monotonic() - self._started, 0.1), 1e6)
        left = 0
        for one in self.waiting:
            left += one.contents.size_bytes - self._done_bytes[one.id]
            if one.id == repository_id:
                break
        return math.ceil(left / rate)

    def prepare_at_once(self) -> None:
        """Make ready what takes about a second together, the smallest first."""
        self._started = time.monotonic()
        together = 0
        for one in self.waiting:
            together += one.contents.size_bytes
            if together > _AT_ONCE_BYTES:
                return
            self._prepare(one, lambda: None)

    def prepare_rest(self, on_progress: Callable[[Shelf, str], None]) -> threading.Thread:
        """Make ready the rest, in a thread that ends with the process.

        ``on_progress`` is called with this shelf and a dataset's id, often, and once more when the dataset is ready.
        """

        def work() -> None:
            for one in self.waiting:
                self._prepare(one, functools.partial(on_progress, self, one.id))
                on_progress(self, one.id)

        thread = threading.Thread(target=work, name="hashing", daemon=True)
        thread.start()
        return thread

    def _prepare(self, one: Waiting, on_progress: Callable[[], None]) -> None:
        files: dict[str, StoredFile] = {}

        def counted(n_bytes: int) -> None:
            self._done_bytes[one.id] += n_bytes
            on_progress()

        for path, place in one.contents.files.items():
            try:
                files[path] = hash_file(place, counted)
            except OSError as error:
                why = f"it cannot be read: {error.strerror or error}"
                self.left_out.append(LeftOut(shown(f"{one.id}/{path}"), why))
        if files:
            repository = Repository(one.id, {"main": Snapshot(content_hash(files), files)})
            ready = {**self._ready, one.id: repository}
            self._ready = dict(sorted(ready.items(), key=lambda item: self._order[item[0]]))
        self._waiting = {other: waiting for other, waiting in self._waiting.items() if other != one.id}


class Gate:
    """Lets requests for what is not ready wait a little, then answers that they should come again.

    Eight seconds, because clients give up after ten; then 503 with Retry-After, which newer ones obey.
    """

    def __init__(self, app: ASGIApp, shelf: Shelf, not_ready_page: Callable[[str, str, int], Response]) -> None:
        self._app = app
        self._shelf = shelf
        self._page = not_ready_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI has it."""
        repository_id = _asked_for(scope) if scope["type"] == "http" and self._shelf.waiting else ""
        if self._shelf.is_waiting(repository_id):
            is_for_people = "text/html" in Request(scope).headers.get("Accept", "")
            if is_for_people or not await self._becomes_ready(repository_id):
                await self._not_ready(repository_id, is_for_people)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _becomes_ready(self, repository_id: str) -> bool:
        with anyio.move_on_after(_WAIT_S):
            while self._shelf.is_waiting(repository_id):
                await anyio.sleep(_LOOK_EVERY_S)
        return not self._shelf.is_waiting(repository_id)

    def _not_ready(self, repository_id: str, is_for_people: bool) -> Response:
        seconds = self._shelf.seconds_left(repository_id)
        message = f"{described(self._shelf, repository_id)}. It will be here in about {seconds} s; then try again."
        retry = min(max(seconds, _LEAST_RETRY_S), _MOST_RETRY_S)
        if is_for_people:
            return self._page(repository_id, message, retry)
        return answers.error(503, message, Retry_After=str(retry))


def described(shelf: Shelf, repository_id: str) -> str:
    """How far the preparation of a dataset is, in words."""
    done, total = shelf.progress(repository_id)
    return f"{printable(repository_id)} is being read: {done / 1e9:.1f} of {total / 1e9:.1f} GB"


def _asked_for(scope: Scope) -> str:
    """The dataset that a request is about, by its address or by its query, or ""."""
    found = _DATASET.match(scope["path"])
    if found:
        return found[1]
    query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=None)
    return next(iter(query.get("dataset", ())), "")
