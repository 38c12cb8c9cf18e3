"""Specification of tinytorch_hf.data.texts: what a model reads of each kind of text, and the columns in it again."""

from __future__ import annotations

import numpy as np
import pytest

from tinytorch_hf.catalog import Kind
from tinytorch_hf.data.texts import conversation, cut, texts_of
from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.files.splits import Split

SPLITS: dict[Kind, tuple[Split, str]] = {
    "pairs": (
        Split("s", {"question": np.array(["Hi?", "A: \n\nQ: "]), "answer": np.array(["", "é"])}),
        "Q: Hi?\nA: \n\nQ: A: \n\nQ: \nA: é\n\n",
    ),
    "source text": (
        Split(
            "s",
            {
                "signature": np.array(["def f():", "def g():"]),
                "docstring": np.array(["", "Do it."]),
                "body": np.array(["    return 1\n\n    # end", "    pass"]),
            },
        ),
        'def f():\n    return 1\n\n    # end\n\ndef g():\n    """Do it."""\n    pass\n\n',
    ),
    "plain text": (Split("s", {"text": np.array(["one\n\ntwo", "", "three"])}), "one\n\ntwo\n\nthree\n"),
}


@pytest.mark.parametrize("kind", SPLITS)
def test_a_text_is_cut_into_its_columns_again(kind: Kind) -> None:
    """Also where a sample holds what otherwise stands between two; those that are not written as they are, are not."""
    split, text = SPLITS[kind]
    assert "".join(texts_of(kind, split)) == text

    again = cut(kind, text, split)

    assert set(again) == set(split) - {"signature", "docstring"}
    for name, column in again.items():
        assert column.tolist() == split[name].tolist()


@pytest.mark.parametrize("kind", SPLITS)
def test_a_text_that_something_changed_gives_other_columns_or_none(kind: Kind) -> None:
    """Whichever character it is, and if one is missing or too much."""
    split, text = SPLITS[kind]

    for changed in [text[:-1], f"{text}!", *(f"{text[:at]}!{text[at + 1 :]}" for at in range(len(text)))]:
        try:
            again = cut(kind, changed, split)
        except CorruptFileError as error:
            assert "'s'" in str(error)
        else:
            assert any(column.tolist() != split[name].tolist() for name, column in again.items())


def test_turns_of_a_dialogue_stand_together() -> None:
    """A blank line only follows the last; one of them is shown after those before it."""
    columns = {"question": np.array([*"abcd"]), "answer": np.array([*"ABCD"]), "turn": np.array([0, 1, 2, 0])}
    split = Split("s", columns)

    assert texts_of("pairs", split) == ["Q: a\nA: A\n\n", "Q: b\nA: B\n", "Q: c\nA: C\n\n", "Q: d\nA: D\n\n"]
    assert cut("pairs", "".join(texts_of("pairs", split)), split)["answer"].tolist() == [*"ABCD"]
    assert [conversation("pairs", split, i).count("Q: ") for i in range(4)] == [1, 1, 2, 1]
