"""A package that is right but for one line or two of a file that is written as students write it.

These stand apart from tests/mutants.py, because each is held against a few operations alone: there are many of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from battery import check_here, wrong
from conftest import Install
from generations import GENERATION_C


@dataclass(frozen=True)
class Planted:
    """One such package.

    Attributes
    ----------
    name
        What is wrong.
    file, text
        Where, and how the file is written where it is right.
    changes
        Parts of the text, and what stands there instead.
    code
        The mistake that has to be named.
    finds
        The operations that are run: each has to be called wrong, the first with the code.
    """

    name: str
    file: str
    text: str
    changes: Mapping[str, str]
    code: str
    finds: tuple[str, ...]

    @property
    def package(self) -> dict[str, str]:
        """All files of the package."""
        return {**GENERATION_C, self.file: changed(self.text, self.changes)}


def changed(text: str, changes: Mapping[str, str]) -> str:
    """A text with parts of it replaced; each has to be there."""
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def assert_named(planted: Planted, install: Install) -> None:
    """It is found in every operation that shows it, and by its code in the one that shows it best."""
    install(planted.package)

    found = wrong(check_here(only=planted.finds))

    assert set(found) == set(planted.finds)
    assert found[planted.finds[0]].code == planted.code
