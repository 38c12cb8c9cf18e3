"""What people are shown of a text: no password and no token, and nothing that a terminal would obey.

`shown` is for every text that somebody else may have written: a server, a file or its name, a package under test, the
environment. `address` is for every URL. The command line writes through `tinytorch_hf.cli.streams`, which puts all
that is printed through `shown` once more.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping

HIDDEN = "***"

# Whoever knows it may send sequences to the terminal: nobody outside this process can guess it.
_SEAL = os.urandom(16).hex()
_SEALED = re.compile(f"\x1b{_SEAL}(.*?)\x1b{_SEAL}", re.DOTALL)
_COLOUR = re.compile(r"\x1b\[\d*m")

# Variables whose whole value is a secret, and those whose value is an address or a list of them.
_SECRET_NAME = re.compile(r"TOKEN$|PASSWORD|PASSWD|SECRET|API_?KEY|ACCESS_?KEY", re.IGNORECASE)
_ADDRESS_NAME = re.compile(r"PROXY$|ENDPOINT$|MIRROR$|URLS?$|INDEX$|FIND_LINKS$", re.IGNORECASE)

# What is hidden wherever it stands; a shorter one would be found in innocent words and numbers. In addresses every
# one is hidden.
_LONG = re.compile(r"(?=.*[^\W\d_].*)(?=.*(?:\d|[\W_])).{4,}|.{8,}|[^\W\d_]{6,}", re.DOTALL)

_USER = re.compile(r"([a-z][a-z0-9+.-]*:/{1,2})[^\s/?#\"'<>\\]*@", re.IGNORECASE)
_PARAMETER = re.compile(
    r"(?P<name>[?&#;](?:[a-z0-9_.~%-]*(?:token|key|secret|password|passwd|pwd|signature|credential)|sig|auth|policy)=)"
    r"[^\s&#;\"'<>\\]+",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"(?P<name>\bbearer\s+(?=[\w.~+/=-]{16})|authorization['\"]?\s*[:=]\s*['\"]?(?:(?:basic|digest|token)\s+)?)"
    r"[\w.~+/=:-]+",
    re.IGNORECASE,
)
_HUB_TOKEN = re.compile(r"\bhf_[A-Za-z0-9]{16,}")

# Secrets that are in no variable, such as the token that `hf auth login` has stored.
_told: set[str] = set()
_guards = 0


def printable(text: str, keep: str = "") -> str:
    """A text in which what a terminal would act on, such as an escape character, is written as Python writes it.

    So are marks that turn the direction of writing, separators of lines, spaces that are none, and what UTF-8 cannot
    write. Characters of ``keep`` stay.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in keep else repr(one)[1:-1] for one in text)


def shown(text: object, keep: str = "\n", secrets: Iterable[str] | None = None) -> str:
    """A text of anybody's as people may see it: `without_secrets`, and `printable` but for characters of ``keep``."""
    return printable(without_secrets(str(text), secrets), keep)


def address(url: str) -> str:
    """A URL with ``***`` in place of user name and password, and of query and fragment; in printable characters."""
    scheme, separator, rest = url.strip().partition("://")
    if not re.fullmatch(r"\w+", scheme) or not separator:
        scheme, separator, rest = "", "", url.strip()
    # A password may hold what ends a host, if nobody has quoted it: all that stands before the last @ goes.
    _, user, rest = rest.rpartition("@")
    place, *query = re.split(r"[?#]", rest, maxsplit=1)
    return printable(f"{scheme}{separator}{f'{HIDDEN}@' * bool(user)}{place}{f'?{HIDDEN}' * bool(query)}")


def without_user(url: str) -> str:
    """A URL that can be opened by everybody: without user name and password, else as it is."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else url


def host(url: str) -> str:
    """The host of a URL, with its port if one is named; "" if there is none."""
    return re.split(r"[/?]", address(url).partition("://")[2].rpartition("@")[2], maxsplit=1)[0]


def hide(secret: str) -> None:
    """Show ``secret`` in no text from now on."""
    if secret:
        _told.add(secret)


def without_secrets(text: str, secrets: Iterable[str] | None = None) -> str:
    """A text with ``***`` in place of passwords, tokens and keys.

    Parameters
    ----------
    text
        The text.
    secrets
        What is to be hidden beside what looks like a secret; by default the `secrets_of` the environment.
    """
    for secret in secrets_of(os.environ) if secrets is None else secrets:
        if secret in text:
            text = re.sub(rf"(?<![^\W_]){re.escape(secret)}(?![^\W_])", HIDDEN, text)
    if "@" in text:
        text = _USER.sub(rf"\1{HIDDEN}@", text)
    if "=" in text:
        text = _PARAMETER.sub(rf"\g<name>{HIDDEN}", text)
    return _HUB_TOKEN.sub(f"hf_{HIDDEN}", _HEADER.sub(rf"\g<name>{HIDDEN}", text))


def secrets_of(environment: Mapping[str, str]) -> list[str]:
    """What must not be seen, as it is and as addresses, Python and JSON write it; the longest first."""
    found = set(_told)
    for name, value in environment.items():
        if _SECRET_NAME.search(name):
            found.add(value.strip())
        elif "://" in value or ("@" in value and _ADDRESS_NAME.search(name)):
            found.update(_in_addresses(value, is_address=bool(_ADDRESS_NAME.search(name))))
    for one in [one for one in found if not one.isalnum()]:
        # Seldom needed, so it is imported for whom it serves.
        from urllib.parse import quote, unquote

        found |= {quote(one), quote(one, safe=""), unquote(one), repr(one)[1:-1], one.replace('"', '\\"')}
    return sorted((one for one in found if _LONG.fullmatch(one)), key=len, reverse=True)


def _in_addresses(value: str, *, is_address: bool) -> Iterator[str]:
    """Passwords of one or several addresses, and the long values of their queries."""
    for one in dict.fromkeys([value.strip(), *value.split()]):
        rest = one.partition("://")[2] or one
        user, at, where = rest.rpartition("@") if is_address else rest.partition("/")[0].rpartition("@")
        if at:
            name, _, password = user.partition(":")
            # A token may stand alone, in the place of a name.
            yield password or name
        for pair in re.split(r"[?&#;]", where)[1:] if is_address else ():
            value = pair.partition("=")[2] or pair
            if len(value) >= 8:
                yield value


def to_terminal(sequence: str) -> str:
    """A sequence that a terminal shall obey, such as a colour; where a guard writes, it lets this one through."""
    return f"\x1b{_SEAL}{sequence}\x1b{_SEAL}" if _guards and sequence else sequence


def columns(text: str) -> int:
    """How many characters of a text are seen; what `to_terminal` gives is not."""
    return len(_COLOUR.sub("", _SEALED.sub("", text)))


def guarded(text: str, secrets: Iterable[str]) -> str:
    """A text as a guard writes it: `shown`, but for the sequences that came from `to_terminal`."""
    if _SEAL not in text:
        return shown(text, secrets=secrets)
    # What was sealed stands at every second place.
    pieces = enumerate(_SEALED.split(text))
    return "".join(piece if number % 2 else shown(piece, secrets=secrets) for number, piece in pieces)


def guards(change: int) -> None:
    """Count the guards that write at the moment, up or down."""
    global _guards  # noqa: PLW0603 -- a property of the process, as its streams are
    _guards += change
