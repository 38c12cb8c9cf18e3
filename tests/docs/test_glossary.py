"""Specification of the language that users read: no phrase is in it that the glossary replaces."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from docs.tools.site import MODULES, REFERENCE
from tinytorch_hf import cli

CHECKOUT = Path(__file__).parents[2]
GLOSSARY = CHECKOUT / "docs" / "glossary.md"
# Pages of the site that are copies of other documents are not kept in Git.
COPIED = {"changelog.md", "contributing.md", "security.md", "benchmarks.md", "curation.md"}


@functools.cache
def phrases() -> list[str]:
    """What the table "Write | not" forbids."""
    table = GLOSSARY.read_text(encoding="utf-8").partition("| Write | not |\n| --- | --- |\n")[2]
    return [phrase.strip() for row in table.splitlines() for phrase in row.split("|")[2].split(";")]


@functools.cache
def forbidden() -> re.Pattern[str]:
    """Any of them, as whole words; "it is no longer" is good English."""
    words = "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in phrases())
    return re.compile(rf"\b(?:{words})\b(?!\s+(?:longer|more|further|better|such)\b)", re.IGNORECASE)


def prose(markdown: str) -> str:
    """A document without code, which has names and what commands print."""
    return re.sub(r"^```.*?^```|`[^`\n]*`", "", markdown, flags=re.MULTILINE | re.DOTALL)


def documents() -> Iterator[tuple[str, str]]:
    """Every Markdown document of the checkout, but for the glossary itself."""
    folders = ("docs", "datasets", "cards", "benchmarks", "tinytorch_hf", ".github")
    for path in chain(CHECKOUT.glob("*.md"), *((CHECKOUT / folder).rglob("*.md") for folder in folders)):
        is_copy = path.is_relative_to(GLOSSARY.parent) and (path.name in COPIED or path.parent.name == "mistakes")
        if path != GLOSSARY and not is_copy:
            yield path.relative_to(CHECKOUT).as_posix(), prose(path.read_text(encoding="utf-8"))


@functools.cache
def modules() -> dict[str, ast.Module]:
    """The modules that have a phrase anywhere, comments included; parsing all of them takes seconds."""
    found = {}
    for path in sorted((CHECKOUT / "tinytorch_hf").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        # A text may go on in the literal of the next line.
        in_one_line = " ".join(re.sub(r"\"\s+[rf]*\"", "", source).split()).lower()
        if any(phrase in in_one_line for phrase in phrases()) and forbidden().search(in_one_line):
            found[path.relative_to(CHECKOUT).as_posix()] = ast.parse(source)
    return found


def literals() -> Iterator[tuple[str, str]]:
    """Every text in the code that is not a docstring, but for keys of a word or two; a user may be shown each."""
    for name, module in modules().items():
        expressions = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
        for node in ast.walk(module):
            is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in expressions
            if is_text and node.value.count(" ") > 1:
                yield f"{name}:{node.lineno}", node.value


def docstrings() -> Iterator[tuple[str, str]]:
    """Of the names that the site's reference shows, and of all that is public in the rooms that it shows whole."""
    shown = {name for names in REFERENCE.values() for name in names}
    for name, module in modules().items():
        is_shown = name.split("/")[1].removesuffix(".py") in MODULES
        for node in ast.walk(module):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and (
                node.name in shown or (is_shown and not node.name.startswith("_"))
            ):
                yield f"{name}:{node.lineno}", "\n".join(_all_docstrings(node))


def _all_docstrings(node: ast.ClassDef | ast.FunctionDef) -> Iterator[str]:
    members = node.body if isinstance(node, ast.ClassDef) else []
    public = [one for one in members if isinstance(one, ast.FunctionDef) and not one.name.startswith("_")]
    yield from (ast.get_docstring(one) or "" for one in (node, *public))


def helps() -> Iterator[tuple[str, str]]:
    """What `--help` of every command prints."""
    program = cli._parser("tinytorch-hf")
    for command in (program, *program.every()):
        yield command.prog, command.format_help()


@pytest.mark.parametrize("texts", [documents, literals, docstrings, helps])
def test_no_phrase_is_in_use_that_the_glossary_replaces(texts: object) -> None:
    """In documents, messages, help and the reference; the glossary says what to write instead."""
    assert callable(texts)
    pattern = forbidden()

    assert [(place, match[0]) for place, text in texts() for match in pattern.finditer(text)] == []


def test_a_term_and_a_phrase_are_in_the_glossary_once() -> None:
    """There are enough of both to be of use."""
    table = GLOSSARY.read_text(encoding="utf-8").partition("## Terms")[2].partition("## Phrases")[0]
    terms = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", table, re.MULTILINE)[2:]

    assert len(set(terms)) == len(terms) > 30
    assert len(set(phrases())) == len(phrases()) > 30
