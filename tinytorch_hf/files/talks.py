"""TinyTalks' two file formats, JSON lines and Q/A text: bytes to pairs and pairs to bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf.formats import json_lines
from tinytorch_hf.formats.arrays import Array

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
    return json_lines.parse(data, path, Pair, _problem)


def _problem(pair: Pair) -> str | None:
    if pair.split not in SPLITS:
        return f"split is {pair.split!r}, not one of {', '.join(SPLITS)}"
    for name in ("topic", "question", "answer"):
        text = getattr(pair, name)
        if not text.isascii() or not text.isprintable() or text != text.strip():
            return f"{name} is not one stripped line of printable ASCII"
        if not text:
            return f"{name} is empty"
    return None


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
    lines = json_lines.ascii_lines(data, path)
    pairs = []
    for start in range(0, len(lines), 3):
        block = [*lines[start : start + 3], "", "", ""]
        for offset, prefix in enumerate(("Q: ", "A: ")):
            if not block[offset].startswith(prefix) or not block[offset][3:].strip():
                raise json_lines.bad_line(
                    path, start + offset + 1, f"expected a line starting with {prefix!r} and a text"
                )
        if block[2]:
            raise json_lines.bad_line(path, start + 3, "expected a blank line after the answer")
        pairs.append((block[0][3:], block[1][3:]))
    return pairs


def to_jsonl(pairs: Iterable[Pair]) -> bytes:
    """Encode pairs as `parse_jsonl` reads them; the bytes depend on nothing but the pairs."""
    return json_lines.encode(pairs)


def to_text(pairs: Iterable[Pair]) -> bytes:
    """Encode questions and answers in the milestones' text format, byte-stable."""
    return "".join(text_of(pair) for pair in pairs).encode("ascii")


def text_of(pair: Pair) -> str:
    """One pair as the milestones feed it to a model: question, answer, blank line."""
    return "".join(parts_of(pair.question, pair.answer))


def parts_of(question: str, answer: str) -> tuple[str, ...]:
    """The same in parts, of which the second and the fourth are the question and the answer."""
    return "Q: ", question, "\nA: ", answer, "\n\n"


def in_split(pairs: Iterable[Pair], split: str) -> list[Pair]:
    """Pairs of one split, in their order."""
    return [pair for pair in pairs if pair.split == split]


def columns(pairs: Sequence[Pair]) -> dict[str, Array]:
    """Pairs as NumPy columns without the split: numbers int64, texts fixed-width str."""
    found = json_lines.columns(Pair, pairs)
    del found["split"]
    return found
