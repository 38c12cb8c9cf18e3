"""A page on a mistake, and the list of all of them, as lines for a terminal."""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Collection, Iterator

from tinytorch_hf.judging.mistakes import MISTAKES
from tinytorch_hf.judging.mistakes.explaining import Explanation
from tinytorch_hf.judging.mistakes.in_training import in_training

_INDENT = "    "
_COLOURS = {"-": "31", "+": "32"}
# A page is Markdown; on a terminal, words of code stand without the marks.
_MARKS = re.compile(r"`([^`]+)`")


def advice(codes: list[str]) -> str:
    """What to type for the pages on the mistakes that a report names; nothing where it names none."""
    known = list(dict.fromkeys(code for code in codes if code in MISTAKES))
    if not known:
        return ""
    return f"Why it is wrong, with an example: tinytorch-hf check --explain {known[0]}"


def lines(page: Explanation, width: int = 100, colour: bool = False) -> Iterator[str]:
    """What the mistake is, why it is one, a snippet that makes it, the lines that mend it, and what finds it.

    Parameters
    ----------
    page
        Of the mistake.
    width
        Columns of the terminal.
    colour
        Whether lines that are taken out and put in are coloured.
    """
    mistake = page.mistake
    yield from _wrapped(f"{mistake.code} ({page.part})", width)
    yield ""
    yield from _wrapped(f"What is wrong: {mistake.sentence}.", width)
    yield ""
    for paragraph in page.why.split("\n\n"):
        yield from _wrapped(paragraph, width)
        yield ""
    yield from _wrapped(f"Wrong, in {page.file}, as the reference writes it:", width)
    yield ""
    yield from _code(page.wrong)
    yield ""
    yield "What mends it:"
    yield ""
    for line in _changes(page):
        code = _COLOURS.get(line[:1]) if colour else None
        yield f"\x1b[{code}m{_INDENT}{line}\x1b[0m" if code else f"{_INDENT}{line}".rstrip()
    yield ""
    yield from _wrapped(mistake.hint, width)
    seen = in_training(mistake.code)
    if seen is not None:
        yield ""
        yield from _wrapped(f"In training: {seen.sentence}", width)
    if page.known:
        yield ""
        yield from _wrapped(f"Known problems: {page.known}", width)
    yield ""
    yield f"To find it: tinytorch-hf {page.command} --package PATH"


def listing(width: int = 100, codes: Collection[str] = MISTAKES) -> Iterator[str]:
    """Codes, by default all, with what each mistake is."""
    longest = max(map(len, codes))
    for mistake in map(MISTAKES.__getitem__, codes):
        start = f"{mistake.code:<{longest}}  "
        if width > longest + 40:
            yield from textwrap.wrap(
                mistake.sentence,
                width,
                initial_indent=start,
                subsequent_indent=" " * len(start),
                break_long_words=False,
                break_on_hyphens=False,
            )
        else:
            yield mistake.code
            yield from textwrap.wrap(
                mistake.sentence,
                width,
                initial_indent=_INDENT,
                subsequent_indent=_INDENT,
                break_long_words=False,
                break_on_hyphens=False,
            )


def _wrapped(text: str, width: int) -> list[str]:
    plain = _MARKS.sub(r"\1", text)
    return textwrap.wrap(plain, width, break_long_words=False, break_on_hyphens=False)


def _code(snippet: str) -> list[str]:
    return [f"{_INDENT}{line}".rstrip() for line in snippet.splitlines()]


def _changes(page: Explanation) -> list[str]:
    """The lines of the wrong snippet that go, and those of the right one that come, each with those around it."""
    difference = difflib.unified_diff(page.wrong.splitlines(), page.right.splitlines(), lineterm="", n=2)
    return [line.rstrip() for line in list(difference)[2:] if not line.startswith("@@")]
