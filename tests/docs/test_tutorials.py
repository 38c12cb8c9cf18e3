"""Specification of the tutorials: they are followed word for word, and show what is printed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import forked
import pytest
from conftest import Start

from docs.tools.followed import PAGES, followed, page
from tinytorch_hf import catalog
from tinytorch_hf.cli import main
from tinytorch_hf.health import imports

pytest.importorskip("sklearn", reason="scikit-learn is not installed")
pytest.importorskip("torchvision", reason="torchvision is not installed")
pytest.importorskip("datasets", reason="datasets is not installed")

SETS = ("my_digits", "my_recipe", "my_questions", "small_digits")


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """No other test finds the sets of the page."""
    yield
    for name in SETS:
        catalog.forget(name)


def quick(words: list[str]) -> int:
    """A command; without the proof, which takes a minute, unless LONGER asks for it."""
    is_proven = words[0] == "tinify" and not {"--dry-run", "--rebuild", "--no-proof"} & {*words}
    return main([*words, *(["--no-proof"] if is_proven and "LONGER" not in os.environ else [])])


def comparable(text: str) -> str:
    """A page without numbers that hang on the releases of libraries, and without the proof where it is left out."""
    text = (
        text
        if "LONGER" in os.environ
        else re.sub(r"^(judge  |proving |proof  .*chance:).*\n", "", text, flags=re.MULTILINE)
    )
    return re.sub(r"^(PyTorch ).*", r"\1", re.sub(r"[+-]?\d+\.\d+(e-\d+)?", "N", text), flags=re.MULTILINE)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_followed_word_for_word(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Start
) -> None:
    """In an empty folder; `python -m docs.tools.followed` writes it anew."""
    monkeypatch.chdir(tmp_path)
    # Workers that are started anew take longer than what they have to do.
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    forked.use(monkeypatch, start, imports)

    text = page(name).read_text(encoding="utf-8")

    assert comparable(followed(text, tmp_path, quick)) == comparable(text)


def test_what_is_printed_and_not_shown_is_noticed(tmp_path: Path) -> None:
    """And so is a command of another program."""
    with pytest.raises(ValueError, match="No block shows"):
        followed("```python\nprint(1)\n```\n", tmp_path)
    with pytest.raises(ValueError, match="is no command of"):
        followed("```sh\nrm -r x\n```\n", tmp_path)
