"""Texts as numbers, one for each character, with the interface and the numbering of TinyTorch's CharTokenizer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tinytorch_hf.errors import InvalidArgumentError

UNKNOWN = "<UNK>"


class CharTokenizer:
    """One id for each character: 0 for characters outside the vocabulary, then 1, 2 ... in the order given.

    Parameters
    ----------
    vocab
        The known characters. None for none yet; `build_vocab` collects them.

    Attributes
    ----------
    vocab
        What each id stands for, ``"<UNK>"`` first.
    """

    def __init__(self, vocab: Sequence[str] | None = None) -> None:
        self._set_vocab(vocab or ())

    def _set_vocab(self, characters: Iterable[str]) -> None:
        self.vocab = [UNKNOWN, *characters]
        self._ids = {character: id_ for id_, character in enumerate(self.vocab) if id_ > 0}

    @property
    def vocab_size(self) -> int:
        """How many ids there are, the one of unknown characters included."""
        return len(self.vocab)

    def build_vocab(self, corpus: Iterable[str]) -> None:
        """Know the characters of these texts from now on, sorted, and no others."""
        self._set_vocab(sorted(set().union(*corpus)))

    def encode(self, text: str) -> list[int]:
        """The id of each character; 0 where it is unknown."""
        id_of = self._ids.get
        return [id_of(character, 0) for character in text]

    def decode(self, ids: Iterable[int]) -> str:
        """The text that these ids stand for, ``"<UNK>"`` where an id is 0.

        Raises
        ------
        InvalidArgumentError
            A number is not an id of this vocabulary.
        """
        ids, n_ids = list(map(int, ids)), self.vocab_size
        if ids and not 0 <= min(ids) <= max(ids) < n_ids:
            wrong = next(id_ for id_ in ids if not 0 <= id_ < n_ids)
            raise InvalidArgumentError(f"{wrong} is not a character's id; this vocabulary has 0 to {n_ids - 1}.")
        return "".join(map(self.vocab.__getitem__, ids))
