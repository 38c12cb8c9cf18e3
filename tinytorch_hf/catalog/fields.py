"""The fields of ``dataset.json``: of each its type, its default and what it means, in one table.

What reads the file, its messages, and the page "Add a dataset" in CONTRIBUTING.md follow this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SCHEMA = 1
"""The version of the schema that is written, and the only one that is read."""

DTYPES = ("bool", *(f"{sign}int{bits}" for bits in (8, 16, 32, 64) for sign in ("", "u")), "float32", "float64", "str")
"""NumPy dtypes that a column may have; "str" for texts."""

MOST_NUMBER = 2**53
"""The largest whole number that every program which reads JSON keeps exactly."""

REQUIRED: Any = object()
"""The default of a field that must be there."""

TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "text": ((str,), "a text in quotes"),
    "whole number": ((int,), "a whole number"),
    "number": ((int, float), "a number"),
    "object": ((dict,), "an object in braces"),
}
"""What a value may be in Python, and what a message asks to write, by the name of a type; "list of ..." has many."""


@dataclass(frozen=True)
class Field:
    """One field: its type, a name from `TYPES` or a list of one; what it means; its default, and how a table says it.

    A default that follows from other fields is None here.
    """

    type_name: str
    meaning: str
    default: Any = REQUIRED
    shown_default: str = ""

    @property
    def is_list(self) -> bool:
        """Whether the value is a list."""
        return self.type_name.startswith("list of ")

    @property
    def of(self) -> tuple[type, ...]:
        """What the value may be in Python; of a list each of its items."""
        return TYPES[self._item][0]

    @property
    def item_to_write(self) -> str:
        """What a message asks to write for the value; of a list for each of its items."""
        return TYPES[self._item][1]

    @property
    def to_write(self) -> str:
        """What a message asks to write."""
        return f"a list in brackets, each of it {self.item_to_write}" if self.is_list else self.item_to_write

    @property
    def _item(self) -> str:
        return self.type_name.removeprefix("list of ").removesuffix("s") if self.is_list else self.type_name


FIELDS: dict[str, Field] = {
    "schema": Field("whole number", f"the version of this table; write {SCHEMA}"),
    "name": Field(
        "text", "its name in code: small letters, digits and `_`, such as `my_digits`; no built-in dataset's name"
    ),
    "title": Field("text", "the name of its class: letters, digits and `_`", None, "the name as `MyDigits`"),
    "summary": Field("text", "one sentence: how many samples of what"),
    "version": Field("text", "of the content, such as `1.0.0`; a new one whenever a file changes"),
    "kind": Field("text", "what the samples are, from the table of kinds below"),
    "decoder": Field("text", "how the files become columns, from the table of kinds below"),
    "splits": Field("list of objects", "the splits, in their order, each with the fields `splits[]`"),
    "columns": Field("list of objects", "the columns, in their order, each with the fields `columns[]`"),
    "value_range": Field(
        "list of numbers",
        "the lowest and the highest value that the first column of numbers may have",
        None,
        "images: the range of their dtype; texts: `[0, 0]`, which is ignored",
    ),
    "classes": Field("list of texts", "what the labels 0, 1, 2 ... stand for; needed where there are labels", ()),
    "license": Field("text", "an SPDX identifier such as `CC-BY-4.0`, or `not stated`"),
    "license_note": Field("text", "what else a user has to know about it", ""),
    "source": Field("text", "where the samples come from"),
    "source_url": Field("text", "a page about that, with `https://` or `http://`", ""),
    "citation": Field("text", "what to cite, in one line", ""),
    "creator": Field("text", "who made it", "", "the owner of the namespace"),
    "pixel_steps": Field(
        "whole number",
        "n, from 1 to 255, if grey float images are whole multiples of 1/n from 0 to 1; they are stored as PNG",
        0,
        "images of floats are stored as arrays",
    ),
    "other_files": Field(
        "list of objects", "files that hold no split, such as a licence, with the fields `files[]`", ()
    ),
    "fingerprint": Field("text", "what `tinytorch_hf.fingerprint` gives; checked if it is given", ""),
    "namespace": Field("text", "its owner on Hugging Face's Hub", "local"),
    "published": Field("text", "the day on which this version was first given out, such as `2026-11-21`", ""),
    "languages": Field("list of texts", "codes of the languages that it is in, such as `en`", ()),
    "keywords": Field("list of texts", "words for searches", ()),
    "splits[].name": Field("text", "such as `train`: letters, digits and `_`"),
    "splits[].n_samples": Field("whole number", "how many samples it has, at least 1"),
    "splits[].files": Field("list of objects", "the files that hold it, each with the fields `files[]`"),
    "columns[].name": Field("text", "letters, digits and `_`"),
    "columns[].dtype": Field("text", f"one of {', '.join(f'`{dtype}`' for dtype in DTYPES)}; `str` for texts"),
    "columns[].shape": Field("list of whole numbers", "the shape of one sample, `[]` for one value", ()),
    "columns[].description": Field("text", "what the values mean", ""),
    "columns[].names": Field("list of texts", "what whole numbers stand for, such as easy, medium, hard", ()),
    "columns[].lowest": Field("whole number", "the number that the first of the names stands for", 0),
    "files[].name": Field("text", "its path inside the folder, with `/`"),
    "files[].size_bytes": Field("whole number", "how many bytes it has"),
    "files[].sha256": Field("text", "its SHA-256: 64 hexadecimal digits in small letters, as `sha256sum` prints it"),
}
"""Every field by its place: those of the file itself, of a split, of a column, and of a file that is named."""


def fields_of(group: str) -> tuple[str, ...]:
    """The fields that an object may have: of the file itself for "", or of ``splits[]``, ``columns[]``, ``files[]``."""
    prefix = f"{group}." if group else ""
    return tuple(
        place.removeprefix(prefix) for place in FIELDS if place.startswith(prefix) and "." not in place[len(prefix) :]
    )
