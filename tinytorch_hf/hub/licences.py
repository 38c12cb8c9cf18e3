"""Licences as the Hub calls them."""

from __future__ import annotations

import re

NOT_STATED = "not stated"
"""What the facts have where no licence is known."""

_KNOWN = """
    afl-3.0 agpl-3.0 apache-2.0 artistic-2.0 bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0 c-uda cc0-1.0
    cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0
    cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cdla-permissive-1.0
    cdla-permissive-2.0 cdla-sharing-1.0 ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 gfdl gpl-2.0 gpl-3.0
    isc lgpl-2.1 lgpl-3.0 lgpl-lr lppl-1.3c mit mpl-2.0 ms-pl ncsa odbl odc-by ofl-1.1 osl-3.0 pddl postgresql
    unlicense wtfpl zlib
    """
_HUB = frozenset(_KNOWN.split())
"""Licences of data and code that the Hub knows by name: https://huggingface.co/docs/hub/repositories-licenses"""


def hub_licence(licence: str, link: str) -> dict[str, str]:
    """The fields of a card that say which licence a dataset has.

    Parameters
    ----------
    licence
        An SPDX identifier, or another name, or `NOT_STATED`.
    link
        The file or page to look at for one that the Hub does not know; "" for none.
    """
    if licence.strip().lower() in ("", NOT_STATED):
        return {"license": "unknown"}
    name = re.sub(r"[^a-z0-9.+-]+", "-", licence.lower()).strip("-") or "unnamed"
    # The Hub leaves out the version of those with one alone, and whether later ones are admitted.
    for known in (name, re.sub(r"-(only|or-later|1\.0)$", "", name), re.sub(r"-1\.[0-9](-only|-or-later)$", "", name)):
        if known in _HUB:
            return {"license": known}
    return {"license": "other", "license_name": name, **({"license_link": link} if link else {})}


def spdx_page(licence: str) -> str | None:
    """The page of an SPDX identifier; None for what cannot be one."""
    return f"https://spdx.org/licenses/{licence}" if re.fullmatch(r"[A-Za-z0-9.+-]+", licence) else None
