"""TinyPy's functions: what a record holds, its text, and its files.

The files lie in ``tinypy/<release>/`` under a root, such as ``tinypy/cpython-3.11.7/``: ``train.jsonl``,
``val.jsonl`` and ``test.jsonl``, one function a line, and ``SHA256SUMS``, which is written last: where it stands, all
are whole.
"""

from __future__ import annotations

import hashlib
import itertools
import platform
import re
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf import catalog
from tinytorch_hf.errors import CorruptFileError, MissingFileError, StorageError
from tinytorch_hf.files import store
from tinytorch_hf.formats import json_lines
from tinytorch_hf.formats.arrays import Array

N_IN_SPLIT = {split.name: split.n_samples for split in catalog.TINYPY.splits}
MIN_LINES, MAX_LINES = 3, 25

_SUMS = "SHA256SUMS"


@dataclass(frozen=True)
class Function:
    """One function of the standard library, in normalised formatting.

    ==========  ==========================================================================
    module      where it stands, such as "json.encoder"
    name        its name there, such as "py_encode_basestring" or "JSONEncoder.default"
    signature   decorators and the line of the ``def``, with its colon
    docstring   as `inspect.cleandoc` gives it; empty where there is none
    body        the statements after the docstring, indented by four spaces
    n_lines     lines of the whole function, 3 to 25
    ==========  ==========================================================================

    All texts are printable ASCII and line ends.
    """

    module: str
    name: str
    signature: str
    docstring: str
    body: str
    n_lines: int


def source_of(function: Function) -> str:
    """The function's full text, which compiles alone; without a line end after the last line."""
    return f"{head_of(function)}\n{function.body}"


def head_of(function: Function) -> str:
    """Signature and docstring: what a person reads before the body."""
    return "\n".join(filter(None, [function.signature, docstring_literal(function.docstring)]))


def n_lines_of(function: Function) -> int:
    """Lines of the function's full text."""
    return source_of(function).count("\n") + 1


def docstring_literal(docstring: str) -> str:
    """A docstring as it stands in the function, indented by four spaces; empty for none."""
    if not docstring:
        return ""
    text = docstring.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if "\n" in text:
        text += "\n"
    elif text.endswith('"'):
        text = text[:-1] + '\\"'
    return textwrap.indent(f'"""{text}', "    ") + ('    """' if text.endswith("\n") else '"""')


def text_of(function: Function) -> str:
    """What a character-level model reads: the function and a blank line."""
    return f"{source_of(function)}\n\n"


def columns(functions: Sequence[Function]) -> dict[str, Array]:
    """Functions as NumPy columns: numbers int64, texts fixed-width str."""
    return json_lines.columns(Function, functions)


def release() -> str:
    """The Python that runs this, such as "cpython-3.11.7"; each release has a standard library of its own."""
    return f"{sys.implementation.name}-{platform.python_version()}"


def is_printable_ascii(text: str) -> bool:
    """Whether a text is made of printable ASCII characters and line ends."""
    return text.isascii() and text.replace("\n", "").isprintable()


def problem_of(function: Function) -> str | None:
    """What keeps a record from being one of TinyPy's, or None; whether it compiles is not asked."""
    for name in ("module", "name", "signature", "docstring", "body"):
        text = getattr(function, name)
        if not is_printable_ascii(text):
            return f"{name} has a character that is not printable ASCII"
        if not text and name != "docstring":
            return f"{name} is empty"
    n_lines = n_lines_of(function)
    if n_lines != function.n_lines or not MIN_LINES <= n_lines <= MAX_LINES:
        return f"n_lines is {function.n_lines}, the function has {n_lines}; {MIN_LINES} to {MAX_LINES} are allowed"
    return None


def folder(root: str | Path | None = None) -> Path:
    """Where the files of this Python's release lie, under a root or in the cache."""
    return store.folder(catalog.TINYPY, root) / release()


def is_built(root: str | Path | None = None) -> bool:
    """Whether all files are there; not whether they are good."""
    return all(store.is_file(folder(root) / name) for name in [*map(_file_name, N_IN_SPLIT), _SUMS])


def write(splits: Mapping[str, Sequence[Function]], root: str | Path | None = None) -> list[Path]:
    """Write the files of this Python's release.

    Processes may do this at the same time: each file is renamed into place whole, and all of them write the same.

    Returns
    -------
    list of Path
        The files, in the order of writing.

    Raises
    ------
    StorageError
        A file could not be written.
    """
    contents = {_file_name(split): json_lines.encode(functions) for split, functions in splits.items()}
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in contents.items())
    files = {folder(root) / name: data for name, data in {**contents, _SUMS: sums.encode("ascii")}.items()}
    for path, data in files.items():
        store.write(path, data)
    return list(files)


def read(split: str, root: str | Path | None = None) -> list[Function]:
    """Read one split of this Python's release, verified against ``SHA256SUMS``.

    Raises
    ------
    UnknownNameError
        There is no such split.
    MissingFileError
        They were not built for this release, or not to the end.
    CorruptFileError
        A file is damaged: the message names it, and the line where that can be told.
    StorageError
        The operating system refused to read a file.
    """
    n_functions = catalog.TINYPY.split(split).n_samples
    path, advice = folder(root) / _file_name(split), store.how_to_get(catalog.TINYPY, root)
    expected = _sums(_read(folder(root) / _SUMS, advice), folder(root) / _SUMS, advice)
    data = _read(path, advice)
    functions = parse(data, path, advice)
    if hashlib.sha256(data).hexdigest() != expected[path.name]:
        raise CorruptFileError(f"{path} was changed: {_SUMS} beside it has another SHA-256. {advice}")
    if len(functions) != n_functions:
        raise CorruptFileError(f"{path} has {len(functions)} functions instead of {n_functions}. {advice}")
    return functions


def parse(data: bytes, path: Path, advice: str) -> list[Function]:
    """Read functions from JSON lines.

    Raises
    ------
    CorruptFileError
        Names the file, the line and what is wrong with it, and ends with the advice.
    """
    return json_lines.parse(data, path, Function, problem_of, advice)


def _file_name(split: str) -> str:
    return f"{split}.jsonl"


def _read(path: Path, advice: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise MissingFileError(f"TinyPy was not found for {release()}: there is no {path}. {advice}") from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}. {advice}") from error


def _sums(data: bytes, path: Path, advice: str) -> dict[str, str]:
    """SHA-256 of each split's file, by name."""
    names = [_file_name(split) for split in N_IN_SPLIT]
    lines = json_lines.ascii_lines(data, path, advice)
    for number, (line, name) in enumerate(itertools.zip_longest(lines, names), start=1):
        if name is None:
            raise json_lines.bad_line(path, number, "expected no further line", advice)
        if line is None or not re.fullmatch(rf"[0-9a-f]{{64}}  {re.escape(name)}", line):
            raise json_lines.bad_line(path, number, f"expected a SHA-256 in hex, two spaces and {name}", advice)
    return {name: line.split()[0] for line, name in zip(lines, names, strict=True)}
