"""The pages on mistakes: why each is one, a snippet that makes it, and the snippet mended.

A page is a section of the Markdown files in ``pages/``, a file for each part of the course, which also read well as
they are. The sections have one form::

    ## CODE

    Why it is a mistake, in a paragraph or more.

    Wrong, in `core/activations.py`; `check --only relu` finds it:

    ```python
    ...
    ```

    Right:

    ```python
    ...
    ```

    Known problems: what else to know, if there is something.

A snippet stands at the end of the file that it names, in a package that is right but for it. Tests run each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError
from tinytorch_hf.judging.mistakes import MISTAKES
from tinytorch_hf.judging.mistakes.mistake import Mistake

FOLDER = Path(__file__).parent / "pages"
CURVES = FOLDER / "curves.json"
"""What each mistake does to a training, as ``python -m docs.tools.mistake_curves`` measured it."""

_SECTION = re.compile(
    r"(?P<why>.+?)\n\n"
    r"Wrong, in `(?P<file>[a-z_/]+\.py)`; `(?P<command>[^`\n]+)` finds it:\n\n"
    r"```python\n(?P<wrong>.+?)```\n\n"
    r"Right:\n\n"
    r"```python\n(?P<right>.+?)```\n?"
    r"(?:\nKnown problems: (?P<known>.+?)\n?)?",
    re.DOTALL,
)


@dataclass(frozen=True)
class Explanation:
    """What there is to say of a mistake.

    Attributes
    ----------
    mistake
        As the catalogue has it: code, sentence and hint.
    part
        The part of the course, such as "Activations".
    why
        Why it is a mistake, and how it shows; paragraphs of Markdown without headings.
    file
        Where the snippets stand in a package, such as ``"core/activations.py"``.
    command
        What finds it, such as ``"check --only relu"``.
    wrong, right
        The snippets, whole lines of Python.
    known
        What else to know, or nothing.
    """

    mistake: Mistake
    part: str
    why: str
    file: str
    command: str
    wrong: str
    right: str
    known: str


def explanation(code: str) -> Explanation:
    """The page on a mistake.

    Parameters
    ----------
    code
        Such as ``"RELU-GRADIENT-NEGATIVE"``; small letters do as well.

    Raises
    ------
    InvalidArgumentError
        There is no such code; the message names those that are like it.
    """
    found = explanations().get(code.upper())
    if found is None:
        import difflib

        like = difflib.get_close_matches(code.upper(), MISTAKES, n=3, cutoff=0.5)
        hint = f" Did you mean {' or '.join(like)}?" if like else ""
        raise InvalidArgumentError(
            f"There is no mistake {code!r}.{hint} A code stands in brackets behind a cause, such as "
            "[ADAM-BIAS-CORRECTION]; `tinytorch-hf check --explain all` lists every one, `--explain relu` those of an "
            "operation."
        )
    return found


@cache
def explanations() -> dict[str, Explanation]:
    """Every page by its code, in the order of the catalogue.

    Raises
    ------
    CorruptFileError
        A section does not have the form, has no mistake, or stands there twice.
    """
    found: dict[str, Explanation] = {}
    for path in sorted(FOLDER.glob("*.md")):
        for one in _pages(path):
            if one.mistake.code in found:
                raise CorruptFileError(f"{path} explains {one.mistake.code} a second time.")
            found[one.mistake.code] = one
    return {code: found[code] for code in MISTAKES if code in found}


def _pages(path: Path) -> Iterator[Explanation]:
    head, *sections = re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    part = head.partition("\n")[0].removeprefix("# ").strip()
    for section in sections:
        code, _, body = section.partition("\n")
        match = _SECTION.fullmatch(body.strip("\n") + "\n")
        if code not in MISTAKES or match is None:
            reason = "does not have the form of a page" if code in MISTAKES else "is no code of the catalogue"
            raise CorruptFileError(f"{path}: {code} {reason}. Reinstall tinytorch-hf.")
        fields = {name: (text or "").strip("\n") for name, text in match.groupdict().items()}
        for name in ("wrong", "right"):
            fields[name] += "\n"
        yield Explanation(mistake=MISTAKES[code], part=part, **fields)
