"""Columns of Arrow tables: which hold images, texts or labels."""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tinytorch_hf.curation.options import option
from tinytorch_hf.curation.source import Kind
from tinytorch_hf.errors import InvalidArgumentError, printable
from tinytorch_hf.formats.strict_json import parse_json

_LONGEST_NAME = 60
_FEWEST_PIXELS = 16
# What columns are called where several come into question.
_IMAGES, _TEXTS, _LABELS = ("image", "images"), ("text", "txt"), ("label", "labels", "cls")


@dataclass(frozen=True)
class Column:
    """A column of a source.

    Attributes
    ----------
    name
        What it is called.
    holds
        "image", "text", "number" (one value a row), "class" (a number with names), or "other".
    """

    name: str
    holds: str


@dataclass(frozen=True)
class Roles:
    """Which columns are used: that of the sample, which may be a pattern with ``*`` for many, and that of the label."""

    kind: Kind
    sample: str
    label: str


def columns_of(schema: Any) -> list[Column]:
    """The columns of an Arrow schema."""
    named = names_of_classes(schema)
    return [Column(field.name, "class" if field.name in named else holds(field.type)) for field in schema]


def names_of_classes(schema: Any) -> dict[str, Sequence[str]]:
    """What numbers stand for, by column, as Hugging Face's library writes it into the files."""
    try:
        features = parse_json((schema.metadata or {})[b"huggingface"])["info"]["features"]
        found = {name: one["names"] for name, one in features.items() if one.get("_type") == "ClassLabel"}
        return {name: one for name, one in found.items() if type(one) is list and all(type(x) is str for x in one)}
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


def roles(where: str, columns: Sequence[Column], image: str | None, text: str | None, label: str | None) -> Roles:
    """Which columns are used: those that were named, else the only ones that come into question.

    Of several that do, the one that has a usual name, such as image, text or label.

    Parameters
    ----------
    where
        The source, for messages.
    columns
        What there is.
    image, text, label
        As the user named them.

    Raises
    ------
    InvalidArgumentError
        There is no such column, or none or several come into question: the message lists what there is.
    """
    if image is not None and text is not None:
        raise InvalidArgumentError("Samples are images or texts, not both. Leave out image or text.")
    shown = [column for column in columns if not column.name.startswith("__")]
    names = [column.name for column in columns]
    twice = next((name for name, n in Counter(names).items() if n > 1), None)
    if twice is not None:
        raise InvalidArgumentError(f"{where} has several columns {_word(twice)}. Give each a name of its own.")
    for name, given in (("image", image), ("text", text), ("label", label)):
        if given is not None and not matching(names, given):
            raise InvalidArgumentError(f"{where} has no column {given}. {_listed(shown)} Name one with {option(name)}.")
    if image is not None or text is not None:
        sample, kind = (image, "images") if image is not None else (text, "texts")
    else:
        sample, kind = _sample(where, shown, label), "images"
        if sample in {column.name for column in shown if column.holds == "text"}:
            kind = "texts"
    left = [column for column in shown if column.name != sample]
    if label is None:
        label = _label(where, left, sample or "")
    return Roles("images" if kind == "images" else "texts", sample or "", label)


def matching(names: Sequence[str], pattern: str) -> list[str]:
    """The columns that a name or a pattern with ``*`` stands for, in their order."""
    return [pattern] if pattern in names else fnmatch.filter(names, pattern) if "*" in pattern else []


def pixels_of(names: Sequence[str], roles: Roles) -> list[str]:
    """The columns that hold the sample; of many, the label is none."""
    found = matching(names, roles.sample)
    return found if len(found) == 1 else [name for name in found if name != roles.label]


def _sample(where: str, columns: Sequence[Column], label: str | None) -> str:
    others = [column for column in columns if column.name not in ((label,) if label else _LABELS)]
    for holds in ("image", "text"):
        found = [column.name for column in others if column.holds == holds]
        best = _best(found, _IMAGES if holds == "image" else _TEXTS)
        if len(best) == 1:
            return best[0]
        if found:
            raise InvalidArgumentError(
                f"{where}: several columns may hold the samples: {_words(found)}. Name one with {option(holds)}."
            )
    numbers = [column.name for column in others if column.holds == "number"]
    if len(numbers) >= _FEWEST_PIXELS and round(len(numbers) ** 0.5) ** 2 == len(numbers):
        return "*"
    raise InvalidArgumentError(
        f"{where}: no column holds images or texts. {_listed(columns)} Name it with {option('image')} or "
        f"{option('text')}; a pattern such as 'pixel*' names many columns of one pixel each."
    )


def _label(where: str, columns: Sequence[Column], sample: str) -> str:
    if "*" in sample:
        columns = [column for column in columns if column.name in _LABELS] or columns
    found: list[str] = []
    for wanted in (("class",), ("number", "text")):
        found = [column.name for column in columns if column.holds in wanted]
        best = _best(found, _LABELS)
        if len(best) == 1:
            return best[0]
        if found:
            break
    raise InvalidArgumentError(
        f"{where}: {'several columns' if found else 'no column'} may hold the labels. {_listed(columns)} "
        f"Name it with {option('label')}."
    )


def _best(found: list[str], usual: Sequence[str]) -> list[str]:
    """Of several columns the one that has a usual name."""
    return found if len(found) < 2 else [name for name in found if name in usual]


def _word(name: str) -> str:
    """A name that a file has, as a message can have it."""
    return printable(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}...")


def _words(names: Sequence[str]) -> str:
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f"{', '.join(map(_word, names[:20]))}{more}"


def _listed(columns: Sequence[Column]) -> str:
    words = [f"{_word(column.name)} ({column.holds})" for column in columns[:20]]
    more = f" and {len(columns) - 20} more" if len(columns) > 20 else ""
    return f"Its columns are {', '.join(words)}{more}." if words else "It has no columns beside."


def holds(kind: Any) -> str:
    """What a column of an Arrow type holds."""
    from pyarrow import types

    kind = getattr(kind, "storage_type", kind)
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_struct(kind):
        return "image" if "bytes" in {field.name for field in kind} else "other"
    if types.is_binary(kind) or types.is_large_binary(kind) or is_list(kind):
        while is_list(kind):
            kind = kind.value_type
        return "image" if not types.is_string(kind) and not types.is_struct(kind) else "other"
    if types.is_string(kind) or types.is_large_string(kind):
        return "text"
    return "number" if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) else "other"


def is_list(kind: Any) -> bool:
    """Whether values of an Arrow type are lists."""
    from pyarrow import types

    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))
