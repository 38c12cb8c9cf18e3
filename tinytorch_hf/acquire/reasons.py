"""Why a place did not give a file, in a few words that hold no address, user name or password."""

from __future__ import annotations

import socket
from collections.abc import Iterator


class Failure(Exception):
    """A request that did not bring the whole file.

    Parameters
    ----------
    reason
        Why, for people.
    may_pass
        Whether the same place is worth another try.
    """

    def __init__(self, reason: str, *, may_pass: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.may_pass = may_pass


# Statuses that say "not now": timeout, too many requests, and the server's own troubles.
_PASSING = (408, 425, 429, 500, 502, 503, 504)

_NO_ADDRESS = "this, or where it leads to, is no http or https address"


def failure_of(error: BaseException, connect_s: float, read_s: float) -> Failure:
    """The failure that an exception of requests, or of the libraries below it, stands for."""
    from requests import exceptions as said

    if isinstance(error, said.HTTPError) and error.response is not None:
        status = error.response.status_code
        return Failure(f"it answered {status} {error.response.reason}".rstrip(), may_pass=status in _PASSING)
    in_words = {
        said.ConnectTimeout: f"no connection within {connect_s:g} s",
        said.TooManyRedirects: "it redirects without end",
        said.InvalidURL: _NO_ADDRESS,
        said.MissingSchema: _NO_ADDRESS,
        said.InvalidSchema: _NO_ADDRESS,
        said.ProxyError: f"the proxy gave no connection{_in_words(error)}",
        said.SSLError: f"no secure connection{_in_words(error)}",
    }
    for kind, reason in in_words.items():
        if isinstance(error, kind):
            return Failure(reason)
    if isinstance(error, said.ContentDecodingError):
        return Failure("what it sent is damaged: it cannot be decompressed", may_pass=True)
    return _broken_connection(error, read_s)


def _broken_connection(error: BaseException, read_s: float) -> Failure:
    from urllib3 import exceptions as below

    causes = list(_causes(error))
    if any(isinstance(cause, (below.NewConnectionError, socket.gaierror)) for cause in causes):
        return Failure(f"no connection{_in_words(error)}")
    if any(isinstance(cause, (below.ReadTimeoutError, TimeoutError)) for cause in causes):
        return Failure(f"nothing came for {read_s:g} s", may_pass=True)
    if isinstance(error, OSError):
        return Failure(f"the connection broke{_in_words(error)}", may_pass=True)
    return Failure(f"what it sent could not be understood ({type(error).__name__})", may_pass=True)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and those it stands for, from the outside to the inside."""
    seen: list[object] = []
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and not any(cause is other for other in seen):
            seen.append(cause)
            waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]
            yield cause


def _in_words(error: BaseException) -> str:
    """What the operating system says; nothing else of an exception is repeated, because it may hold secrets."""
    said = [cause.strerror for cause in _causes(error) if isinstance(cause, OSError) and cause.strerror]
    return f": {said[-1]}" if said else ""
