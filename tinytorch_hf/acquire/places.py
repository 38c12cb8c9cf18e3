"""Where an archive is asked for: the classroom's mirror first, then the official hosts."""

from __future__ import annotations

import os
from urllib.parse import quote

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
