"""Specification of the pages on mistakes as they stand on a terminal."""

from __future__ import annotations

import pytest

from tinytorch_hf.cli import main
from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.judging.mistakes import MISTAKES
from tinytorch_hf.judging.mistakes.explaining import explanation, explanations
from tinytorch_hf.reports import explained

CODE = "RELU-GRADIENT-NEGATIVE"


@pytest.mark.parametrize("width", [40, 79, 100])
@pytest.mark.parametrize("code", list(explanations())[::20])
def test_a_page_has_all_that_is_known_and_breaks_between_words(code: str, width: int) -> None:
    """Code, sentence, why, both snippets, hint and what finds it; only code may be longer than a line."""
    page = explanation(code)
    text = "\n".join(explained.lines(page, width))
    in_one_line = " ".join(text.split()).lower()

    for part in (page.mistake.sentence, page.why.replace("`", ""), page.mistake.hint, f"tinytorch-hf {page.command}"):
        assert " ".join(part.split()).lower() in in_one_line
    assert all(line in text for line in page.wrong.splitlines())
    of_prose = [line for line in text.splitlines() if not line.startswith(("    ", "To find it"))]
    assert all(len(line) <= width or " " not in line for line in of_prose)


def test_what_mends_it_is_shown_as_a_change() -> None:
    """Lines that go are marked with -, those that come with +; in colour where that is wanted."""
    page = explanation(CODE)

    plain, coloured = (list(explained.lines(page, 100, colour)) for colour in (False, True))

    assert sum(line.startswith("    -") for line in plain) == sum(line.startswith("    +") for line in plain) == 1
    assert next(line for line in coloured if "\x1b" in line).startswith("\x1b[31m    -")
    assert not any("\x1b" in line for line in plain)


@pytest.mark.parametrize("width", [50, 120])
def test_the_list_has_every_code(width: int) -> None:
    """Each at the beginning of a line."""
    lines = list(explained.listing(width))

    assert [line.split()[0] for line in lines if not line.startswith(" ")] == list(MISTAKES)
    assert max(map(len, lines)) <= width


def test_the_command_prints_a_page_and_checks_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """No package is looked for, so it works without one, and offline; small letters do."""
    assert main(["check", "--explain", CODE.lower(), "--package", "nowhere"]) == 0
    assert capsys.readouterr().out.splitlines() == list(explained.lines(explanation(CODE), 100))

    assert main(["check", "--explain", "all"]) == 0
    assert capsys.readouterr().out.splitlines() == list(explained.listing(100))


def test_an_unknown_code_is_answered_with_those_that_are_like_it() -> None:
    """And with where codes stand."""
    with pytest.raises(InvalidArgumentError, match=r"no mistake 'RELU-GRADIENT'\..*RELU-GRADIENT-NEGATIVE"):
        explanation("RELU-GRADIENT")
