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
# Columns that a text needs at least to be read.
_NARROW = 20
# What begins a line of a report, such as "verdict    ", and how long it may be.
_NAME = re.compile(r"\s*\S+(?: \S+)*?\s{2,}(?=\S)")
_LONGEST_NAME = 24
_COMMAND = re.compile(r"`[^`\n]+`")
# It stands for a blank that is not a place to break a line; `shown` leaves none in a text.
_HELD = "\x00"


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
    """A line that goes on below the beginning of its text; as one line where output is not a terminal.

    Lines are broken between words alone, so that a hash or an address that is longer than a line stays whole, and never
    within a `command` that fits on a line. Where there is no room beside ``start``, the text stands below it.

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
    above, indent = "", " " * len(start)
    below = " " * (len(start) - len(start.lstrip()) + 4)
    longest = max(map(len, _whole_commands(text, width - len(below)).split()), default=0)
    if start.strip() and len(start) + len(text) > width:
        is_narrow = width < len(start) + _NARROW
        fits_below_alone = width - len(start) < longest <= width - len(below)
        if (is_narrow or fits_below_alone) and len(below) < len(start):
            above, start, indent = f"{start.rstrip()}\n", below, below
    filled = textwrap.fill(
        _whole_commands(text, width - len(indent)),
        max(width, len(indent) + _NARROW),
        initial_indent=start,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return above + filled.replace(_HELD, " ")


def _whole_commands(text: str, room: int) -> str:
    """A text whose commands, if they fit on a line, are one word each, so that they can be copied from there."""
    return _COMMAND.sub(lambda found: found[0].replace(" ", _HELD) if len(found[0]) <= room else found[0], text)


def fitted(text: str, width: int) -> str:
    """A text of some lines, those that are too long broken between words, below the text that follows their name."""
    return "\n".join(line if len(line) <= width else _fitted(line, width) for line in text.split("\n"))


def _fitted(line: str, width: int) -> str:
    start = _NAME.match(line)
    blanks = line[: len(line) - len(line.lstrip())]
    name = start[0] if start is not None and len(start[0]) <= _LONGEST_NAME else blanks
    return wrapped(name, line[len(name) :], width)


def tell(text: str) -> None:
    """Print lines, which fit the terminal if there is one, verdicts in colour."""
    lines = (fitted(line, columns()) if is_watched() else line for line in text.split("\n"))
    print("\n".join(map(marked, lines)), flush=True)


def tell_error(text: str) -> None:
    """The same on standard error, without colour."""
    print(fitted(text, columns()) if sys.stderr.isatty() else text, file=sys.stderr, flush=True)


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
