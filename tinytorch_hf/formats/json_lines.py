"""Records as JSON lines in pure ASCII: a frozen dataclass a line, read back strictly."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tinytorch_hf.errors import REPAIR_ADVICE, CorruptFileError
from tinytorch_hf.formats.arrays import Array

Record = TypeVar("Record")


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
        Names the file, the line and what is wrong with it.
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
    return records


def _values(line: str, types: dict[str, type]) -> dict[str, Any]:
    """The fields of one line; ValueError says what is wrong."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"this is not JSON ({error})") from None
    if not isinstance(values, dict) or list(values) != list(types):
        raise ValueError(f"expected an object with the fields {', '.join(types)}, in this order")
    for name, type_ in types.items():
        if type(values[name]) is not type_:
            raise ValueError(f"{name} is {values[name]!r}, not of type {type_.__name__}")
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
        raise bad_line(path, number, f"{text!r} has a character outside ASCII", advice)
    text = data.decode("ascii")
    if not text.endswith("\n"):
        n_lines = text.count("\n") + 1
        raise bad_line(path, n_lines, "the file ends without a line end; it may be cut off", advice)
    return text[:-1].split("\n")


def bad_line(path: Path, number: int, problem: str, advice: str = REPAIR_ADVICE) -> CorruptFileError:
    """The error for one line of a file."""
    return CorruptFileError(f"{path}, line {number}: {problem}. {advice}")
