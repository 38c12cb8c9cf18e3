"""Names that every system takes for a file: what Linux takes and Windows refuses would reach only a part of a class."""

from __future__ import annotations

# What Windows takes for a device, whatever comes behind a dot.
DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{device}{number}" for device in ("com", "lpt") for number in range(10)}
)
_REFUSED = frozenset('<>:"|?*\\')


def is_device(name: str) -> bool:
    """Whether Windows takes a name, of a file or of a folder, for a device."""
    return name.partition(".")[0].rstrip(" ").lower() in DEVICES


def is_portable(name: str) -> bool:
    """Whether every system takes a name, without a slash, for that of a file, and for no other one."""
    # Windows drops dots and spaces at the end.
    return not (_REFUSED.intersection(name) or is_device(name) or name.endswith((".", " ")))
