"""Pictures of rows, made small for a page; whatever the files hold, within bounds of memory."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterable, Mapping
from typing import Any

from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.mirror.repositories import Repository

MOST_CHECKED, _MOST_CHECKED_BYTES = 1000, 16 << 20
"""Pictures of a column that are decoded to count the damaged ones, and bytes of them."""

_SIDE = 320
# What is smaller is enlarged by the browser, pixel by pixel.
_MOST_BYTES = 32 << 20
_MOST_PIXELS = 64_000_000


class DamagedPictureError(CorruptFileError):
    """Bytes that should be a picture and cannot be decoded."""


def n_damaged(repository: Repository, values: Iterable[Any]) -> tuple[int, int]:
    """How many pictures are damaged, and how many were looked at: the first ones, so that it takes no long time."""
    n, n_looked, n_bytes = 0, 0, 0
    for value in values:
        content = _content(repository, value)
        if not isinstance(content, bytes):
            continue
        n_bytes += len(content)
        if n_looked >= MOST_CHECKED or (n_looked and n_bytes > _MOST_CHECKED_BYTES):
            break
        n_looked += 1
        n += is_damaged(repository, content)
    return n, n_looked


def is_damaged(repository: Repository, value: Any) -> bool:
    """Whether a value is there, should be a picture, and cannot be decoded."""
    try:
        of(repository, value)
    except DamagedPictureError:
        return True
    except CorruptFileError:
        # Too large a one, or there is nothing that decodes it.
        return False
    return False


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
    DamagedPictureError
        It is no picture that can be decoded.
    CorruptFileError
        It is too large a one, or cannot be read.
    """
    content = _content(repository, value)
    return _small(content) if isinstance(content, bytes) else None


def _content(repository: Repository, value: Any) -> Any:
    """The bytes of a picture, wherever they are."""
    content = value.get("bytes") if isinstance(value, Mapping) else value
    if content is None and isinstance(value, Mapping) and isinstance(value.get("path"), str):
        content = _read(repository, value["path"])
    return content


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
        raise DamagedPictureError(f"A picture cannot be decoded: {type(error).__name__}.") from error
    return written.getvalue()
