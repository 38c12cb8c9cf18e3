"""Run a server in a thread of the test's own process, over real HTTP on the loopback."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import uvicorn

from tinytorch_hf.hub.mirror.server import endpoint, listen


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
