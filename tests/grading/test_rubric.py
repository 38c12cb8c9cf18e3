"""Specification of rubrics: what is worth how many points, and what a file may say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tinytorch_hf.check.cases import CASES
from tinytorch_hf.errors import RubricError
from tinytorch_hf.grading.rubric import Item, Limits, Rubric, Seeds
from tinytorch_hf.grading.rubric_file import parse_rubric, read_rubric
from tinytorch_hf.judging.case import MODULES

WHOLE = """
title = "Assignment 3"
required = ["relu"]
allowed_imports = ["scipy"]
credit_consequences = false
[[item]]
name = "activations"
points = 10
[[item]]
name = "relu"
points = 2.5
hidden = true
[limits]
operation_seconds = 5
total_seconds = 60.0
memory = "1 GiB"
file_size = "64 MB"
processes = 4
open_files = 32
[seeds]
shown = [0, 3]
hidden = [11, 12]
"""


def test_every_field_of_a_file_is_read() -> None:
    """As README's table says them."""
    pytest.importorskip("tomllib", reason="before Python 3.11 TOML needs a library")

    assert parse_rubric(WHOLE.encode(), "rubric.toml") == Rubric(
        "Assignment 3",
        (Item("activations", 10.0), Item("relu", 2.5, hidden=True)),
        ("relu",),
        ("scipy",),
        credit_consequences=False,
        limits=Limits(5.0, 60.0, 2**30, 64_000_000, 4, 32),
        seeds=Seeds((0, 3), (11, 12), 0),
    )


def test_json_says_the_same_as_toml() -> None:
    """The same names, with `item` as a list."""
    tomllib = pytest.importorskip("tomllib", reason="before Python 3.11 TOML needs a library")

    as_json = json.dumps(tomllib.loads(WHOLE)).encode()

    assert parse_rubric(as_json, "rubric.json") == parse_rubric(WHOLE.encode(), "rubric.toml")


def test_a_module_is_shared_by_operations_without_an_item_of_their_own() -> None:
    """Equal parts; hidden and required as their own item, and the rubric, say."""
    rubric = Rubric(items=(Item("activations", 11.0), Item("relu", 5.0, hidden=True)), required=("relu", "sigmoid"))

    shares = {share.operation: share for share in rubric.shares()}

    assert shares.keys() == {case.name for case in CASES.values() if case.module == "activations"}
    assert (shares["relu"].points, shares["relu"].is_hidden, shares["relu"].is_required) == (5.0, True, True)
    assert {share.points for name, share in shares.items() if name != "relu"} == {11.0 / (len(shares) - 1)}
    assert [name for name, share in shares.items() if share.is_required] == ["relu", "sigmoid"]


def test_without_a_rubric_every_module_is_worth_the_same() -> None:
    """And every operation of the course has its share, those that are called as their module is, too."""
    rubric = Rubric()

    of_modules = dict.fromkeys(MODULES, 0.0)
    for share in rubric.shares():
        of_modules[share.module] += share.points

    assert set(rubric.operations) == set(CASES)
    assert of_modules == pytest.approx(dict.fromkeys(MODULES, rubric.out_of / len(MODULES)))


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ([], "", "Write a table"),
        ({"tile": "x"}, "tile", "Did you mean title?"),
        ({"title": 3}, "title", "Write a line"),
        ({"title": "\x1b[2J"}, "title", "Write a line"),
        ({"item": []}, "item", "at least one"),
        ({"item": [{"name": "relu"}]}, "item[0].points", "is missing"),
        ({"item": [{"points": 1}]}, "item[0].name", "is missing"),
        ({"item": [{"name": "rleu", "points": 1}]}, "item[0].name", "Did you mean relu"),
        ({"item": [{"name": "relu", "points": -1}]}, "item[0].points", "from 0 to"),
        ({"item": [{"name": "relu", "points": True}]}, "item[0].points", "from 0 to"),
        ({"item": [{"name": "relu", "points": float("nan")}]}, "item[0].points", "from 0 to"),
        ({"item": [{"name": "relu", "points": 0}]}, "item", "no points at all"),
        ({"item": [{"name": "relu", "points": 1, "hidden": "yes"}]}, "item[0].hidden", "true or false"),
        ({"item": [{"name": "relu", "points": 1}] * 2}, "item[1].name", "has an item already"),
        ({"item": [{"name": "relu", "points": 1}], "required": ["gelu"]}, "required[0]", "in no item"),
        ({"required": "relu"}, "required", "Write a list"),
        ({"allowed_imports": ["os; rm"]}, "allowed_imports[0]", "cannot be imported"),
        ({"limits": {"memory": "2 GBit"}}, "limits.memory", 'such as "2 GB"'),
        ({"limits": {"memory": "1 MB"}}, "limits.memory", "at least"),
        ({"limits": {"operation_seconds": 0}}, "limits.operation_seconds", "a number from"),
        ({"limits": {"operation_seconds": 20, "total_seconds": 10}}, "limits.total_seconds", "as much or more"),
        ({"limits": {"processes": 1.5}}, "limits.processes", "a whole number"),
        ({"seeds": {"hidden": 0}}, "seeds.hidden", "from 1"),
        ({"seeds": {"hidden": []}}, "seeds.hidden", "at least one"),
        ({"seeds": {"hidden": [0]}}, "seeds.hidden", "ship with tinytorch-hf"),
        ({"seeds": {"shown": [4], "hidden": [4]}}, "seeds.hidden", "Write another"),
        ({"seeds": {"shown": [4, 4]}}, "seeds.shown", "twice"),
        ({"seeds": {"shown": [-1]}}, "seeds.shown[0]", "a whole number"),
    ],
)
def test_a_bad_field_is_refused_by_file_and_field(values: object, field: str, says: str) -> None:
    """With what to write instead."""
    with pytest.raises(RubricError) as refused:
        parse_rubric(json.dumps(values).encode(), "course/rubric.json")

    assert str(refused.value).startswith(f"course/rubric.json{', ' if field else ''}{field}: ")
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("rubric.yaml", b"", "TOML or JSON"),
        ("rubric.json", b"{", "line 1, column 2 is not JSON"),
        ("rubric.json", b'{"title": "a", "title": "b"}', "it occurs twice"),
        ("rubric.json", b"\xff", "not UTF-8"),
        ("rubric.json", b"[" * 100_000, "cannot be read|can be read|nested|recursion|not JSON"),
        ("rubric.json", b" " * 2_000_000, "bytes"),
        ("absent.json", None, "there is no such file"),
    ],
)
def test_a_file_that_is_no_rubric_is_refused(tmp_path: Path, name: str, data: bytes | None, says: str) -> None:
    """By its name and what is wrong with it."""
    if data is not None:
        (tmp_path / name).write_bytes(data)

    with pytest.raises(RubricError, match=says) as refused:
        read_rubric(tmp_path / name)

    assert name in str(refused.value)
