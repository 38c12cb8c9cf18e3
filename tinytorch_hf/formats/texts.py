"""Text files, and texts as a NumPy column."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.formats.arrays import Array

MOST_BYTES = 2**30
"""How much memory a column of texts may take."""


def read_text(data: bytes, path: Path) -> str:
    """The text of a file in UTF-8, unchanged.

    Raises
    ------
    CorruptFileError
        It is not UTF-8: the message says where, or it has a character that NumPy's texts cannot keep.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise CorruptFileError(f"{path}, line {line}: it is not UTF-8 (byte {error.start + 1} of the file).") from None
    return text


def text_column(texts: Sequence[str], path: Path) -> Array:
    """Texts as a column of fixed width, (N,) str.

    Raises
    ------
    CorruptFileError
        A text ends with a NUL, which NumPy would drop, or the column would take more than `MOST_BYTES`.
    """
    for number, text in enumerate(texts, start=1):
        if text.endswith("\0"):
            raise CorruptFileError(f"{path}: text {number} ends with a NUL character, which a column cannot keep.")
    check_memory(texts, path)
    return np.array(texts, dtype=np.str_)


def check_memory(texts: Sequence[str], path: Path, most_bytes: int = MOST_BYTES) -> None:
    """Raise CorruptFileError if texts as a column would take more: each takes as much as the longest."""
    n_bytes = 4 * len(texts) * max(map(len, texts), default=0)
    if n_bytes > most_bytes:
        raise CorruptFileError(
            f"{path}: {len(texts)} texts, the longest of {max(map(len, texts))} characters, would take "
            f"{n_bytes / 1e9:.1f} GB of memory, because each takes as much as the longest. Cut the longest ones."
        )
