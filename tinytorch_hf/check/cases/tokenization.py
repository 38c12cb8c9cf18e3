"""CharTokenizer, on TinyTalks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinytorch_hf.check.inputs import talks_text
from tinytorch_hf.judging.case import Case, Claim, Draw, Inputs, Results, RunTorch
from tinytorch_hf.student.view import Student

# A character that TinyTalks does not have.
_STRANGER = "\N{SNOWMAN}"


def _inputs(draw: Draw) -> Inputs:
    return {"texts": talks_text().splitlines()[: draw.size(61)]}


def _round_trip(student: Student, values: Inputs) -> Results:
    tokenizer = student.part("CharTokenizer")()
    tokenizer.build_vocab(values["texts"])
    ids = [[int(id_) for id_ in tokenizer.encode(text)] for text in values["texts"]]
    return {
        "lengths": np.array([len(each) for each in ids]),
        "ids": np.array([id_ for each in ids for id_ in each]),
        "texts": [str(tokenizer.decode(each)) for each in ids],
    }


def _round_trip_claims(inputs: Inputs, found: Results) -> Sequence[Claim]:
    texts, ids = inputs["texts"], set(found["ids"].tolist())
    is_whole = found["lengths"].tolist() == [len(text) for text in texts]
    return [
        Claim("every character is one id", is_whole, "TOKENIZER-LENGTH"),
        Claim("ids of known characters are positive", min(ids, default=0) > 0, "TOKENIZER-KNOWN-UNKNOWN"),
        Claim("every character has an id of its own", len(ids) == len(set("".join(texts))), "TOKENIZER-SHARED-ID"),
        Claim("the texts come back", found["texts"] == texts, "TOKENIZER-ROUND-TRIP"),
    ]


def _vocabulary(student: Student, values: Inputs) -> Results:
    tokenizer = student.part("CharTokenizer")()
    tokenizer.build_vocab(values["texts"])
    known = sorted(set("".join(values["texts"])))
    ids = tokenizer.encode("".join(known))
    return {"number of different ids": len(set(ids)), "vocab_size": int(tokenizer.vocab_size)}


def _unknown(student: Student, values: Inputs) -> Results:
    tokenizer = student.part("CharTokenizer")()
    tokenizer.build_vocab(values["texts"])
    return {"ids of an unknown character": np.array([int(id_) for id_ in tokenizer.encode(_STRANGER)])}


def _unknown_claims(_: Inputs, found: Results) -> Sequence[Claim]:
    return [
        Claim(
            "a character that is not in the vocabulary has the id 0",
            found["ids of an unknown character"].tolist() == [0],
            "TOKENIZER-UNKNOWN",
        )
    ]


def _vocabulary_of(extra: int) -> RunTorch:
    """How many ids there are; with the one for what is unknown, or without."""

    def run(_: object, values: Inputs) -> Results:
        known = len(set("".join(values["texts"])))
        return {"number of different ids": known, "vocab_size": known + extra}

    return run


_PARTS = ("CharTokenizer",)

CASES = (
    Case(
        "char-tokenizer-round-trip",
        "tokenization",
        _PARTS,
        _inputs,
        _round_trip,
        lambda *_: {},
        claims=_round_trip_claims,
    ),
    Case(
        "char-tokenizer-vocabulary",
        "tokenization",
        _PARTS,
        _inputs,
        _vocabulary,
        _vocabulary_of(1),
        mistakes={"TOKENIZER-SIZE": _vocabulary_of(0)},
    ),
    Case(
        "char-tokenizer-unknown",
        "tokenization",
        _PARTS,
        _inputs,
        _unknown,
        lambda *_: {},
        claims=_unknown_claims,
    ),
)
