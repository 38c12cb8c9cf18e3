"""Values of a table's cells as JSON, as the Hub's viewer writes them: pictures and sounds become addresses."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping
from typing import Any

from tinytorch_hf.mirror.features import Feature

# Where in a cell something stands: its position in each of the lists and structures around it.
Place = tuple[int, ...]

# What a page and a programme get of one text or list; the file itself has the rest.
MAX_TEXT = 50_000
MAX_ITEMS = 10_000
_MAX_DEPTH = 30
_WITH_FILES = ("Image", "Audio")
_SIGNATURES = (
    *((b"\x89PNG\r\n\x1a\n", 0, "image/png"), (b"\xff\xd8\xff", 0, "image/jpeg"), (b"GIF8", 0, "image/gif")),
    *((b"WEBP", 8, "image/webp"), (b"BM", 0, "image/bmp"), (b"WAVE", 8, "audio/wav"), (b"fLaC", 0, "audio/flac")),
    *((b"OggS", 0, "audio/ogg"), (b"ID3", 0, "audio/mpeg"), (b"\xff\xfb", 0, "audio/mpeg")),
)
_PICTURE_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")


def media_type(content: bytes) -> str:
    """What a picture or a sound is, by its first bytes; "" for anything else."""
    for signature, start, kind in _SIGNATURES:
        if content[start : start + len(signature)] == signature:
            return kind
    return ""


def cell(value: Any, feature: Feature, address: str) -> tuple[Any, bool]:
    """A value as JSON, and whether something was left out of it.

    Parameters
    ----------
    value
        As `tinytorch_hf.mirror.viewer.Table.rows` gives it.
    feature
        The feature of its column.
    address
        Of a picture or a sound that is the cell; of one in a list, its place is added: ``-3``.
    """
    writer = _Writer(address)
    return writer.write(value, feature, ()), writer.is_cut


class _Writer:
    def __init__(self, address: str) -> None:
        self._address = address
        self._items = 0
        self.is_cut = False

    def write(self, value: Any, feature: Feature, place: Place) -> Any:
        if isinstance(feature, Mapping) and feature.get("_type") in _WITH_FILES and isinstance(value, Mapping):
            return self._file(value, place)
        if isinstance(value, str):
            return self._cut(value)
        if isinstance(value, (bytes, bytearray)):
            return self._cut(base64.b64encode(value[: MAX_TEXT + 1]).decode("ascii"))
        if value is None or isinstance(value, (bool, int, float)):
            return None if isinstance(value, float) and not math.isfinite(value) else value
        if isinstance(value, (list, tuple, Mapping)):
            return self._several(value, feature, place)
        # Dates, times, decimals: JSON has no word for them.
        return self._cut(str(value))

    def _several(self, value: Any, feature: Feature, place: Place) -> Any:
        entries = list(value.items() if isinstance(value, Mapping) else enumerate(value))
        room = max(0, MAX_ITEMS - self._items) if len(place) < _MAX_DEPTH else 0
        self._items += len(entries)
        self.is_cut |= len(entries) > room
        written = {
            key: self.write(one, inner(feature, key), (*place, position))
            for position, (key, one) in enumerate(entries[:room])
        }
        return written if isinstance(value, Mapping) else list(written.values())

    def _cut(self, text: str) -> str:
        self.is_cut |= len(text) > MAX_TEXT
        return text[:MAX_TEXT]

    def _address_of(self, place: Place) -> str:
        return self._address + "".join(f"-{position}" for position in place)

    def _file(self, value: Mapping[str, Any], place: Place) -> Any:
        content = value.get("bytes")
        if not isinstance(content, bytes):
            return None
        kind = media_type(content)
        if kind.startswith("audio/"):
            return [{"src": self._address_of(place), "type": kind}]
        size = _size(content) if kind else None
        return {"src": self._address_of(place), **({"height": size[1], "width": size[0]} if size else {})}


def inner(feature: Feature, key: int | str) -> Feature:
    """The feature of what stands in a list or a structure; None where nothing is known of it."""
    if isinstance(feature, list):
        return feature[0] if feature else None
    if isinstance(feature, Mapping):
        within = feature.get("feature") if "_type" in feature else feature
        # A list of structures may be stored as a structure of lists.
        return within.get(key) if isinstance(key, str) and isinstance(within, Mapping) else within
    return None


def find(value: Any, place: Place) -> Any:
    """What stands at a place in a cell; None where nothing does."""
    for position in place:
        try:
            value = list(value.values())[position] if isinstance(value, Mapping) else value[position]
        except (IndexError, TypeError):
            return None
    return value


def _size(content: bytes) -> tuple[int, int] | None:
    """Width and height of a picture, from its header alone."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=_PICTURE_FORMATS) as picture:
            width, height = picture.size
            return width, height
    except Exception:
        # Whatever its reader stumbles over, the picture is still served.
        return None
