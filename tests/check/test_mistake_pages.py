"""Specification of the pages on mistakes: each snippet makes exactly its mistake, and mended it makes none."""

from __future__ import annotations

import shlex

import pytest
from battery import check_here, wrong
from compare.in_process import prepared_here
from conftest import Install
from generations import GENERATION_C
from seeds import examples

from tinytorch_hf.compare import stepwise
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.tasks import settings_for
from tinytorch_hf.judging.mistakes import MISTAKES
from tinytorch_hf.judging.mistakes.explaining import Explanation, explanations

PAGES = explanations()
# All of them take minutes; nox has them.
SOME = [code for number, code in enumerate(PAGES) if number % 30 == 0]
EVERY_PAGE = pytest.mark.parametrize("code", examples(SOME, [code for code in PAGES if code not in SOME]))
# What a snippet may use beside what its file has.
HEADER = "import numpy as np\nfrom tinytorch_hf.reference import Tensor, autograd\n"


def test_every_mistake_has_a_page() -> None:
    """In the order of the catalogue, and no page is about something else."""
    assert list(PAGES) == list(MISTAKES)


@EVERY_PAGE
def test_a_snippet_makes_its_mistake(code: str, install: Install, fresh_reference: None) -> None:
    """What `check` finds in a package with the wrong snippet is this code alone."""
    page = PAGES[code]

    assert codes_found(page, page.wrong, install) == {code}


@EVERY_PAGE
def test_a_mended_snippet_makes_none(code: str, install: Install, fresh_reference: None) -> None:
    """What `check` finds in a package with the right snippet is nothing."""
    page = PAGES[code]

    assert codes_found(page, page.right, install) == set()


def first_found(settings: Settings) -> set[str]:
    """The code of what differs in the first step of a training beside PyTorch."""
    with prepared_here(settings) as prepared:
        _, divergence = stepwise.judge_steps(prepared, 1)
    return {divergence.code} if divergence else set()


def codes_found(page: Explanation, snippet: str, install: Install) -> set[str]:
    """The codes that the page's command gives of a package with a snippet."""
    command, option, *operations = shlex.split(page.command)
    install({**GENERATION_C, page.file: f"{HEADER}{GENERATION_C[page.file]}{snippet}"})
    if command == "compare":
        return first_found(settings_for(option, *operations))
    assert (command, option) == ("check", "--only")

    report = check_here(only=operations)

    assert {result.outcome.value for result in report.results} <= {"agrees", "differs", "crashes"}
    # Of what is no fault, but worth knowing, a note tells the code.
    notes = [note for result in report.results for note in result.notes]
    noted = {code for code in MISTAKES if any(note.endswith(f"[{code}]") for note in notes)}
    return noted | {result.code for result in wrong(report).values()}
