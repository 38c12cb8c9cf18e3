"""The parts of a document that code writes, between ``<!-- KIND: ... -->`` and ``<!-- /KIND -->``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.files import store


def fill(text: str, kind: str, make: Callable[[str, str], str]) -> str:
    """A document with the content of every part ``<!-- kind: WHAT NAME -->`` made again.

    Parameters
    ----------
    text
        The document.
    kind
        "computed" or "measured".
    make
        Gives the content for WHAT and NAME.
    """
    part = re.compile(rf"(<!-- {kind}: (\S+) (\S+) -->\n).*?(<!-- /{kind} -->)", re.DOTALL)
    return part.sub(lambda match: f"{match[1]}{make(match[2], match[3])}\n{match[4]}", text)


def rewrite(paths: Iterable[Path], renew: Callable[[str], str]) -> list[Path]:
    """Write the documents that ``renew`` changes, and return which those are."""
    changed = []
    for path in paths:
        text = path.read_text(encoding="utf-8")
        fresh = renew(text)
        if fresh != text:
            store.write(path, fresh.encode("utf-8"))
            changed.append(path)
    return changed


def write_block(path: Path, marks: tuple[str, str], content: str) -> None:
    """Put ``content`` on lines of its own between two marks of a document.

    Raises
    ------
    CorruptFileError
        The document lacks the marks.
    """
    before, opening, rest = path.read_text(encoding="utf-8").partition(marks[0])
    _old, closing, after = rest.partition(marks[1])
    if not opening or not closing:
        raise CorruptFileError(f"{path} has no part {marks[0]} ... {marks[1]}. Put both marks where it belongs.")
    store.write(path, f"{before}{opening}\n{content}\n{closing}{after}".encode())


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]], numbers_from: int | None = None) -> str:
    """A table in Markdown; cells from column ``numbers_from`` on stand at the right."""
    is_text = len(header) if numbers_from is None else numbers_from
    rule = ["---"] * is_text + ["---:"] * (len(header) - is_text)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))
