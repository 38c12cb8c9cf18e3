"""Where an archive is asked for: the classroom's mirror first, then the official hosts; no password is ever shown."""

from __future__ import annotations

import os
from urllib.parse import quote, urlsplit

from tinytorch_hf.catalog import Archive

MIRROR_VARIABLE = "TINYTORCH_HF_MIRROR"


def on_mirror(dataset_name: str, archive: Archive) -> str:
    """Path under which a mirror serves an archive."""
    return f"/archives/{quote(dataset_name)}/{quote(archive.file.name)}"


def addresses(dataset_name: str, archive: Archive) -> list[str]:
    """Addresses of an archive, in the order in which they are tried."""
    mirror = os.environ.get(MIRROR_VARIABLE, "").strip().rstrip("/")
    first = [mirror + on_mirror(dataset_name, archive)] if mirror else []
    return [*first, *archive.urls]


def shown(address: str) -> str:
    """An address as messages show it: without user name, password and query, which may hold secrets."""
    try:
        parts = urlsplit(address)
        return f"{parts.scheme}://{_host_and_port(address)}{parts.path}"
    except ValueError:
        return "an address that cannot be read"


def host(address: str) -> str:
    """The host of an address, with its port if one is named."""
    try:
        return _host_and_port(address) or "an address without a host"
    except ValueError:
        return "an address that cannot be read"


def _host_and_port(address: str) -> str:
    return urlsplit(address).netloc.rpartition("@")[2]
