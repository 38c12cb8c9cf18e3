"""The mirror as a process: its socket, its limits, its address, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import os
import signal
import socket
from collections.abc import Callable, Mapping
from typing import Any

try:
    import uvicorn
    from starlette.types import ASGIApp
    from uvicorn.protocols.http.h11_impl import H11Protocol

    from tinytorch_hf.mirror import app, glimpses, pages
    from tinytorch_hf.mirror.archives import Archives
    from tinytorch_hf.mirror.preparing import Gate, Shelf
except ImportError as error:
    from tinytorch_hf.errors import MissingExtraError

    raise MissingExtraError(error.name or "uvicorn", "serve", error) from error

from tinytorch_hf.errors import NetworkError
from tinytorch_hf.mirror.repositories import Repository

# Seconds in which a client must have said what it wants, or taken some 48 KiB of what it gets.
PATIENCE_S = 30.0

# A class of 200 with eight connections each, which is what a client opens for a whole dataset.
_MAX_CONNECTIONS = 2000

# Enough to answer even an absurd address with 404 instead of breaking off while the client still talks.
_MAX_HEADER_BYTES = 256 * 1024


def listen(host: str, port: int) -> socket.socket:
    """Take a port; 0 stands for any that is free.

    Raises
    ------
    NetworkError
        The port is in use, or the address is none, or none of this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        taken = socket.socket(family, kind, protocol)
        if os.name == "posix":
            # So that a mirror that was just stopped can be started again at once; elsewhere it means another thing.
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(address)
            taken.listen(1024)
        except OSError:
            taken.close()
            raise
    except (OSError, UnicodeError) as error:
        # The second is raised for what no host can be called, such as "a..b".
        raise NetworkError(
            f"Port {port} of {host!r} cannot be used: {getattr(error, 'strerror', None) or error}. "
            "Choose another port with --port (0 for any that is free), or another address with --host."
        ) from error
    return taken


def endpoint(listening: socket.socket) -> str:
    """The address that clients put into ``HF_ENDPOINT``."""
    host, port = listening.getsockname()[:2]
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        address = ipaddress.ip_address(_address_in_network())
    return f"http://[{address}]:{port}" if address.version == 6 else f"http://{address}:{port}"


def is_open_to_others(listening: socket.socket) -> bool:
    """Whether other machines can reach it."""
    return not ipaddress.ip_address(listening.getsockname()[0]).is_loopback


def _address_in_network() -> str:
    """Address of this machine as others see it; nothing is sent to find it out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        # An address that is reserved for documentation, RFC 5737: the system only chooses a way to it.
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])
    return "127.0.0.1"


class _QuietEnd(uvicorn.Server):
    """A server that ends without a word: who is cut off during a transfer then is no error to be told."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End: wait a little for the transfers, then cut them off."""
        # Until the next server configures its log; what is cut off is told when this is long over.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)
        await super().shutdown(sockets)


def server(
    repositories: Mapping[str, Repository], archives: Archives | None = None, *, patience_s: float = PATIENCE_S
) -> uvicorn.Server:
    """The server, ready to run on a socket."""
    application: ASGIApp = app.create(repositories, archives or {})
    if isinstance(repositories, Shelf):
        application = Gate(application, repositories, pages.not_ready)
    return _QuietEnd(
        uvicorn.Config(
            application,
            http=_impatient(patience_s),
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_MAX_CONNECTIONS,
            h11_max_incomplete_event_size=_MAX_HEADER_BYTES,
            timeout_graceful_shutdown=2,
        )
    )


def run(repositories: Mapping[str, Repository], archives: Archives, listening: socket.socket) -> None:
    """Serve until the user presses Ctrl-C, or SIGTERM comes."""
    _allow_open_files(2 * _MAX_CONNECTIONS + 100)
    glimpses.look_at_all(repositories.values())
    serving = server(repositories, archives)
    # uvicorn takes these signals once its event loop runs; what comes while the loop is being made would break it.
    before = {number: signal.signal(number, serving.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        serving.run(sockets=[listening])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _allow_open_files(wanted: int) -> None:
    """Let this process have as many files and connections open at once as it may; some systems begin with 256."""
    try:
        import resource
    except ImportError:
        return  # Windows has no such limit.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        # A system may refuse even what it says it allows; then the old limit stays.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def _impatient(patience_s: float) -> type[asyncio.Protocol]:
    class Impatient(H11Protocol):
        """Drops connections that do not bring a whole request, or do not take what they asked for, in time."""

        _idle: asyncio.TimerHandle | None = None
        _stalled: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._idle = self._later(self._idle, self._drop_if_idle)

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._idle = self._later(self._idle, self._drop_if_idle)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._stalled = self._later(self._stalled, self._drop)

        def resume_writing(self) -> None:
            super().resume_writing()
            self._stalled = self._later(self._stalled, None)

        def connection_lost(self, exc: Exception | None) -> None:
            self._idle, self._stalled = self._later(self._idle, None), self._later(self._stalled, None)
            super().connection_lost(exc)

        def _later(
            self, running: asyncio.TimerHandle | None, what: Callable[[], None] | None
        ) -> asyncio.TimerHandle | None:
            if running is not None:
                running.cancel()
            return None if what is None else self.loop.call_later(patience_s, what)

        def _drop_if_idle(self) -> None:
            if self.cycle is None or self.cycle.response_complete:
                self._drop()

        def _drop(self) -> None:
            # Not `close`, which would wait until the client has taken what is still to be sent.
            self.transport.abort()

    return Impatient
