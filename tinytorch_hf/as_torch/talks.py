"""TinyTalks: pairs of question and answer, or blocks of characters to train a GPT on."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import torch

from tinytorch_hf import catalog, provision
from tinytorch_hf.as_torch.contract import SampleDataset, Transform
from tinytorch_hf.as_torch.gather import Kept, as_rows, take
from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.loaders import check_levels, talks_pairs
from tinytorch_hf.talks import in_split, text_of
from tinytorch_hf.tokenizer import CharTokenizer


class TinyTalks(SampleDataset):
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
        everything = talks_pairs(root)
        chosen = [pair for pair in in_split(everything, split) if levels is None or pair.level in levels]
        self.split = split
        self.levels = None if levels is None else tuple(levels)
        self.block_size = block_size
        self.pairs = [(pair.question, pair.answer) for pair in chosen]
        self.text = "".join(map(text_of, chosen))
        self.tokenizer = CharTokenizer()
        self.tokenizer.build_vocab(map(text_of, in_split(everything, "train")))
        self._made_blocks = Kept()
        self.data = torch.tensor(self.encode(self.text), dtype=torch.int64)
        if block_size is not None and not 1 <= block_size < len(self.text):
            raise InvalidArgumentError(
                f"block_size must be at least 1 and less than the {len(self.text)} characters of the text, "
                f"got {block_size}."
            )

    def __len__(self) -> int:
        return len(self.pairs) if self.block_size is None else len(self.data) - self.block_size

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """One sample, transformed.

        Raises
        ------
        IndexError
            There is no such sample. Negative indices count from the end.
        """
        tensors = self._blocks()
        first, second = self.pairs[index] if tensors is None else (tensor[index].clone() for tensor in tensors)
        if self.transform is not None:
            first = self.transform(first)
        if self.target_transform is not None:
            second = self.target_transform(second)
        return first, second

    def __getitems__(self, indices: list[int]) -> list[tuple[Any, Any]]:
        """Several samples, the same as one by one; PyTorch's DataLoader asks for a batch in this way."""
        tensors = self.sample_tensors()
        if tensors is None:
            return [self[index] for index in indices]
        rows = as_rows(indices)
        return list(zip(*(take(tensor, rows).unbind() for tensor in tensors), strict=True))

    def sample_tensors(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        """All inputs and all targets, (N, block_size) each; None for pairs, and where there are transforms."""
        is_plain = type(self).__getitem__ is TinyTalks.__getitem__
        return self._blocks() if is_plain and self.transform is None and self.target_transform is None else None

    def _blocks(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        if self.block_size is None:
            return None
        block_size = self.block_size
        made: tuple[torch.Tensor, torch.Tensor] = self._made_blocks.get(
            (self.data, block_size), lambda: _blocks_of(self.data, block_size)
        )
        return made

    @property
    def vocab_size(self) -> int:
        """How many ids the tokenizer has."""
        return self.tokenizer.vocab_size

    def encode(self, text: str) -> list[int]:
        """The id of each character."""
        return self.tokenizer.encode(text)

    def decode(self, ids: Any) -> str:
        """The text of these ids: a list, or a tensor of one dimension."""
        return self.tokenizer.decode(ids)

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
        lines = [f"Split: {self.split.capitalize()}"]
        if self.levels is not None:
            lines.append(f"Levels: {', '.join(map(str, self.levels))}")
        if self.block_size is not None:
            lines.append(f"Block size: {self.block_size}")
        return "\n".join(lines)


def _blocks_of(ids: torch.Tensor, block_size: int) -> tuple[torch.Tensor, torch.Tensor]:
    # Blocks overlap in memory; nothing is copied before a batch is gathered.
    blocks = ids.unfold(0, block_size + 1, 1)
    return blocks[:, :-1], blocks[:, 1:]
