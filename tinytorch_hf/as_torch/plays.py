"""TinyShakespeare and the whole that it is cut from: scenes, or blocks of characters to train a GPT on."""

from __future__ import annotations

from pathlib import Path

from tinytorch_hf.as_torch.contract import Transform
from tinytorch_hf.as_torch.texts import TextDataset


class TinyShakespeare(TextDataset):
    """Whole scenes of Shakespeare's plays, as str or as blocks of characters.

    Without ``block_size`` a sample is a scene. With it, a sample is ``(input, target)``: two int64 tensors
    (block_size,), the ids of as many characters of the split's text, the target one character further on; there is a
    sample for each place where such a block starts. The text is one scene after the other, each with a blank line
    after it, as in the whole.

    Parameters
    ----------
    root
        None for the bundled files, or a folder in which ``tinyshakespeare/`` is looked for.
    split
        "train", "val" or "test".
    block_size
        Characters in a block; None for scenes.
    transform, target_transform
        Applied to the scene or input, and to the target.
    download
        Put verified files under ``root`` first; needs no network. Good files are left alone.

    Attributes
    ----------
    pairs
        All scenes of the split.
    text
        Their text.
    data
        The ids of the text's characters, int64.
    tokenizer
        A `CharTokenizer` of the characters in the train split, whatever the split is, so that ids mean the same in
        all of them. No other split has a character of its own.

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

    dataset_name = "tinyshakespeare"

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


class Shakespeare(TextDataset):
    """All of Tiny Shakespeare as one str, or as blocks of characters; it is downloaded, not bundled.

    Samples, arguments and attributes are those of `TinyShakespeare`. There is one split, "full", which is one text; in
    ``root``, or without one in the cache, ``tinyshakespeare/input.txt`` is looked for.

    Raises
    ------
    InvalidArgumentError
        ``block_size`` does not fit the text.
    RuntimeError
        As for `TinyShakespeare`; also if it could not be downloaded.
    """

    dataset_name = "shakespeare"
