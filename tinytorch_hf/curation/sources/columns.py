"""Columns of Arrow tables: which hold images, texts or labels, and how they become samples.

Pixels that are stored as numbers go from Arrow to NumPy and are never Python objects.
"""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.curation.batch import label_of
from tinytorch_hf.curation.options import option
from tinytorch_hf.curation.source import Kind
from tinytorch_hf.errors import InvalidArgumentError, printable
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.formats.strict_json import parse_json

_BYTE = 255
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
    return [Column(field.name, "class" if field.name in named else _holds(field.type)) for field in schema]


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


def _holds(kind: Any) -> str:
    """What a column of an Arrow type holds."""
    from pyarrow import types

    kind = getattr(kind, "storage_type", kind)
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_struct(kind):
        return "image" if "bytes" in {field.name for field in kind} else "other"
    if types.is_binary(kind) or types.is_large_binary(kind) or _is_list(kind):
        while _is_list(kind):
            kind = kind.value_type
        return "image" if not types.is_string(kind) and not types.is_struct(kind) else "other"
    if types.is_string(kind) or types.is_large_string(kind):
        return "text"
    return "number" if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) else "other"


def _is_list(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def labels(column: Any, names: Sequence[str] | None) -> list[str | None]:
    """Each label of an Arrow column as text; None where there is none.

    Raises
    ------
    ValueError
        The column holds what is no label, such as lists.
    """
    from pyarrow import types

    kind = column.type.value_type if types.is_dictionary(column.type) else column.type
    if not (types.is_null(kind) or _holds(kind) in ("number", "text")):
        raise ValueError(f"its labels are {kind}, and not one text or number a row")
    if _is_json(kind):
        values = _of_json(column)
        if any(isinstance(value, (dict, list)) for value in values):
            raise ValueError("some of its labels are objects or lists, and not one text or number a row")
        return [_named(value, names) for value in values]
    found: list[str | None] = []
    for chunk in column.chunks:
        # There are few labels and many rows: each label becomes a text once.
        coded = chunk if types.is_dictionary(chunk.type) else chunk.dictionary_encode()
        known = np.array([_named(value, names) for value in coded.dictionary.to_pylist()], dtype=object)
        codes = coded.indices
        if codes.null_count:
            found += [None if code is None else known[code] for code in codes.to_pylist()]
        else:
            found += known[_flat(codes)].tolist()
    return found


def _named(value: Any, names: Sequence[str] | None) -> str | None:
    """A label as text, where names are given by its number; what is no whole number has none, whatever a card says."""
    if names is None or not (value is None or type(value) is int):
        return label_of(value)
    return names[value] if value is not None and 0 <= value < len(names) else None


def samples(columns: Sequence[Any]) -> Any:
    """Samples of an Arrow column: texts, bytes of image files, or numbers as arrays; of many columns, rows of pixels.

    Where a row has none, or only the path of an image file, it is None: nothing outside the source is read.

    Raises
    ------
    ValueError
        The column holds what is no sample, such as objects without bytes.
    """
    import pyarrow as pa
    from pyarrow import compute

    if len(columns) > 1:
        values = np.stack([column.to_numpy() for column in columns], axis=1)
        return _levels(_square(values))
    array = columns[0]
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if _is_json(array.type):
        return _of_json(array)
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_struct(array.type):
        if array.type.get_field_index("bytes") < 0:
            raise ValueError(f"its samples are {array.type}, without the bytes of an image file")
        # As Hugging Face's library keeps images.
        array = array.field("bytes") if not array.null_count else compute.struct_field(array, "bytes")
    return list(_arrays(array)) if _is_list(array.type) and _is_ragged(array) else _values(array)


def _is_json(kind: Any) -> bool:
    """Whether values are written as JSON: so `datasets` reads a field that has several types."""
    return "json" in str(getattr(kind, "extension_name", ""))


def _of_json(column: Any) -> list[Any]:
    values = column.to_pylist()
    return [None if one is None else parse_json(one, with_infinity=True, long_number=float) for one in values]


def _values(array: Any) -> Any:
    if not _is_list(array.type):
        return array.to_pylist()
    return _levels(_square(_numbers(array)))


def _is_ragged(array: Any) -> bool:
    """Whether rows are missing, or have more values than others, at any depth."""
    from pyarrow import compute

    while _is_list(array.type):
        lengths = compute.list_value_length(array)
        if array.null_count or compute.count_distinct(lengths).as_py() > 1:
            return True
        array = array.flatten()
    return False


def _arrays(array: Any) -> Iterator[Any]:
    """Each row alone."""
    for row in array:
        inner = row.values
        if inner is None or not len(inner) or (_is_list(inner.type) and _is_ragged(inner)):
            yield None
            continue
        values = _numbers(inner)
        yield _levels(_square(values[None]))[0]


def _numbers(array: Any) -> Array:
    """Nested lists of equal lengths as an array; a number that is missing is NaN."""
    shape = [len(array)]
    while _is_list(array.type):
        flat = array.flatten()
        shape.append(len(flat) // max(len(array), 1))
        array = flat
    return _flat(array).reshape(shape)


def _flat(array: Any) -> Array:
    """An Arrow array of numbers as NumPy's; a number that is missing is NaN.

    Where none is, the values are taken from where they are: Arrow's own way looks for pandas first, and a second is
    lost in each process where it is there.
    """
    from pyarrow import types

    if array.null_count or not len(array) or not (types.is_integer(array.type) or types.is_floating(array.type)):
        values: Array = array.to_numpy(zero_copy_only=False)
        return values
    dtype = np.dtype({"halffloat": "f2", "float": "f4", "double": "f8"}.get(str(array.type), str(array.type)))
    return np.frombuffer(array.buffers()[1], dtype, len(array), array.offset * dtype.itemsize)


def indices(places: Array) -> Any:
    """Whole numbers as an Arrow array, again without looking for pandas."""
    import pyarrow as pa

    return pa.Array.from_buffers(pa.int64(), len(places), [None, pa.py_buffer(places.astype(np.int64))])


def _square(values: Array) -> Array:
    """Rows of a square number of pixels as square images."""
    side = round(float(np.sqrt(values.shape[-1])))
    is_flat = values.ndim == 2 and side * side == values.shape[-1]
    return values.reshape(-1, side, side) if is_flat else values


def _levels(values: Array) -> Any:
    """Whole numbers up to 255 as bytes, each image for itself: JSON and CSV know no types."""
    if values.dtype in (np.uint8, np.uint16) or not np.issubdtype(values.dtype, np.integer) or not values.size:
        return values
    inner = tuple(range(1, values.ndim))
    is_byte = (values.min(axis=inner) >= 0) & (values.max(axis=inner) <= _BYTE)
    if is_byte.all():
        return values.astype(np.uint8)
    return [value.astype(np.uint8) if fits else value for value, fits in zip(values, is_byte, strict=True)]
