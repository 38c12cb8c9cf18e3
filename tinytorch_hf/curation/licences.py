"""Which licences let content be passed on; of everything else only the selection and the recipe are."""

from __future__ import annotations

OPEN = frozenset(
    {
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "ISC", "MIT", "MIT-0", "Unlicense", "Zlib"),
        *("CC0-1.0", "CC-PDDC", "PDDL-1.0", "ODC-By-1.0", "ODbL-1.0"),
        *("CC-BY-2.0", "CC-BY-2.5", "CC-BY-3.0", "CC-BY-4.0"),
        *("CC-BY-SA-2.0", "CC-BY-SA-2.5", "CC-BY-SA-3.0", "CC-BY-SA-4.0"),
        *("CDLA-Permissive-1.0", "CDLA-Permissive-2.0", "CDLA-Sharing-1.0"),
    }
)
"""SPDX identifiers of licences that allow everyone to pass on a part of a dataset, changed or not.

References
----------
SPDX License List: https://spdx.org/licenses/
"""


def may_be_packed(spdx: str) -> bool:
    """Whether a licence lets content be packed; not if it is unknown, missing, or forbids that."""
    return spdx.strip().lower() in {one.lower() for one in OPEN}
