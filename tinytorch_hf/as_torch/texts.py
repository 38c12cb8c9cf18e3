"""What the classes of texts have in common: samples of text, or blocks of characters to train a GPT on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from numbers import Integral
from pathlib import Path
from typing import Any, ClassVar

import torch

from tinytorch_hf import catalog
from tinytorch_hf.acquire import provision
from tinytorch_hf.as_torch import pickling
from tinytorch_hf.as_torch.contract import SampleDataset, Transform
from tinytorch_hf.as_torch.gather import Kept, take
from tinytorch_hf.as_torch.indices import as_row, as_rows
from tinytorch_hf.as_torch.pickling import Files
from tinytorch_hf.catalog import Dataset, Kind
from tinytorch_hf.data.loaders import load_split
from tinytorch_hf.data.texts import pairs_of, texts_of
from tinytorch_hf.data.tokenizer import CharTokenizer
from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.files.splits import Split


class TextDataset(SampleDataset):
    """The samples of a dataset of texts, or blocks of the characters of all of them.

    Without ``block_size`` a sample is a pair of str: question and answer, or the head of a function and its body. Of
    plain texts it is ``(text, label)``, or the text alone where there are no labels. With ``block_size``, a sample is
    ``(input, target)``: two int64 tensors (block_size,), the ids of as many characters of the split's text, the target
    one character further on; there is a sample for each place where such a block starts.

    Parameters
    ----------
    root
        None for where the files are without one, or a folder in which the dataset is looked for.
    split
        The name of a split; None for the first.
    block_size
        Characters in a block; None for samples of text.
    transform, target_transform
        Applied to the first and to the second part of a sample.
    download
        Put verified files under ``root`` first.

    Attributes
    ----------
    split, block_size
        As they were given.
    pairs
        All samples of the split, as they are without ``block_size``.
    text
        The split's text.
    data
        The ids of the text's characters, int64.
    tokenizer
        A `CharTokenizer` of the characters in the whole train split, whatever the split is, so that ids mean the same
        in all of them; of the first split where none is called train.
    """

    dataset_name: ClassVar[Dataset | str]
    split: str
    block_size: int | None
    pairs: list[Any]
    text: str
    data: torch.Tensor
    tokenizer: CharTokenizer

    def __init__(
        self,
        root: str | Path | None = None,
        split: str | None = None,
        block_size: int | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        dataset = catalog.info(self.dataset_name)
        self.split = dataset.splits[0].name if split is None else dataset.split(split).name
        self.block_size = block_size
        if download:
            self.download()
        self._read_files(root)

    def _read_files(self, root: str | Path | None) -> None:
        self._set(self._read, root, self.split)

    @classmethod
    def _read(cls, split: str, root: str | Path | None, *, can_download: bool = False) -> dict[str, Any]:
        """The attributes that come from files; unpickling has no argument ``download`` that could be advised."""
        columns, train = cls._columns(split, root, can_download)
        kind = catalog.info(cls.dataset_name).kind
        return attributes_of(samples_of(kind, columns), "".join(texts_of(kind, columns)), texts_of(kind, train))

    @classmethod
    def _columns(cls, split: str, root: str | Path | None, can_download: bool) -> tuple[Split, Split]:
        """A split, and the one whose characters the tokenizer knows."""
        dataset = catalog.info(cls.dataset_name)
        names = [one.name for one in dataset.splits]
        known = "train" if "train" in names else names[0]
        columns = load_split(dataset, split, root, can_download=can_download)
        if split == known:
            return columns, columns
        return columns, load_split(dataset, known, root, can_download=can_download)

    def download(self) -> None:
        """Put verified files under the root, or into the cache; leaves good files alone, repairs bad ones.

        Raises
        ------
        StorageError
            A file could not be written.
        NetworkError
            It could not be downloaded.
        """
        provision.provide(catalog.info(self.dataset_name), self.root)

    def _set(self, read: Callable[..., dict[str, Any]], root: str | Path | None, *which: Any) -> None:
        """Serve what a function reads, see `attributes_of`; InvalidArgumentError for a block that does not fit."""
        self.__dict__.update(read(*which, root, can_download=True))
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

    def __getitem__(self, index: int) -> Any:
        """One sample, transformed.

        Raises
        ------
        IndexError
            There is no such sample. Negative indices count from the end.
        InvalidArgumentError
            The index is not a whole number.
        """
        row, tensors = as_row(index), self._blocks()
        sample = self.pairs[row] if tensors is None else tuple(tensor[row].clone() for tensor in tensors)
        if isinstance(sample, str):
            return sample if self.transform is None else self.transform(sample)
        first, second = sample
        if self.transform is not None:
            first = self.transform(first)
        if self.target_transform is not None:
            second = self.target_transform(second)
        return first, second

    def __getitems__(self, indices: list[int]) -> list[Any]:
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


def samples_of(kind: Kind, split: Split) -> list[Any]:
    """The samples of a split as they are without blocks."""
    if kind != "plain text":
        return list(pairs_of(kind, split))
    words: list[str] = split["text"].tolist()
    return list(zip(words, split["labels"].tolist(), strict=True)) if "labels" in split else words


def attributes_of(pairs: list[Any], text: str, train_texts: Iterable[str]) -> dict[str, Any]:
    """The attributes of a dataset of these pairs and this text, with the characters of the train split."""
    tokenizer = CharTokenizer()
    tokenizer.build_vocab(train_texts)
    data = torch.tensor(tokenizer.encode(text), dtype=torch.int64)
    return {"pairs": pairs, "text": text, "tokenizer": tokenizer, "data": data}


def _blocks_of(ids: torch.Tensor, block_size: int) -> tuple[torch.Tensor, torch.Tensor]:
    # Blocks overlap in memory; nothing is copied before a batch is gathered.
    blocks = ids.unfold(0, block_size + 1, 1)
    return blocks[:, :-1], blocks[:, 1:]
