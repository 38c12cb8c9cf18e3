"""What TinyTalks and TinyPy have in common: pairs of texts, or blocks of characters to train a GPT on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from numbers import Integral
from pathlib import Path
from typing import Any

import torch

from tinytorch_hf.as_torch import pickling
from tinytorch_hf.as_torch.contract import SampleDataset
from tinytorch_hf.as_torch.gather import Kept, take
from tinytorch_hf.as_torch.indices import as_row, as_rows
from tinytorch_hf.as_torch.pickling import Files
from tinytorch_hf.data.tokenizer import CharTokenizer
from tinytorch_hf.errors import InvalidArgumentError


class TextDataset(SampleDataset):
    """Pairs of str, or blocks of the characters of one text.

    Without ``block_size`` a sample is a pair. With it, a sample is ``(input, target)``: two int64 tensors
    (block_size,), the ids of as many characters of the split's text, the target one character further on; there is
    a sample for each place where such a block starts. A subclass calls ``_set`` with what reads its files.

    Attributes
    ----------
    split
        "train", "val" or "test".
    block_size
        Characters in a block; None for pairs.
    pairs
        All pairs of the split.
    text
        The split's text.
    data
        The ids of the text's characters, int64.
    tokenizer
        A `CharTokenizer` of the characters in the whole train split.
    """

    split: str
    block_size: int | None
    pairs: list[tuple[str, str]]
    text: str
    data: torch.Tensor
    tokenizer: CharTokenizer

    def _set(self, read: Callable[..., dict[str, Any]], root: str | Path | None, *which: Any) -> None:
        """Serve what a function reads, see `attributes_of`; InvalidArgumentError for a block that does not fit."""
        self.__dict__.update(read(*which, root))
        self._files = Files(read, root, *which)
        self._made_blocks = Kept()
        if self.block_size is None:
            return
        if not isinstance(self.block_size, Integral) or not 1 <= self.block_size < len(self.text):
            raise InvalidArgumentError(
                f"block_size must be a whole number, at least 1 and less than the {len(self.text)} characters of the "
                f"text, got {self.block_size!r}."
            )

    __reduce_ex__ = pickling.reduced
    __copy__ = pickling.copied
    __deepcopy__ = pickling.deepcopied

    def __len__(self) -> int:
        return len(self.pairs) if self.block_size is None else len(self.data) - self.block_size

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """One sample, transformed.

        Raises
        ------
        IndexError
            There is no such sample. Negative indices count from the end.
        InvalidArgumentError
            The index is no whole number.
        """
        row, tensors = as_row(index), self._blocks()
        first, second = self.pairs[row] if tensors is None else (tensor[row].clone() for tensor in tensors)
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
        is_plain = type(self).__getitem__ is TextDataset.__getitem__
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
        return self.tokenizer.decode(ids.tolist() if isinstance(ids, torch.Tensor) else ids)

    def extra_repr(self) -> str:
        """Split and block size."""
        lines = [f"Split: {self.split.capitalize()}"]
        if self.block_size is not None:
            lines.append(f"Block size: {self.block_size}")
        return "\n".join(lines)


def attributes_of(pairs: list[tuple[str, str]], text: str, train_texts: Iterable[str]) -> dict[str, Any]:
    """The attributes of a dataset of these pairs and this text, with the characters of the train split."""
    tokenizer = CharTokenizer()
    tokenizer.build_vocab(train_texts)
    data = torch.tensor(tokenizer.encode(text), dtype=torch.int64)
    return {"pairs": pairs, "text": text, "tokenizer": tokenizer, "data": data}


def _blocks_of(ids: torch.Tensor, block_size: int) -> tuple[torch.Tensor, torch.Tensor]:
    # Blocks overlap in memory; nothing is copied before a batch is gathered.
    blocks = ids.unfold(0, block_size + 1, 1)
    return blocks[:, :-1], blocks[:, 1:]
