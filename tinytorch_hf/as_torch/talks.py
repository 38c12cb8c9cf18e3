"""TinyTalks: pairs of question and answer, or blocks of characters to train a GPT on."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from pathlib import Path
from typing import Any

from tinytorch_hf.as_torch.contract import Transform
from tinytorch_hf.as_torch.texts import TextDataset, attributes_of, samples_of
from tinytorch_hf.data.text_loaders import check_levels
from tinytorch_hf.data.texts import texts_of


class TinyTalks(TextDataset):
    """Short questions and their answers, as pairs of str or as blocks of characters.

    Without ``block_size`` a sample is ``(question, answer)``. With it, a sample is ``(input, target)``: two int64
    tensors (block_size,), the ids of as many characters of the split's text, the target one character further on;
    there is a sample for each place where such a block starts. The text is that of the milestones: a line
    ``Q: ...`` and a line ``A: ...`` for each pair, and a blank line after each conversation: turns of a dialogue
    follow each other without one.

    Parameters
    ----------
    root
        None for the bundled files, or a folder in which ``tinytalks/`` is looked for.
    split
        "train", "val" or "test".
    levels
        Which levels, such as ``[1, 2]``; None for all five. See `tinytorch_hf.load_tinytalks`.
    block_size
        Characters in a block; None for pairs.
    transform, target_transform
        Applied to the question or input, and to the answer or target.
    download
        Put verified files under ``root`` first; needs no network. Good files are left alone.

    Attributes
    ----------
    pairs
        All (question, answer) of the split and levels.
    text
        Their text.
    data
        The ids of the text's characters, int64.
    tokenizer
        A `CharTokenizer` of the characters in the whole train split, whatever the split and levels are, so that
        ids mean the same in all of them. No other split has a character of its own.

    Raises
    ------
    UnknownNameError
        There is no such split or level.
    InvalidArgumentError
        ``block_size`` does not fit the text.
    RuntimeError
        The files are not there and ``download`` is False, or they are damaged. All of this package's errors
        are RuntimeErrors.
    """

    dataset_name = "tinytalks"

    def __init__(
        self,
        root: str | Path | None = None,
        split: str = "train",
        levels: Collection[int] | None = None,
        block_size: int | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        check_levels(levels)
        self.levels = None if levels is None else tuple(levels)
        super().__init__(root, split, block_size, transform, target_transform, download)

    def _read_files(self, root: str | Path | None) -> None:
        self._set(self._read_levels, root, self.split, self.levels)

    @classmethod
    def _read_levels(
        cls, split: str, levels: tuple[int, ...] | None, root: str | Path | None, *, can_download: bool = False
    ) -> dict[str, Any]:
        columns, train = cls._columns(split, root, can_download)
        chosen = [levels is None or level in levels for level in columns["level"].tolist()]
        return attributes_of(
            list(itertools.compress(samples_of("pairs", columns), chosen)),
            # A dialogue is of one level, so that its turns stay together.
            "".join(itertools.compress(texts_of("pairs", columns), chosen)),
            texts_of("pairs", train),
        )

    def extra_repr(self) -> str:
        """Split, levels and block size."""
        split, *block_size = super().extra_repr().splitlines()
        levels = [] if self.levels is None else [f"Levels: {', '.join(map(str, self.levels))}"]
        return "\n".join([split, *levels, *block_size])
