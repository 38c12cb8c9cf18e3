"""Which licences let content be passed on; of everything else only the selection and the recipe are."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

OPEN = frozenset(
    {
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "ISC", "MIT", "MIT-0", "Unlicense", "Zlib"),
        *("CC0-1.0", "CC-PDDC", "PDDL-1.0", "ODC-By-1.0", "ODbL-1.0"),
        *("CC-BY-2.0", "CC-BY-2.5", "CC-BY-3.0", "CC-BY-4.0"),
        *("CC-BY-SA-2.0", "CC-BY-SA-2.5", "CC-BY-SA-3.0", "CC-BY-SA-4.0"),
        *("CDLA-Permissive-1.0", "CDLA-Permissive-2.0", "CDLA-Sharing-1.0"),
    }
)
"""SPDX identifiers of licences that allow everybody to pass on a part of a dataset, changed or not.

References
----------
SPDX License List: https://spdx.org/licenses/
"""


_CLOSE = 0.6


def may_be_packed(spdx: str) -> bool:
    """Whether a licence lets content be packed; not if it is unknown, missing, or forbids that."""
    return spdx.strip().lower() in {one.lower() for one in OPEN}


def why_not_packed(spdx: str) -> str:
    """A sentence on why no content is written under a licence, and what to do; one that is close to it is named."""
    name = spdx.strip()
    if name.lower() in ("", "not stated"):
        return "no licence was given, so only the selection and the recipe are written. Add --license with the source's"
    close = _closest(name)
    hint = f"If it is {close}, write --license {close}." if close else "Its SPDX identifier goes behind --license."
    return f"{name} is not known as a licence that lets everybody pass content on, so none is written. {hint}"


def _closest(name: str) -> str:
    """The open licence that was probably meant, the latest version of it; "" where none is close."""
    if {"NC", "ND"} & set(re.split(r"[^A-Z]+", name.upper())):
        # These forbid what no open licence forbids: nothing is mistyped.
        return ""
    ratio, close = max((SequenceMatcher(None, name.lower(), one.lower()).ratio(), one) for one in OPEN)
    return close if ratio >= _CLOSE else ""
