"""Each datasheet answers every question of Datasheets for Datasets."""

from __future__ import annotations

import re

import pytest

from tinytorch_hf import catalog, store

QUESTIONS = {
    "Motivation": 4,
    "Composition": 17,
    "Collection process": 12,
    "Preprocessing, cleaning, labelling": 4,
    "Uses": 6,
    "Distribution": 7,
    "Maintenance": 8,
}


@pytest.mark.parametrize("name", ["tinymnist", "digits_8x8"])
@pytest.mark.parametrize("section", QUESTIONS)
def test_every_question_is_answered(name: str, section: str) -> None:
    """Each section has all its questions, and under each question stands an answer."""
    text = (store.folder(catalog.info(name)) / "DATASHEET.md").read_text(encoding="utf-8")
    body = text.split(f"\n## {section}\n")[1].split("\n## ")[0]
    parts = re.split(r"^\*\*(.+\?)\*\*$", body, flags=re.MULTILINE)
    questions, answers = parts[1::2], parts[2::2]
    assert len(questions) == QUESTIONS[section]
    assert all(answer.strip() for answer in answers)
