"""Why a place did not give a file, in a few words that hold no address, user name or password, nor words of servers."""

from __future__ import annotations

import http
import re
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

# What OpenSSL's messages begin and end with: "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)".
_OPENSSL_MARKS = re.compile(r"^\[[^]]*\] | \(_ssl\.c:[0-9]+\)$")

_NO_ADDRESS = "this address, or one that it redirects to, is not an http or https address"

_OWN_CERTIFICATE = "if your network has its own certificate, name its file in REQUESTS_CA_BUNDLE"


def refused(status: int) -> Failure:
    """The failure that an HTTP status stands for, in the standard's words: those of a server may hold anything."""
    known = {each.value: f" {each.phrase}" for each in http.HTTPStatus}
    return Failure(f"it answered {status}{known.get(status, '')}", may_pass=status in _PASSING)


def failure_of(error: Exception, connect_s: float, read_s: float) -> Failure:
    """The failure that an exception of requests, or of the libraries below it, stands for."""
    import ssl

    from requests import exceptions as said
    from urllib3 import exceptions as below

    if type(error) is OSError:
        # This is how requests says that the environment names certificates which are not there.
        return Failure("no secure connection: REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names no file or folder")
    in_words = _in_words(error)
    # The first that fits counts, because several may: a proxy's failure holds that of a connection.
    failures: list[tuple[type[BaseException] | tuple[type[BaseException], ...], Failure]] = [
        (said.TooManyRedirects, Failure("it redirects without end")),
        (
            (said.InvalidProxyURL, below.ProxySchemeUnknown),
            Failure("the proxy's address is not an http or https address"),
        ),
        ((said.InvalidURL, said.MissingSchema, said.InvalidSchema, below.LocationValueError), Failure(_NO_ADDRESS)),
        (below.ProxyError, Failure(f"no connection through the proxy{in_words}")),
        (ssl.SSLCertVerificationError, Failure(f"no secure connection{in_words}; {_OWN_CERTIFICATE}")),
        (below.SSLError, Failure(f"no secure connection{in_words}")),
        (below.NewConnectionError, Failure(f"no connection{in_words}")),
        (below.ConnectTimeoutError, Failure(f"no connection within {connect_s:g} s")),
        ((below.ReadTimeoutError, TimeoutError), Failure(f"no data for {read_s:g} s", may_pass=True)),
        (below.DecodeError, Failure("it sent damaged data: they cannot be decompressed", may_pass=True)),
        ((below.ProtocolError, OSError), Failure(f"the connection broke{in_words}", may_pass=True)),
        (Exception, Failure(f"it sent something that is not valid HTTP ({type(error).__name__})", may_pass=True)),
    ]
    causes = list(_causes(error))
    return next(failure for kind, failure in failures if any(isinstance(cause, kind) for cause in causes))


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
    """What the operating system or OpenSSL says; nothing else is repeated, because it may hold secrets."""
    said = [cause.strerror for cause in _causes(error) if isinstance(cause, OSError) and cause.strerror]
    return f": {_OPENSSL_MARKS.sub('', said[-1])}" if said else ""
