"""CharTokenizer, on TinyTalks."""

from __future__ import annotations

from tinytorch_hf.check.inputs import talks_text
from tinytorch_hf.judging.case import Case, Draw, Inputs, Results
from tinytorch_hf.student.view import Student

# A character that TinyTalks does not have.
_STRANGER = "\N{SNOWMAN}"


def _inputs(_: Draw) -> Inputs:
    return {"texts": talks_text().splitlines()[:60]}


def _round_trip(student: Student, values: Inputs) -> Results:
    tokenizer = student.part("CharTokenizer")()
    tokenizer.build_vocab(values["texts"])
    ids = [list(tokenizer.encode(text)) for text in values["texts"]]
    return {
        "every character is one id": [len(each) for each in ids] == [len(text) for text in values["texts"]],
        "the text comes back": [tokenizer.decode(each) for each in ids] == values["texts"],
        "ids of known characters are positive": min(map(min, ids)) > 0,
    }


def _vocabulary(student: Student, values: Inputs) -> Results:
    tokenizer = student.part("CharTokenizer")()
    tokenizer.build_vocab(values["texts"])
    known = sorted(set("".join(values["texts"])))
    ids = tokenizer.encode("".join(known))
    return {
        "number of different ids": len(set(ids)),
        "vocab_size": int(tokenizer.vocab_size),
    }


def _unknown(student: Student, values: Inputs) -> Results:
    tokenizer = student.part("CharTokenizer")()
    tokenizer.build_vocab(values["texts"])
    return {"id of an unknown character": int(tokenizer.encode(_STRANGER)[0])}


CASES = (
    Case("char-tokenizer-round-trip", "tokenization", ("CharTokenizer",), _inputs, _round_trip, lambda *_: {}),
    Case(
        "char-tokenizer-vocabulary",
        "tokenization",
        ("CharTokenizer",),
        _inputs,
        _vocabulary,
        lambda _, values: {
            "number of different ids": len(set("".join(values["texts"]))),
            "vocab_size": len(set("".join(values["texts"]))) + 1,
        },
    ),
    Case(
        "char-tokenizer-unknown",
        "tokenization",
        ("CharTokenizer",),
        _inputs,
        _unknown,
        lambda *_: {"id of an unknown character": 0},
    ),
)
