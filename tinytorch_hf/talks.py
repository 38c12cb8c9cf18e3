"""TinyTalks' two file formats, JSON lines and Q/A text: bytes to pairs and pairs to bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf.errors import REPAIR_ADVICE, CorruptFileError

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Pair:
    """One question and its answer.

    ==========  ==========================================================
    id          1, 2, 3 ... in the order of the file
    level       1 to 5, easy to hard
    topic       the family it belongs to, such as "colors" or "speed"
    dialogue    number of its dialogue, 0 outside dialogues
    turn        1, 2 ... inside a dialogue, 0 outside
    split       "train", "val" or "test"
    question    one line, printable ASCII
    answer      one line, printable ASCII
    ==========  ==========================================================
    """

    id: int
    level: int
    topic: str
    dialogue: int
    turn: int
    split: str
    question: str
    answer: str


_FIELDS = {field.name: int if field.type == "int" else str for field in fields(Pair)}


def parse_jsonl(data: bytes, path: Path) -> list[Pair]:
    """Read pairs from JSON lines.

    Parameters
    ----------
    data
        The file's content: one JSON object a line with the fields of `Pair` in their order.
    path
        Where it came from, for error messages.

    Raises
    ------
    CorruptFileError
        Names the file, the line and what is wrong with it.
    """
    return [_pair(line, path, number) for number, line in enumerate(_lines(data, path), start=1)]


def _pair(line: str, path: Path, number: int) -> Pair:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _bad_line(path, number, f"this is not JSON ({error})") from None
    if not isinstance(record, dict) or list(record) != list(_FIELDS):
        raise _bad_line(path, number, f"expected an object with the fields {', '.join(_FIELDS)}, in this order")
    for name, kind in _FIELDS.items():
        if type(record[name]) is not kind:
            raise _bad_line(path, number, f"{name} is {record[name]!r}, not of type {kind.__name__}")
    if record["split"] not in SPLITS:
        raise _bad_line(path, number, f"split is {record['split']!r}, not one of {', '.join(SPLITS)}")
    for name in ("topic", "question", "answer"):
        if not record[name].isascii() or not record[name].isprintable() or record[name] != record[name].strip():
            raise _bad_line(path, number, f"{name} is not one stripped line of printable ASCII")
        if not record[name]:
            raise _bad_line(path, number, f"{name} is empty")
    return Pair(**record)


def parse_text(data: bytes, path: Path) -> list[tuple[str, str]]:
    """Read questions and answers from the milestones' text format.

    Parameters
    ----------
    data
        The file's content: a line ``Q: ...``, a line ``A: ...`` and a blank line for each pair.
    path
        Where it came from, for error messages.

    Raises
    ------
    CorruptFileError
        Names the file, the line and what is wrong with it.
    """
    lines = _lines(data, path)
    pairs = []
    for start in range(0, len(lines), 3):
        block = [*lines[start : start + 3], "", "", ""]
        for offset, prefix in enumerate(("Q: ", "A: ")):
            if not block[offset].startswith(prefix) or not block[offset][3:].strip():
                raise _bad_line(path, start + offset + 1, f"expected a line starting with {prefix!r} and a text")
        if block[2]:
            raise _bad_line(path, start + 3, "expected a blank line after the answer")
        pairs.append((block[0][3:], block[1][3:]))
    return pairs


def _lines(data: bytes, path: Path) -> list[str]:
    """Lines of a pure ASCII file with LF line ends; the last line has one as well."""
    for number, line in enumerate(data.split(b"\n"), start=1):
        if b"\r" in line:
            raise _bad_line(path, number, "it has a Windows line end (CR), expected LF alone")
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _bad_line(path, number, f"it is not UTF-8 (byte {error.start + 1} of the line)") from None
        if not line.isascii():
            raise _bad_line(path, number, f"{line.decode('utf-8')!r} has a character outside ASCII")
    text = data.decode("ascii")
    if not text.endswith("\n"):
        raise _bad_line(path, text.count("\n") + 1, "the file ends without a line end; it may be cut off")
    return text[:-1].split("\n")


def _bad_line(path: Path, number: int, problem: str) -> CorruptFileError:
    return CorruptFileError(f"{path}, line {number}: {problem}. {REPAIR_ADVICE}")


def to_jsonl(pairs: Iterable[Pair]) -> bytes:
    """Encode pairs as `parse_jsonl` reads them; the bytes depend on nothing but the pairs."""
    return "".join(json.dumps(asdict(pair), ensure_ascii=True) + "\n" for pair in pairs).encode("ascii")


def to_text(pairs: Iterable[Pair]) -> bytes:
    """Encode questions and answers in the milestones' text format, byte-stable."""
    return "".join(text_of(pair) for pair in pairs).encode("ascii")


def text_of(pair: Pair) -> str:
    """One pair as the milestones feed it to a model: question, answer, blank line."""
    return f"Q: {pair.question}\nA: {pair.answer}\n\n"


def in_split(pairs: Iterable[Pair], split: str) -> list[Pair]:
    """Pairs of one split, in their order."""
    return [pair for pair in pairs if pair.split == split]


def columns(pairs: Sequence[Pair]) -> dict[str, np.ndarray[Any, Any]]:
    """Pairs as NumPy columns without the split: numbers int64, texts fixed-width str."""
    return {
        name: np.array([getattr(pair, name) for pair in pairs], dtype=np.int64 if kind is int else np.str_)
        for name, kind in _FIELDS.items()
        if name != "split"
    }
