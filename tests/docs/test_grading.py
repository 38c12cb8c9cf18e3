"""Specification of docs/how_to/grading.md: it says of every field of a rubric what it means, and its examples hold."""

from __future__ import annotations

import ast
import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from tinytorch_hf import cli
from tinytorch_hf.grading.rubric import Item, Limits, Rubric, Seeds
from tinytorch_hf.grading.rubric_file import parse_rubric


@pytest.fixture
def page(checkout: Path) -> str:
    """The page."""
    return (checkout / "docs" / "how_to" / "grading.md").read_text(encoding="utf-8")


def test_every_field_of_a_rubric_is_documented_with_its_default(page: str) -> None:
    """And no other."""
    table = page.partition("| Field |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `([a-z_.\[\]]+)` \| (\S.*?) \| .* \|$", table, re.MULTILINE)
    default = Rubric()

    assert {name: text.strip("`") for name, text in rows} == {
        **{name: _written(getattr(default, name)) for name in ("title", "required", "allowed_imports")},
        "credit_consequences": _written(default.credit_consequences),
        **{f"item[].{field.name}": "needed" for field in fields(Item)},
        "item[].hidden": "false",
        **{f"limits.{field.name}": _written(getattr(Limits(), field.name)) for field in fields(Limits)},
        "seeds.shown": _written(Seeds().shown),
        "seeds.hidden": _written(Seeds().to_draw),
    }


def _written(value: object) -> str:
    """A value as TOML has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return str(list(value))
    return f'"{value}"' if isinstance(value, str) else f"{value:.0f}"


def test_the_rubric_that_is_shown_holds(page: str) -> None:
    """It can be read, and its limits and seeds are the defaults."""
    pytest.importorskip("tomllib", reason="before Python 3.11 TOML needs a library")
    (block,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)

    rubric = parse_rubric(block.encode(), "rubric.toml")

    assert (rubric.limits, rubric.seeds, rubric.required) == (Limits(), Seeds(), ("relu",))


def test_the_commands_and_calls_that_are_shown_are_understood(page: str) -> None:
    """The program takes the line, and the function the arguments."""
    (line,) = (line.strip() for line in page.splitlines() if line.strip().startswith("tinytorch-hf "))
    parser, rest = cli._parser("tinytorch-hf").find(shlex.split(line)[1:])
    assert parser.read(rest, program="tinytorch-hf").rubric == Path("rubric.toml")

    (block,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    calls = [node for node in ast.walk(ast.parse(block)) if isinstance(node, ast.Call)]
    (call,) = [node for node in calls if ast.unparse(node.func) == "tinytorch_hf.grade_submissions"]
    assert [ast.literal_eval(argument) for argument in call.args] == ["submissions", "gradebook", "rubric.toml"]
