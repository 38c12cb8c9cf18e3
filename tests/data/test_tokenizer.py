"""Specification of tinytorch_hf.data.tokenizer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch_hf.data.tokenizer import CharTokenizer
from tinytorch_hf.errors import InvalidArgumentError


@given(st.lists(st.text(), min_size=1))
def test_known_texts_come_back_whole(corpus: list[str]) -> None:
    """Whatever characters they are made of; ids count from 1 in the order of the characters."""
    tokenizer = CharTokenizer()
    tokenizer.build_vocab(corpus)

    text = "".join(corpus)
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.encode("".join(sorted(set(text)))) == list(range(1, tokenizer.vocab_size))


def test_unknown_characters_have_the_id_0() -> None:
    """As in TinyTorch; they come back as a mark."""
    tokenizer = CharTokenizer(["a", "b"])

    assert tokenizer.encode("ab?") == [1, 2, 0]
    assert tokenizer.decode([1, 2, 0]) == "ab<UNK>"
    assert (tokenizer.vocab, tokenizer.vocab_size) == (["<UNK>", "a", "b"], 3)
    assert CharTokenizer().encode("a") == [0]


@pytest.mark.parametrize("wrong", [3, -1])
def test_a_number_that_is_no_id_is_refused(wrong: int) -> None:
    """A model with too many outputs is a mistake worth hearing of."""
    with pytest.raises(InvalidArgumentError, match="0 to 2"):
        CharTokenizer("ab").decode([1, wrong])
