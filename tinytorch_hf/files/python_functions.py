"""Functions in Python as records: what one holds, its text, and a function a line."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf.errors import REPAIR_ADVICE
from tinytorch_hf.formats import json_lines
from tinytorch_hf.formats.arrays import Array

MIN_LINES, MAX_LINES = 3, 25
MAX_WIDTH = 100
"""Characters of a line, of a module's name and of a function's."""


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

    All texts are printable ASCII and line ends; a line has at most 100 characters.
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
    return head(function.signature, function.docstring)


def head(signature: str, docstring: str) -> str:
    """The same of the two columns."""
    return "\n".join(filter(None, [signature, docstring_literal(docstring)]))


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
    return "".join(parts_of(head(function.signature, function.docstring), function.body))


def parts_of(signature_and_docstring: str, body: str) -> tuple[str, ...]:
    """The same in parts, of which the first and the third are those of the function."""
    return signature_and_docstring, "\n", body, "\n\n"


def columns(functions: Sequence[Function]) -> dict[str, Array]:
    """Functions as NumPy columns: numbers int64, texts fixed-width str."""
    return json_lines.columns(Function, functions)


def is_printable_ascii(text: str) -> bool:
    """Whether a text is made of printable ASCII characters and line ends."""
    return text.isascii() and text.replace("\n", "").isprintable()


def problem_of(function: Function) -> str | None:
    """What is wrong with a record, or None; whether it compiles is not asked."""
    for name in ("module", "name", "signature", "docstring", "body"):
        text = getattr(function, name)
        if not is_printable_ascii(text):
            return f"{name} has a character that is not printable ASCII"
        if not text and name != "docstring":
            return f"{name} is empty"
    longest = max(map(len, [function.module, function.name, *source_of(function).split("\n")]))
    if longest > MAX_WIDTH:
        return f"a line or a name has {longest} characters; {MAX_WIDTH} are allowed"
    n_lines = n_lines_of(function)
    if n_lines != function.n_lines or not MIN_LINES <= n_lines <= MAX_LINES:
        return f"n_lines is {function.n_lines}, the function has {n_lines}; {MIN_LINES} to {MAX_LINES} are allowed"
    return None


def parse(data: bytes, path: Path, advice: str = REPAIR_ADVICE) -> list[Function]:
    """Read functions from JSON lines.

    Raises
    ------
    CorruptFileError
        Names the file, the line and what is wrong with it, and ends with the advice.
    """
    return json_lines.parse(data, path, Function, problem_of, advice)
