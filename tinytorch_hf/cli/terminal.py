"""How text is put on a terminal: wrapped between words, verdicts in colour. In files and pipes a line stays a line."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap

from tinytorch_hf import shown

_BOLD, _RED, _GREEN, _YELLOW = "1", "31", "32", "33"
# What commands say of a thing, by whether it is good.
_COLOURS = {
    **dict.fromkeys(("ok", "good", "ready", "proven", "agree", "the reference agrees"), _GREEN),
    **dict.fromkeys(("failed", "broken", "damaged", "not ready", "differ", "the reference differs"), _RED),
    **dict.fromkeys(("skipped", "missing", "absent", "unproven", "warning", "interrupted"), _YELLOW),
}
_VERDICT = re.compile(r"^(\s*|verdict +|\d\d .*: )(" + "|".join(sorted(_COLOURS, key=len, reverse=True)) + r")(?=\W|$)")


def columns() -> int:
    """Columns of the terminal, or 80; one is left free, because some terminals break a line that fills them."""
    return shutil.get_terminal_size().columns - 1


def is_watched() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def is_coloured() -> bool:
    """Whether verdicts are shown in colour: on a terminal, unless NO_COLOR is set; see https://no-color.org."""
    return is_watched() and not os.environ.get("NO_COLOR")


def one_line(text: object) -> str:
    """A text of anybody's, such as a file's name, that stays within a line: it cannot forge another one."""
    return shown.shown(text, keep="")


def wrapped(start: str, text: str, width: int | None = None) -> str:
    """A line that goes on below the beginning of its text; as one line where output is no terminal.

    Lines are broken between words alone, so that a hash or an address that is longer than a line stays whole.

    Parameters
    ----------
    start
        What stands before the text, such as a name.
    width
        Columns to fill; by default those of the terminal.
    """
    text = shown.shown(text)
    if width is None:
        width = columns() if is_watched() else len(start) + len(text)
    if not text:
        return start.rstrip()
    return textwrap.fill(
        text,
        max(width, len(start) + 20),
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )


def bold(text: str) -> str:
    """A heading."""
    return _styled(text, _BOLD)


def marked(line: str) -> str:
    """A line with its verdict in colour, if it begins with one."""
    return _VERDICT.sub(lambda found: f"{found[1]}{_styled(found[2], _COLOURS[found[2]])}", line)


def _styled(text: str, style: str) -> str:
    if not is_coloured():
        return text
    return shown.to_terminal(f"\x1b[{style}m") + text + shown.to_terminal("\x1b[0m")
