"""Names of files and texts that are safe, made from names that may be anything."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Sequence

from tinytorch_hf.catalog.portable import is_device
from tinytorch_hf.shown import printable

_LONGEST_BYTES = 100


def shown(name: str) -> str:
    """A name as a report shows it: printable, in characters that UTF-8 has."""
    return printable(os.fsencode(name).decode("utf-8", "backslashreplace"))


def file_names(names: Sequence[str]) -> list[str]:
    """For each name one of a file: letters, digits, ``.``, ``_`` and ``-`` alone, and no two of them alike.

    Two are alike if a system takes them for one, as some do with upper and lower case. A name that is changed, and
    names that would be alike, end in a part of their hash. So what a name becomes depends on others only where they
    are alike.

    Parameters
    ----------
    names
        All different, as a folder has them.
    """
    plain = [_plain(name) for name in names]
    alike = Counter(map(_folded, plain))
    return [
        plain_name if plain_name == name and alike[_folded(plain_name)] == 1 else f"{plain_name}-{name_hash(name)}"
        for name, plain_name in zip(names, plain, strict=True)
    ]


def _plain(name: str) -> str:
    name = unicodedata.normalize("NFC", shown(name))
    plain = "".join(one if one.isalnum() or one in "._-" else "_" for one in name)
    plain = plain.encode("utf-8")[:_LONGEST_BYTES].decode("utf-8", "ignore").strip(".")
    return f"_{plain}" if not plain or plain[0] == "-" or is_device(plain) else plain


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def name_hash(name: str) -> str:
    """A few digits that differ wherever names do."""
    return hashlib.sha256(os.fsencode(name)).hexdigest()[:10]
