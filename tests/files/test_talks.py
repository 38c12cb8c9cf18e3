"""The two formats of TinyTalks: what is read comes back, and damage is named by file and line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tinytorch_hf.data import content_hash
from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.files import talks
from tinytorch_hf.files.splits import Split

PATH = Path("somewhere/pairs.jsonl")
PAIR = talks.Pair(1, 2, "colors", 0, 0, "train", "What color is coal?", "Coal is black.", "", "A book on coal")
DIALOGUE = [replace(PAIR, dialogue=1, turn=turn, question=f"Question {turn}?") for turn in (1, 2, 3)]
LINE = talks.to_jsonl([PAIR])


def changed(**fields: object) -> bytes:
    """The line with some fields changed."""
    return json.dumps({**json.loads(LINE), **fields}).encode() + b"\n"


def test_jsonl_round_trip() -> None:
    """Pairs written as JSON lines are read back unchanged."""
    assert talks.parse_jsonl(talks.to_jsonl([PAIR, PAIR]), PATH) == [PAIR, PAIR]


def test_jsonl_is_ascii_with_the_fields_in_order() -> None:
    """The bytes are the same everywhere."""
    assert talks.to_jsonl([replace(PAIR, answer="Caf\u00e9.")]) == (
        b'{"id": 1, "level": 2, "topic": "colors", "dialogue": 0, "turn": 0, "split": "train", '
        b'"question": "What color is coal?", "answer": "Caf\\u00e9.", "formula": "", "source": "A book on coal"}\n'
    )


def test_text_round_trip() -> None:
    """Pairs written as text are read back as question and answer, and which turn of a dialogue they are."""
    pairs = [PAIR, *DIALOGUE, *DIALOGUE[:2], PAIR]

    assert talks.parse_text(talks.to_text(pairs), PATH) == [
        talks.Turn(pair.question, pair.answer, pair.turn) for pair in pairs
    ]


def test_a_blank_line_ends_a_conversation() -> None:
    """A model that is asked a later question of a dialogue has the earlier turns directly before it."""
    texts = talks.to_text([PAIR, *DIALOGUE, PAIR]).decode().split("\n\n")

    assert [text.count("Q: ") for text in texts] == [1, 3, 1, 0]
    assert texts[1].splitlines()[::2] == ["Q: Question 1?", "Q: Question 2?", "Q: Question 3?"]
    assert talks.conversations([PAIR, *DIALOGUE, PAIR]) == [[PAIR], DIALOGUE, [PAIR]]


def test_the_blank_line_after_the_last_pair_may_be_missing() -> None:
    """Editors remove it."""
    assert talks.parse_text(b"Q: a\nA: b\n\nQ: c\nA: d\n", PATH) == [talks.Turn("a", "b", 0), talks.Turn("c", "d", 0)]


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (b"{not json}\n", "not JSON"),
        (b'{"id": 1\n', "not JSON"),
        (b"\n", "not JSON"),
        (b"[" * 100_000 + b"\n", "nested too deeply"),
        (b"[1, 2]\n", "expected a JSON object, got list"),
        (b'{"id": 1}\n', "expected an object"),
        (changed(extra=1), "expected an object"),
        (changed(id="1"), "id is '1'"),
        (changed(level=True), "level is True"),
        (changed(question=None), "question is None"),
        (changed(split="dev"), "split is 'dev'"),
        (changed(question=""), "question is empty"),
        (changed(answer=" Coal."), "answer is not one stripped line"),
        (changed(answer="Coal.\nNo."), "answer is not one stripped line"),
        (changed(answer="Caf\u00e9."), "answer is not one stripped line"),
        (LINE.replace(b"\n", b"\r\n"), "Windows line end"),
        (LINE.replace(b"black", b"bl\xffck"), "not UTF-8"),
        (LINE.replace(b"black", "sch\u00f6n".encode()), "outside ASCII"),
        (LINE[:-1], "ends without a line end"),
    ],
)
def test_bad_json_line_is_named(bad: bytes, problem: str) -> None:
    """A bad second line raises CorruptFileError with the file, the line and what is wrong."""
    with pytest.raises(CorruptFileError) as caught:
        talks.parse_jsonl(LINE + bad, PATH)
    assert f"{PATH}, line 2: " in str(caught.value)
    assert problem in str(caught.value)
    assert "tinytorch-hf export" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        (b"Q: a\nQ: b\n\n", 2, "'A: '"),
        (b"A: a\nQ: b\n\n", 1, "'Q: '"),
        (b"Q: a\n\nA: b\n\n", 2, "'A: '"),
        (b"Q: a\nA: b\nA: c\n\n", 3, "blank line"),
        (b"Q: a\nA: b\nQ: c\n\n", 4, "'A: '"),
        (b"Q: a\nA: b\n\nQ: c\n", 5, "'A: '"),
        (b"Q: a\nA: \n\n", 2, "'A: '"),
        (b"Q: a\r\nA: b\r\n\r\n", 1, "Windows line end"),
        (b"Q: a\nA: \xe9\n\n", 2, "not UTF-8 (byte 4 of the line)"),
        ("Q: a\nA: \u00e9\n\n".encode(), 2, "outside ASCII"),
        (b"Q: a\nA: b", 2, "ends without a line end"),
        (b"", 1, "ends without a line end"),
    ],
)
def test_bad_text_is_named(text: bytes, line: int, problem: str) -> None:
    """Text that is not question, answer, blank line raises CorruptFileError with file and line."""
    with pytest.raises(CorruptFileError) as caught:
        talks.parse_text(text, PATH)
    assert f"{PATH}, line {line}: " in str(caught.value)
    assert problem in str(caught.value)


def test_fingerprint_of_texts_ignores_their_width() -> None:
    """A column of texts has one fingerprint in whatever width NumPy keeps it."""
    narrow, wide = (Split("train", {"answer": np.array(["a", "bc"], dtype=f"<U{n}")}) for n in (2, 9))
    assert content_hash.fingerprint({"train": narrow}) == content_hash.fingerprint({"train": wide})


def test_fingerprint_of_texts_knows_where_one_ends() -> None:
    """Moving a letter from one text to the next changes the fingerprint."""
    one, other = (Split("train", {"answer": np.array(texts)}) for texts in (["ab", "c"], ["a", "bc"]))
    assert content_hash.fingerprint({"train": one}) != content_hash.fingerprint({"train": other})


def test_no_pairs_have_the_columns_types_as_well() -> None:
    """A level that nobody asked for leaves none, and what is computed of them goes on."""
    empty = talks.columns([])

    assert {name: array.dtype.kind for name, array in empty.items()} == {
        **dict.fromkeys(("id", "level", "dialogue", "turn"), "i"),
        **dict.fromkeys(("topic", "question", "answer", "formula", "source"), "U"),
    }
