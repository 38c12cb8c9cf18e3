"""Records as JSON lines: frozen dataclasses in pure ASCII, or columns of numbers and texts; read back strictly."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tinytorch_hf.errors import REPAIR_ADVICE, CorruptFileError
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.formats.strict_json import JsonError, decimal, parse_json
from tinytorch_hf.formats.texts import check_memory, read_text, text_column

Record = TypeVar("Record")

MOST_BYTES = 2**28
"""How much memory a field of records may take as a column: records are small, and a short file must not become long."""


def field_types(kind: type[Any]) -> dict[str, type]:
    """Fields of a dataclass that has numbers and texts, with their types, int or str, in order."""
    return {field.name: int if field.type == "int" else str for field in fields(kind)}


def columns(kind: type[Any], records: Sequence[Any]) -> dict[str, Array]:
    """Records of a dataclass as NumPy columns: numbers int64, texts fixed-width str."""
    return {
        name: np.array([getattr(record, name) for record in records], dtype=np.int64 if of is int else np.str_)
        for name, of in field_types(kind).items()
    }


def encode(records: Iterable[Any]) -> bytes:
    """Dataclass records as `parse` reads them; the bytes depend on nothing but the records."""
    return "".join(json.dumps(asdict(record), ensure_ascii=True) + "\n" for record in records).encode("ascii")


def parse(
    data: bytes,
    path: Path,
    kind: type[Record],
    problem_of: Callable[[Record], str | None],
    advice: str = REPAIR_ADVICE,
) -> list[Record]:
    """Read records from JSON lines.

    Parameters
    ----------
    data
        The file's content: one JSON object a line, with the fields of ``kind`` in their order.
    path
        Where it came from, for error messages.
    kind
        The dataclass of a record; its fields are int or str.
    problem_of
        Says what is wrong with a record of the right types, or None.
    advice
        What to do about a damaged file; it ends the error message.

    Raises
    ------
    CorruptFileError
        Names the file, the line and what is wrong with it; or the texts of a field would take too much memory as a
        column.
    """
    types = field_types(kind)
    records = []
    for number, line in enumerate(ascii_lines(data, path, advice), start=1):
        try:
            record = kind(**_values(line, types))
        except ValueError as error:
            raise bad_line(path, number, str(error), advice) from None
        problem = problem_of(record)
        if problem:
            raise bad_line(path, number, problem, advice)
        records.append(record)
    for name, of in types.items():
        if of is str:
            check_memory([getattr(record, name) for record in records], path, MOST_BYTES)
    return records


_MOST_SHOWN = 100
_LONGEST_PROBLEM = 400

_PYTHON_TYPES: dict[str, tuple[type, ...]] = {"str": (str,), "i": (int,), "u": (int,), "f": (int, float), "b": (bool,)}


def read_columns(data: bytes, path: Path, dtypes: Mapping[str, str], advice: str = REPAIR_ADVICE) -> dict[str, Array]:
    """Read columns from JSON lines in UTF-8.

    Parameters
    ----------
    data, path
        The file's content: one JSON object a line, which has a value for each column; where it came from.
    dtypes
        NumPy's name of each column's dtype; "str" for texts.
    advice
        What to do about a damaged file; it ends the error message.

    Returns
    -------
    dict of str to ndarray
        A column (N,) for each name.

    Raises
    ------
    CorruptFileError
        Names the file, the line and what is wrong with it.
    """
    values: dict[str, list[Any]] = {name: [] for name in dtypes}
    lines = read_text(data, path).split("\n")
    if lines.pop():
        raise bad_line(path, len(lines) + 1, "the file ends without a line end; it may be cut off", advice)
    for number, line in enumerate(lines, start=1):
        try:
            record = _object(line)
            if set(record) != set(dtypes):
                raise ValueError(f"expected an object with the fields {', '.join(dtypes)}")
            for name, dtype in dtypes.items():
                values[name].append(_value(name, record[name], dtype))
        except ValueError as error:
            raise bad_line(path, number, str(error), advice) from None
    return {
        name: text_column(values[name], path) if dtype == "str" else np.array(values[name], dtype=dtype)
        for name, dtype in dtypes.items()
    }


def write_columns(columns: Mapping[str, Array]) -> bytes:
    """Encode columns (N,) as `read_columns` reads them, in pure ASCII; the bytes depend on nothing but the columns."""
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return "".join(json.dumps(dict(zip(columns, row, strict=True))) + "\n" for row in rows).encode("ascii")


def _value(name: str, value: Any, dtype: str) -> Any:
    """A value that its column's dtype keeps as it is; ValueError if it does not."""
    kind = dtype if dtype == "str" else np.dtype(dtype).kind
    if type(value) not in _PYTHON_TYPES[kind]:
        raise ValueError(f"{name} is {_shown(value)}, which is not {'a text' if kind == 'str' else dtype}")
    if kind in "iu" and not np.iinfo(dtype).min <= value <= np.iinfo(dtype).max:
        raise ValueError(f"{name} is {_shown(value)}, which {dtype} cannot hold")
    # Compared as Python compares them, exactly and whatever their size; infinity itself is a value of floats.
    if kind == "f" and float(np.finfo(dtype).max) < abs(value) != math.inf:
        raise ValueError(f"{name} is larger than {dtype} can hold")
    return value


def _object(line: str) -> dict[str, Any]:
    try:
        # What is no number of its column is refused by the column's name.
        values = parse_json(line, with_infinity=True, long_number=decimal)
    except JsonError as error:
        raise ValueError(error.whole.replace("line 1, column", "column")) from None
    if not isinstance(values, dict):
        raise ValueError(f"expected a JSON object, got {type(values).__name__}")
    return values


def _values(line: str, types: dict[str, type]) -> dict[str, Any]:
    """The fields of one line; ValueError says what is wrong."""
    values = _object(line)
    if list(values) != list(types):
        raise ValueError(f"expected an object with the fields {', '.join(types)}, in this order")
    for name, type_ in types.items():
        if type(values[name]) is not type_:
            raise ValueError(f"{name} is {_shown(values[name])}, not of type {type_.__name__}")
    return values


def ascii_lines(data: bytes, path: Path, advice: str = REPAIR_ADVICE) -> list[str]:
    """Lines of a pure ASCII file with LF line ends; the last line has one as well.

    Raises
    ------
    CorruptFileError
        Names the file and the line that is otherwise.
    """
    for number, line in enumerate(data.split(b"\n"), start=1):
        if b"\r" in line:
            raise bad_line(path, number, "it has a Windows line end (CR), expected LF alone", advice)
        if line.isascii():
            continue
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise bad_line(path, number, f"it is not UTF-8 (byte {error.start + 1} of the line)", advice) from None
        raise bad_line(path, number, f"{_shown(text)} has a character outside ASCII", advice)
    text = data.decode("ascii")
    if not text.endswith("\n"):
        n_lines = text.count("\n") + 1
        raise bad_line(path, n_lines, "the file ends without a line end; it may be cut off", advice)
    return text[:-1].split("\n")


def _shown(value: Any) -> str:
    """A value in a message, which stays short."""
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def bad_line(path: Path, number: int, problem: str, advice: str = REPAIR_ADVICE) -> CorruptFileError:
    """The error for one line of a file; the problem is cut short if it quotes a long value."""
    if len(problem) > _LONGEST_PROBLEM:
        problem = f"{problem[:_LONGEST_PROBLEM]}..."
    return CorruptFileError(f"{path}, line {number}: {problem}. {advice}")
