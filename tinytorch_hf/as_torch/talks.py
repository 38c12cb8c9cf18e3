"""TinyTalks: pairs of question and answer, or blocks of characters to train a GPT on."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from tinytorch_hf import catalog, provision
from tinytorch_hf.as_torch.contract import Transform
from tinytorch_hf.as_torch.texts import TextDataset, attributes_of
from tinytorch_hf.talks import in_split, text_of
from tinytorch_hf.text_loaders import check_levels, talks_pairs


class TinyTalks(TextDataset):
    """Short questions and their answers, as pairs of str or as blocks of characters.

    Without ``block_size`` a sample is ``(question, answer)``. With it, a sample is ``(input, target)``: two int64
    tensors (block_size,), the ids of as many characters of the split's text, the target one character further on;
    there is a sample for each place where such a block starts. The text is that of the milestones: a line
    ``Q: ...``, a line ``A: ...`` and a blank line for each pair.

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
        super().__init__(root, transform=transform, target_transform=target_transform)
        catalog.TINYTALKS.split(split)
        check_levels(levels)
        if download:
            self.download()
        self.split = split
        self.levels = None if levels is None else tuple(levels)
        self.block_size = block_size
        self._set(self._read, root, split, self.levels)

    @staticmethod
    def _read(split: str, levels: tuple[int, ...] | None, root: str | Path | None) -> dict[str, Any]:
        everything = talks_pairs(root)
        chosen = [pair for pair in in_split(everything, split) if levels is None or pair.level in levels]
        return attributes_of(
            [(pair.question, pair.answer) for pair in chosen],
            "".join(map(text_of, chosen)),
            map(text_of, in_split(everything, "train")),
        )

    def download(self) -> None:
        """Put verified files under the root; needs no network, leaves good files alone, repairs bad ones.

        Raises
        ------
        StorageError
            A file could not be written.
        """
        provision.provide(catalog.TINYTALKS, self.root)

    def extra_repr(self) -> str:
        """Split, levels and block size."""
        split, *block_size = super().extra_repr().splitlines()
        levels = [] if self.levels is None else [f"Levels: {', '.join(map(str, self.levels))}"]
        return "\n".join([split, *levels, *block_size])
