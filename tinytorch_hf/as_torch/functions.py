"""TinyPy: Python functions as pairs of head and body, or as blocks of characters to train a GPT on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tinytorch_hf.as_torch.contract import Transform
from tinytorch_hf.as_torch.texts import TextDataset, attributes_of, samples_of
from tinytorch_hf.data.texts import texts_of
from tinytorch_hf.files.python_functions import Function


class TinyPy(TextDataset):
    """Functions of Python's standard library, as pairs of str or as blocks of characters.

    Without ``block_size`` a sample is ``(head, body)``: signature and docstring, and the statements that follow.
    With it, a sample is ``(input, target)``: two int64 tensors (block_size,), the ids of as many characters of the
    split's text, the target one character further on; there is a sample for each place where such a block starts.
    The text is one function after the other, each with a blank line after it.

    Parameters
    ----------
    root
        None for the cache, where the functions are put on first use; or a folder in which ``tinypy/`` is looked for.
    split
        "train", "val" or "test".
    block_size
        Characters in a block; None for pairs.
    transform, target_transform
        Applied to the head or input, and to the body or target.
    download
        Put the files under ``root`` first. Nothing is downloaded: they are taken out of the standard library of the
        Python that runs this, in seconds. Good files are left alone.

    Attributes
    ----------
    functions
        The records, with module, name and length; see `tinytorch_hf.files.python_functions.Function`.
    pairs
        All (head, body) of the split.
    text
        Their text.
    data
        The ids of the text's characters, int64.
    tokenizer
        A `CharTokenizer` of the characters in the train split, whatever the split is, so that ids mean the same in
        all of them.

    Raises
    ------
    UnknownNameError
        There is no such split.
    InvalidArgumentError
        ``block_size`` does not fit the text.
    RuntimeError
        The files are not there and ``download`` is False, or they are damaged. All of this package's errors
        are RuntimeErrors.
    """

    functions: list[Function]

    dataset_name = "tinypy"

    def __init__(
        self,
        root: str | Path | None = None,
        split: str = "train",
        block_size: int | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, split, block_size, transform, target_transform, download)

    @classmethod
    def _read(cls, split: str, root: str | Path | None, *, can_download: bool = False) -> dict[str, Any]:
        columns, train = cls._columns(split, root, can_download)
        rows = zip(*(column.tolist() for column in columns.values()), strict=True)
        text = "".join(texts_of("source text", columns))
        read = attributes_of(samples_of("source text", columns), text, texts_of("source text", train))
        return {"functions": [Function(*row) for row in rows], **read}
