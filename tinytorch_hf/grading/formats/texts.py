"""Texts as they go into files that other programs show: nothing in them is obeyed by a terminal or a spreadsheet."""

from __future__ import annotations

from tinytorch_hf.shown import printable

LONGEST = 20_000
"""How many characters of a text are passed on."""

# What a spreadsheet takes for the beginning of a formula, wide forms included.
_FORMULAS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def lines(text: str, longest: int = LONGEST) -> str:
    """A text of several lines in which what does not print stands as Python writes it, and the end is cut off."""
    if len(text) > longest:
        text = f"{text[:longest]}\n... {len(text) - longest} characters more"
    return "\n".join(map(printable, text.replace("\r\n", "\n").split("\n")))


def cell(text: str) -> str:
    """A text for one cell of a CSV file, on one line; an apostrophe keeps a spreadsheet from computing it."""
    safe = printable(" ".join(text[:LONGEST].split("\n")))
    # Signs alone compute nothing.
    is_formula = safe.lstrip().startswith(_FORMULAS) and safe.strip("+- ")
    return f"'{safe}" if is_formula else safe
