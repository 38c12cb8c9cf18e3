"""What the front page says of files without facts: how many rows of what, and some pictures; looked at once."""

from __future__ import annotations

import io
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.mirror import rows, thumbnails
from tinytorch_hf.mirror.repositories import Repository
from tinytorch_hf.mirror.rows import Part

_ACROSS, _DOWN, _TILE = 4, 2, 160


@dataclass(frozen=True)
class Glimpse:
    """The rows in words, the names of the columns, and a picture of some pictures as JPEG, or nothing."""

    words: str
    columns: tuple[str, ...]
    sheet: bytes


_known: dict[rows.Key, Glimpse] = {}


def known(repository: Repository) -> Glimpse | None:
    """What was seen of a repository, if it was looked at."""
    return _known.get(rows.Key(repository))


def look(repository: Repository) -> None:
    """Look at a repository; where nothing can be seen, nothing is kept."""
    try:
        config, split = rows.first(repository)
        part = rows.part(repository, config, split)
        words = f"{'' if part.is_whole else 'More than '}{len(part.rows):,} rows in {split}."
        sheet = _sheet(repository, part)
    except CorruptFileError:
        return
    _known[rows.Key(repository)] = Glimpse(words, tuple(column.name for column in part.columns), sheet)


def look_at_all(repositories: Iterable[Repository]) -> threading.Thread:
    """Look at what has no facts, one after the other, in a thread that ends with the process."""
    wanted = [one for one in repositories if one.dataset is None and known(one) is None]
    thread = threading.Thread(target=lambda: deque(map(look, wanted), 0), name="looking", daemon=True)
    thread.start()
    return thread


def _sheet(repository: Repository, part: Part) -> bytes:
    """Pictures from all over the rows, beside and below each other, as JPEG; b"" if there are none."""
    column = next((one.name for one in part.columns if one.kind == "image"), None)
    if column is None or not part.rows:
        return b""
    from PIL import Image

    wanted = min(_ACROSS * _DOWN, len(part.rows))
    # Every class is somewhere in the order of the rows, so not those at the beginning alone.
    places = [len(part.rows) * number // wanted for number in range(wanted)]
    sheet = Image.new("RGB", (_ACROSS * _TILE, -(-wanted // _ACROSS) * _TILE), "white")
    for number, place in enumerate(places):
        value = part.rows[place].get(column)
        # One that is damaged leaves its place empty.
        content = None if thumbnails.is_damaged(repository, value) else thumbnails.of(repository, value)
        if content is None:
            continue
        with Image.open(io.BytesIO(content)) as image:
            tile = _cropped(image.convert("RGB"))
        sheet.paste(tile, (number % _ACROSS * _TILE, number // _ACROSS * _TILE))
    written = io.BytesIO()
    sheet.save(written, "JPEG", quality=85)
    return written.getvalue()


def _cropped(image: Any) -> Any:
    """The middle of an image as a square tile; small ones keep their pixels."""
    from PIL import Image

    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    how = Image.Resampling.NEAREST if side < 64 else Image.Resampling.LANCZOS
    return image.crop((left, top, left + side, top + side)).resize((_TILE, _TILE), how)
