"""An HTTP server on the loopback that does what is wrong with servers, one fault a request, and counts.

It speaks through bare sockets, because no decent library sends these answers.
"""

from __future__ import annotations

import contextlib
import gzip
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

CRLF = b"\r\n"


@dataclass
class Exchange:
    """One request, and how much of a body was sent for it."""

    path: str
    headers: dict[str, str]
    connection: socket.socket
    sent: int = 0

    @property
    def first(self) -> int:
        """The byte that is asked for first."""
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))
        return int(match[1]) if match else 0

    def head(self, status: str, **headers: object) -> None:
        """Send the status and headers, with ``_`` for ``-``."""
        lines = [f"HTTP/1.1 {status}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.connection.sendall(CRLF.join(line.encode("latin-1") for line in lines) + 2 * CRLF)

    def body(self, data: bytes) -> None:
        """Send a part of the body, in pieces, so that what was sent is counted when the client leaves."""
        for start in range(0, len(data), 2**14):
            piece = data[start : start + 2**14]
            self.connection.sendall(piece)
            self.sent += len(piece)


# What a server does with one request for a content.
Answer = Callable[[Exchange, bytes], None]


def begin(exchange: Exchange, content: bytes, **headers: object) -> bytes:
    """Answer properly up to the body, which is returned; a Range is honoured."""
    first = exchange.first
    if first:
        whole = {"Content_Range": f"bytes {first}-{len(content) - 1}/{len(content)}"}
        exchange.head("206 Partial Content", **{"Content_Length": len(content) - first, **whole, **headers})
    else:
        exchange.head("200 OK", **{"Content_Length": len(content), **headers})
    return content[first:]


def good(exchange: Exchange, content: bytes) -> None:
    """All is well."""
    exchange.body(begin(exchange, content))


def without_range(answer: Answer) -> Answer:
    """A server that knows no Range."""

    def ignoring(exchange: Exchange, content: bytes) -> None:
        exchange.headers.pop("range", None)
        answer(exchange, content)

    return ignoring


def says(status: str, body: bytes = b"", **headers: object) -> Answer:
    """A status and a short page."""

    def answer(exchange: Exchange, _content: bytes) -> None:
        exchange.head(status, **{"Content_Length": len(body), **headers})
        exchange.body(body)

    return answer


def cut(n_bytes: int) -> Answer:
    """The connection is closed after so many bytes of the body."""

    def answer(exchange: Exchange, content: bytes) -> None:
        exchange.body(begin(exchange, content)[:n_bytes])

    return answer


def without_length(n_bytes: int) -> Answer:
    """No length is announced, no Range is known, and where the connection ends, the body does: after so many bytes."""

    def answer(exchange: Exchange, content: bytes) -> None:
        exchange.head("200 OK")
        exchange.body(content[:n_bytes])

    return answer


def reset(n_bytes: int) -> Answer:
    """The connection is torn down after so many bytes of the body."""

    def answer(exchange: Exchange, content: bytes) -> None:
        exchange.body(begin(exchange, content)[:n_bytes])
        # Without this pause the reset may overtake the bytes before it.
        time.sleep(0.05)
        exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return answer


def torn_at_once(exchange: Exchange, _content: bytes) -> None:
    """The connection is torn down before anything is answered."""
    exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def stall(n_bytes: int, seconds: float = 5.0) -> Answer:
    """Nothing more comes after so many bytes of the body."""

    def answer(exchange: Exchange, content: bytes) -> None:
        exchange.body(begin(exchange, content)[:n_bytes])
        _wait_for_the_client_to_leave(exchange, seconds)

    return answer


def drip(every_s: float = 0.02) -> Answer:
    """A byte from time to time."""

    def answer(exchange: Exchange, content: bytes) -> None:
        for byte in begin(exchange, content):
            exchange.body(bytes([byte]))
            time.sleep(every_s)

    return answer


def other(data: bytes) -> Answer:
    """Other bytes than those of the file, in all else a proper answer."""

    def answer(exchange: Exchange, _content: bytes) -> None:
        exchange.body(begin(exchange, data))

    return answer


def announcing(n_bytes: object) -> Answer:
    """A wrong Content-Length."""

    def answer(exchange: Exchange, content: bytes) -> None:
        exchange.body(begin(exchange, content, Content_Length=n_bytes))

    return answer


def wrong_range(content_range: str) -> Answer:
    """206 with another part than the one that was asked for; the whole if none was."""

    def answer(exchange: Exchange, content: bytes) -> None:
        exchange.body(begin(exchange, content, **({"Content_Range": content_range} if exchange.first else {})))

    return answer


def chunked(exchange: Exchange, content: bytes) -> None:
    """Chunked transfer, which announces no length."""
    exchange.head("200 OK", Transfer_Encoding="chunked")
    for start in range(0, len(content), 10_000):
        piece = content[start : start + 10_000]
        exchange.body(f"{len(piece):x}".encode() + CRLF + piece + CRLF)
    exchange.body(b"0" + 2 * CRLF)


def gzipped(exchange: Exchange, content: bytes) -> None:
    """Content-Encoding gzip that was not asked for."""
    packed = gzip.compress(content)
    exchange.head("200 OK", Content_Length=len(packed), Content_Encoding="gzip")
    exchange.body(packed)


def mislabelled(exchange: Exchange, content: bytes) -> None:
    """The file as it is, which the server calls compressed because its name ends with .gz."""
    exchange.body(begin(exchange, content, Content_Encoding="gzip"))


def damaged_gzip(exchange: Exchange, content: bytes) -> None:
    """Content-Encoding gzip, and what comes cannot be decompressed."""
    packed = bytearray(gzip.compress(content))
    packed[10:12] = b"\xff\xff"  # no kind of block that there is
    exchange.head("200 OK", Content_Length=len(packed), Content_Encoding="gzip")
    exchange.body(bytes(packed))


def endless(exchange: Exchange, _content: bytes) -> None:
    """More and more, without a length; up to 200 MB."""
    exchange.head("200 OK")
    for _ in range(200):
        exchange.body(bytes(10**6))


def nonsense(exchange: Exchange, _content: bytes) -> None:
    """No HTTP."""
    exchange.connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


def _wait_for_the_client_to_leave(exchange: Exchange, seconds: float) -> None:
    exchange.connection.settimeout(seconds)
    exchange.connection.recv(1)


@dataclass
class FaultyServer:
    """A server with a content; the answers are given one after the other, the last one again and again."""

    content: bytes
    answers: list[Answer]
    exchanges: list[Exchange] = field(default_factory=list)
    address: str = ""
    secured_by: ssl.SSLContext | None = None

    @property
    def firsts(self) -> list[int]:
        """The byte that each request asked for first."""
        return [exchange.first for exchange in self.exchanges]

    @property
    def sent(self) -> int:
        """Bytes of all bodies."""
        return sum(exchange.sent for exchange in self.exchanges)

    def answer(self, connection: socket.socket) -> None:
        """Read one request and answer it."""
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            if self.secured_by:
                connection = self.secured_by.wrap_socket(connection, server_side=True)
            stack.enter_context(connection)
            request = b""
            while 2 * CRLF not in request:
                request += connection.recv(2**16)
                if request.startswith(b"\x16"):
                    # Someone greets in TLS, which this server does not speak.
                    connection.sendall(b"HTTP/1.1 400 Bad Request" + 2 * CRLF)
                    return
            first_line, *lines = request.decode("latin-1").strip().split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
            exchange = Exchange(first_line.split()[1], headers, connection)
            answer = self.answers[min(len(self.exchanges), len(self.answers) - 1)]
            self.exchanges.append(exchange)
            answer(exchange, self.content)


@contextlib.contextmanager
def serving_faults(
    content: bytes, *answers: Answer, secured_by: ssl.SSLContext | None = None
) -> Iterator[FaultyServer]:
    """Serve in threads of this process until the end of the block; over TLS if something is given to secure it."""
    server = FaultyServer(content, list(answers), secured_by=secured_by)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        scheme = "https" if secured_by else "http"
        server.address = f"{scheme}://127.0.0.1:{listening.getsockname()[1]}"

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    threading.Thread(target=server.answer, args=(connection,), daemon=True).start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        yield server
        # On Linux, closing a socket does not wake a thread that waits for it; this does.
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
    accepting.join(timeout=5)
