"""Pictures of rows, made small for a page; whatever the files hold, within bounds of memory."""

from __future__ import annotations

import functools
import io
from collections.abc import Mapping
from typing import Any

from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.mirror.repositories import Repository

_SIDE = 320
# What is smaller is enlarged by the browser, pixel by pixel.
_MOST_BYTES = 32 << 20
_MOST_PIXELS = 64_000_000


def of(repository: Repository, value: Any) -> bytes | None:
    """A picture as PNG or JPEG, at most 320 pixels wide and high; None where there is none.

    Parameters
    ----------
    repository
        Whose files a path in ``value`` has to be one of.
    value
        Bytes of a picture, or a mapping with ``bytes`` or ``path``, as `datasets` gives it undecoded.

    Raises
    ------
    CorruptFileError
        It is no picture, or too large a one.
    """
    content = value.get("bytes") if isinstance(value, Mapping) else value
    if content is None and isinstance(value, Mapping) and isinstance(value.get("path"), str):
        content = _read(repository, value["path"])
    return _small(content) if isinstance(content, bytes) else None


def _read(repository: Repository, path: str) -> bytes | None:
    """A served file; no other, whatever a table of pictures names."""
    stored = next((one for one in repository.main.files.values() if str(one.place) == path), None)
    if stored is None or stored.size_bytes > _MOST_BYTES:
        return None
    try:
        with stored.place.open("rb") as stream:
            return stream.read(_MOST_BYTES)
    except OSError as error:
        raise CorruptFileError(f"A picture cannot be read: {error.strerror or error}.") from error


@functools.lru_cache(maxsize=512)
def _small(content: bytes) -> bytes:
    try:
        from PIL import Image
    except ImportError as error:
        raise CorruptFileError("Pillow is not installed where the mirror runs, so no pictures are shown.") from error
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise CorruptFileError(f"A picture of {image.width} x {image.height} pixels is too large to be shown.")
            is_photograph = image.format == "JPEG"
            image.draft("RGB", (_SIDE, _SIDE))
            shown = image.convert(
                image.mode if image.mode in ("L", "RGB", "RGBA") else "RGBA" if "A" in image.mode else "RGB"
            )
            shown.thumbnail((_SIDE, _SIDE))
            written = io.BytesIO()
            shown.save(written, *(("JPEG",) if is_photograph else ("PNG",)))
    except CorruptFileError:
        raise
    except Exception as error:
        # Whatever Pillow makes of bytes that are no picture.
        raise CorruptFileError(f"A picture cannot be decoded: {type(error).__name__}.") from error
    return written.getvalue()
