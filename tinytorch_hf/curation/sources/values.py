"""Values of Arrow columns as samples and labels; how a table is cut into pieces changes none of them.

Pixels that are stored as numbers go from Arrow to NumPy and are never Python objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.curation.batch import label_of
from tinytorch_hf.curation.sources.columns import holds, is_list
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.formats.strict_json import parse_json

_BYTE = 255


def labels(column: Any, names: Sequence[str] | None) -> list[str | None]:
    """Each label of an Arrow column as text; None where there is none.

    Raises
    ------
    ValueError
        The column holds what is no label, such as lists.
    """
    from pyarrow import types

    kind = column.type.value_type if types.is_dictionary(column.type) else column.type
    if not (types.is_null(kind) or holds(kind) in ("number", "text")):
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
        return _of_many(columns)
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
    return list(_arrays(array)) if is_list(array.type) and _is_ragged(array) else _values(array)


def _of_many(columns: Sequence[Any]) -> Any:
    """Rows of pixels, a column each. A number that is missing is NaN in its own row, and changes no other."""
    from pyarrow import compute

    if not any(column.null_count for column in columns):
        return _levels(_square(np.stack([column.to_numpy() for column in columns], axis=1)))
    present = np.stack([compute.is_valid(column).to_numpy() for column in columns], axis=1)
    values = _square(np.stack([compute.fill_null(column, 0).to_numpy() for column in columns], axis=1))
    rows = list(_levels(values))
    for row in np.flatnonzero(~present.all(axis=1)):
        rows[row] = np.where(present[row].reshape(values.shape[1:]), values[row], np.nan)
    return rows


def _is_json(kind: Any) -> bool:
    """Whether values are written as JSON: so `datasets` reads a field that has several types."""
    return "json" in str(getattr(kind, "extension_name", ""))


def _of_json(column: Any) -> list[Any]:
    values = column.to_pylist()
    return [None if one is None else parse_json(one, with_infinity=True, long_number=float) for one in values]


def _values(array: Any) -> Any:
    if not is_list(array.type):
        return array.to_pylist()
    return _levels(_square(_numbers(array)))


def _is_ragged(array: Any) -> bool:
    """Whether rows or numbers are missing, or rows have more values than others, at any depth.

    Each row is then read alone, so that none changes what another one is read as.
    """
    if _is_uneven(array):
        return True
    while is_list(array.type):
        array = array.flatten()
    return bool(array.null_count)


def _is_uneven(array: Any) -> bool:
    """As `_is_ragged`, but a number may be missing."""
    from pyarrow import compute

    while is_list(array.type):
        if array.null_count or compute.count_distinct(compute.list_value_length(array)).as_py() > 1:
            return True
        array = array.flatten()
    return False


def _arrays(array: Any) -> Iterator[Any]:
    """Each row alone."""
    for row in array:
        inner = row.values
        if inner is None or not len(inner) or (is_list(inner.type) and _is_uneven(inner)):
            yield None
            continue
        values = _numbers(inner)
        yield _levels(_square(values[None]))[0]


def _numbers(array: Any) -> Array:
    """Nested lists of equal lengths as an array; a number that is missing is NaN."""
    shape = [len(array)]
    while is_list(array.type):
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
