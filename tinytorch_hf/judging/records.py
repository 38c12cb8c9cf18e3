"""Files of recorded answers: what PyTorch gave, with everything that says for what.

A record is an npz archive of plain arrays. One of them, ``about``, is JSON: the version of the form, the release of
PyTorch, the command that made the file, and what each record in it needs to be read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.formats.npz import read_npz, write_npz
from tinytorch_hf.formats.strict_json import parse_json

VERSION = 1
"""Of the form; a file of another one is refused."""

COMMAND = "python -m docs.tools.answers"
"""Makes all records anew; it is run in a checkout, with PyTorch."""

_ABOUT = "about"
ADVICE = "Get the file again: by `git checkout` in a clone, else by `pip install --force-reinstall tinytorch-hf`."


def written(about: Mapping[str, Any], arrays: Mapping[str, Array], torch_version: str) -> bytes:
    """The content of a file of records; equal for equal records.

    Parameters
    ----------
    about
        What is to be said of the arrays, as JSON knows it.
    arrays
        The arrays by name.
    torch_version
        The release that gave them.
    """
    text = json.dumps({**about, "version": VERSION, "torch": torch_version, "command": COMMAND})
    return write_npz({_ABOUT: np.frombuffer(text.encode(), np.uint8), **arrays})


def read(path: Path, *needs: str) -> tuple[dict[str, Any], dict[str, Array]]:
    """What `written` was given, and beside it "version", "torch" and "command"; ``needs`` are names among both.

    Raises
    ------
    CorruptFileError
        The file is not there, is damaged, or has another form.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CorruptFileError(f"PyTorch's answers in {path} cannot be read: {error.strerror}. {ADVICE}") from error
    try:
        arrays = read_npz(content, path)
    except CorruptFileError as error:
        raise CorruptFileError(
            f"PyTorch's answers in {path} are damaged: it is no readable npz archive. {ADVICE}"
        ) from error
    try:
        about = parse_json(arrays.pop(_ABOUT).tobytes())
        missing = [name for name in needs if name not in about and name not in arrays]
        if missing:
            raise ValueError(f"there is no {' and no '.join(missing)}")
        if about["version"] != VERSION:
            raise ValueError(f"their form is {about['version']}, not {VERSION}")
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise CorruptFileError(f"PyTorch's answers in {path} are damaged: {error}. {ADVICE}") from error
    return about, arrays
