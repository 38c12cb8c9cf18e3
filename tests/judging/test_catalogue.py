"""Specification of the catalogue of mistakes: what is used is in it, and what is in it is used."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tinytorch_hf import errors
from tinytorch_hf.check.cases import CASES
from tinytorch_hf.judging.consequences import CONSEQUENCES
from tinytorch_hf.judging.mistakes import MISTAKES

FOLDER = Path(errors.__file__).parent
# Where mistakes are named, beside the tables of the catalogue themselves.
ROOMS = ("judging", "check", "compare", "student")
CODE = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)*")


def texts() -> Iterator[str]:
    """Every constant text in the rooms that name mistakes; in tables of consequences none is named."""
    for room in ROOMS:
        for path in (FOLDER / room).rglob("*.py"):
            if path.parent.name != "mistakes" and path.name != "roots.py":
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.Constant) and isinstance(node.value, str):
                        yield node.value


def named() -> set[str]:
    """Codes that stand in the source, or that a case makes of parts."""
    in_source = {text for text in texts() if CODE.fullmatch(text) and (text in MISTAKES or "-" in text)}
    return in_source | {code for case in CASES.values() for code in case.mistakes}


def test_every_code_that_is_named_is_in_the_catalogue() -> None:
    """One wording each."""
    assert sorted(named() - set(MISTAKES)) == []
    assert sorted(CONSEQUENCES - set(MISTAKES)) == []


def test_every_mistake_of_the_catalogue_is_named_somewhere() -> None:
    """What nothing can find is not knowledge."""
    assert sorted(set(MISTAKES) - named()) == []


def test_a_sentence_has_no_full_stop_and_a_hint_has_one() -> None:
    """So that either may stand in a line with others."""
    assert [code for code in MISTAKES if not CODE.fullmatch(code)] == []
    assert [code for code, mistake in MISTAKES.items() if mistake.sentence.endswith((".", "!"))] == []
    assert [code for code, mistake in MISTAKES.items() if not mistake.hint.endswith((".", "?"))] == []
