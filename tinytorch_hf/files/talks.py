"""TinyTalks' two file formats, JSON lines and Q/A text: bytes to pairs and pairs to bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    topic       what it is about, such as "planets" or "speed"
    dialogue    number of its dialogue, 0 outside dialogues
    turn        1, 2 ... inside a dialogue, 0 outside
    split       "train", "val" or "test"
    question    one line, printable ASCII
    answer      one line, printable ASCII
    formula     what is computed, such as "120 / 2"; "" where nothing is
    source      where the fact can be looked up; "" where there is none
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
    formula: str
    source: str


@dataclass(frozen=True)
class Turn:
    """A question and its answer as the text has them, and which turn of a dialogue they are; 0 outside dialogues."""

    question: str
    answer: str
    turn: int


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
    for name in ("topic", "question", "answer", "formula", "source"):
        text = getattr(pair, name)
        if not text.isascii() or not text.isprintable() or text != text.strip():
            return f"{name} is not one stripped line of printable ASCII"
        if not text and name not in ("formula", "source"):
            return f"{name} is empty"
    return None


def parse_text(data: bytes, path: Path) -> list[Turn]:
    """Read questions and answers from the milestones' text format.

    Parameters
    ----------
    data
        The file's content: a line ``Q: ...`` and a line ``A: ...`` for each pair. A blank line ends a conversation;
        where another question follows at once, it is the next turn of a dialogue.
    path
        Where it came from, for error messages.

    Raises
    ------
    CorruptFileError
        Names the file, the line and what is wrong with it.
    """
    lines = json_lines.ascii_lines(data, path)
    turns: list[Turn] = []
    start = number = 0
    while start < len(lines):
        block = [*lines[start : start + 3], "", "", ""]
        for offset, prefix in enumerate(("Q: ", "A: ")):
            if not block[offset].startswith(prefix) or not block[offset][3:].strip():
                raise json_lines.bad_line(
                    path, start + offset + 1, f"expected a line starting with {prefix!r} and a text"
                )
        is_last = not block[2]
        if not is_last and not block[2].startswith("Q: "):
            raise json_lines.bad_line(
                path, start + 3, "expected a blank line after the answer, or the dialogue's next question"
            )
        number += number > 0 or not is_last
        turns.append(Turn(block[0][3:], block[1][3:], number))
        if is_last:
            number = 0
        start += 2 + is_last
    return turns


def to_jsonl(pairs: Iterable[Pair]) -> bytes:
    """Encode pairs as `parse_jsonl` reads them; the bytes depend on nothing but the pairs."""
    return json_lines.encode(pairs)


def to_text(pairs: Sequence[Pair]) -> bytes:
    """Encode questions and answers in the milestones' text format, byte-stable."""
    ends = are_continued([pair.turn for pair in pairs])
    return "".join(
        "".join(parts_of(pair.question, pair.answer, is_continued=is_continued))
        for pair, is_continued in zip(pairs, ends, strict=True)
    ).encode("ascii")


def are_continued(turns: Sequence[int]) -> Iterator[bool]:
    """For each pair, whether the next one is a later turn of its dialogue."""
    return (turn > 1 for turn in [*turns[1:], 0][: len(turns)])


def text_of(pair: Pair) -> str:
    """One pair by itself as the milestones feed it to a model: question, answer, blank line."""
    return "".join(parts_of(pair.question, pair.answer))


def parts_of(question: str, answer: str, *, is_continued: bool = False) -> tuple[str, ...]:
    """The same in parts, of which the second and the fourth are the question and the answer.

    Where a later turn of the dialogue follows, there is no blank line: a model that is asked the next question has
    the earlier turns directly before it.
    """
    return "Q: ", question, "\nA: ", answer, "\n" if is_continued else "\n\n"


def conversations(pairs: Iterable[Pair]) -> list[list[Pair]]:
    """Pairs as a model reads them together: each dialogue whole, every other pair alone."""
    found: list[list[Pair]] = []
    for pair in pairs:
        if pair.turn > 1 and found:
            found[-1].append(pair)
        else:
            found.append([pair])
    return found


def in_split(pairs: Iterable[Pair], split: str) -> list[Pair]:
    """Pairs of one split, in their order."""
    return [pair for pair in pairs if pair.split == split]


def columns(pairs: Sequence[Pair]) -> dict[str, Array]:
    """Pairs as NumPy columns without the split: numbers int64, texts fixed-width str."""
    found = json_lines.columns(Pair, pairs)
    del found["split"]
    return found
