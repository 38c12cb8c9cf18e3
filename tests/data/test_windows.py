"""Specification of tinytorch_hf.data.windows: texts as samples of a character-level model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tinytorch_hf import catalog, load_tinytalks, write_dataset
from tinytorch_hf.data.windows import encoded, tokenizer, tokenizer_of, windows
from tinytorch_hf.errors import InvalidArgumentError


@pytest.mark.parametrize(("length", "step"), [(3, 1), (3, 3), (3, 5), (1, 1), (9, 1), (9, 4)])
@pytest.mark.parametrize("dtype", [np.int64, np.float32])
def test_windows_begin_every_step_and_targets_are_one_further(length: int, step: int, dtype: type) -> None:
    """As a loop over the places cuts them, in the dtype of the ids, which are not shared."""
    ids = np.arange(10, dtype=dtype) * 7

    inputs, targets = windows(ids, length, step)

    starts = range(0, len(ids) - length, step)
    assert inputs.tolist() == [ids[start : start + length].tolist() for start in starts]
    assert targets.tolist() == [ids[start + 1 : start + length + 1].tolist() for start in starts]
    assert inputs.dtype == targets.dtype == dtype
    assert not np.shares_memory(inputs, ids)


def test_ids_are_those_of_the_train_split_whatever_is_encoded() -> None:
    """0 where a character is in no text of it."""
    characters = tokenizer("tinytalks")

    text = "".join(question + answer for question, answer in load_tinytalks("train"))
    assert set(characters.vocab[1:]) == set(text) | set("Q:A \n")
    ids = encoded("Q: é", characters)
    assert (ids.dtype, ids[-1], characters.decode(ids[:-1])) == (np.int64, 0, "Q: ")
    assert tokenizer_of(["ba", "c"]).vocab == ["<UNK>", "a", "b", "c"]


def test_where_no_split_is_called_train_the_first_has_the_characters(tmp_path: Path) -> None:
    """Of a dataset with a single split there is no other."""
    splits = {"some": {"text": np.array(["ab"])}, "more": {"text": np.array(["xyz"])}}
    write_dataset(tmp_path / "set", splits, name="first_split", summary="-", license="-", source="-")
    catalog.forget("first_split")

    assert tokenizer(tmp_path / "set").vocab == ["<UNK>", "\n", "a", "b"]


def test_images_have_no_characters() -> None:
    """They are refused by what they are."""
    with pytest.raises(InvalidArgumentError, match="TinyDigits holds images, not texts"):
        tokenizer("tinydigits")
