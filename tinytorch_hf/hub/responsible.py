"""What only a person can say of a dataset: read from its datasheet, for its card and for Croissant.

References
----------
Croissant RAI Vocabulary 1.0, MLCommons, https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.files import folders
from tinytorch_hf.hub.gaps import GAP

SHEET = "DATASHEET.md"
SECTION = "Responsible use"


@dataclass(frozen=True)
class Question:
    """A question of a datasheet: how it is asked, what a card calls the answer, and which term of Croissant it is."""

    asked: str
    title: str
    term: str


HOW = Question("How was it made?", "How it was made", "prov:wasGeneratedBy")
SYNTHETIC = Question("Is any of it synthetic?", "Synthetic data", "rai:hasSyntheticData")

QUESTIONS = (
    HOW,
    Question("What are its limits?", "Limits", "rai:dataLimitations"),
    Question("Which biases does it have?", "Biases", "rai:dataBiases"),
    Question("What does it say about people?", "People", "rai:personalSensitiveInformation"),
    Question("What is it for, and what is it not for?", "Use", "rai:dataUseCases"),
    Question("What may it do to others?", "Effect on others", "rai:dataSocialImpact"),
    SYNTHETIC,
)
"""What a datasheet answers in its section "Responsible use"."""


def answers(dataset: DatasetInfo) -> dict[Question, str]:
    """The answers in a dataset's datasheet, each in one line; without those that it has not, and {} where none is.

    What nobody has written yet is a `GAP`.
    """
    folder = folders.documents(dataset)
    sheet = folder / SHEET if folder else None
    if sheet is None or not sheet.is_file():
        return {}
    return answers_in(sheet.read_text(encoding="utf-8"))


def answers_in(text: str) -> dict[Question, str]:
    """The same of a datasheet's content."""
    found: dict[str, list[str]] = {}
    asked = ""
    for line in re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL).splitlines():
        question = re.fullmatch(r"\*\*(.+)\*\*\s*", line)
        if question or line.startswith("#"):
            asked = question[1] if question else ""
        elif asked:
            found.setdefault(asked, []).append(line)
    lines = {asked: " ".join(" ".join(said).split()) for asked, said in found.items()}
    return {question: lines[question.asked] for question in QUESTIONS if lines.get(question.asked)}


def section(known: Mapping[Question, str]) -> str:
    """The answers as paragraphs of Markdown."""
    return "\n\n".join(f"**{question.title}.** {answer}" for question, answer in known.items())


def gaps_to_fill(questions: Iterable[Question]) -> list[str]:
    """Paragraphs of a datasheet in which someone has to answer these questions."""
    return [f"**{question.asked}**\n{GAP}" for question in questions]


def terms(known: Mapping[Question, str]) -> dict[str, Any]:
    """The terms of Croissant that say the same; what is not answered yet stands there as such."""
    return {question.term: _value(question, answer) for question, answer in known.items() if question is not HOW}


def _value(question: Question, answer: str) -> Any:
    if question is SYNTHETIC:
        word = re.match(r"(Yes|No)\b", answer)
        return answer if word is None else word[0] == "Yes"
    return answer
