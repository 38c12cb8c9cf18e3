"""Specification of tinytorch_hf.formats.strict_json: one way to read JSON, which never takes long."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch_hf.formats.strict_json import JsonError, decimal, parse_json

NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.none() | st.booleans() | NUMBERS | st.text()


@given(st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20))
def test_what_json_writes_is_read_as_it_was(value: object) -> None:
    """Numbers of 64 bits, floats and texts, nested, with escapes or as they are."""
    for as_ascii in (True, False):
        text = json.dumps(value, ensure_ascii=as_ascii)
        try:
            assert parse_json(text.encode()) == value
        except UnicodeEncodeError:
            assert not as_ascii


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ('{"a": 1, "b": {"c": 1, "c": 1}}', "it is there twice. Keep one of them"),
        ("[NaN]", "NaN is no number in JSON"),
        ("-Infinity", "-Infinity is no number in JSON"),
        ("1" * 10**6, "the number 1111111111... has 1000000 digits, expected at most 20"),
        ("[1e999]", "the number 1e999 is larger than any float"),
        ("0." + "1" * 10**6, "the number 0.11111111... has 1000002 digits, expected at most 400"),
        ("[" * 10**5, "its lists and objects are nested too deeply"),
        ('{"a":' * 65 + "1" + "}" * 65, "its lists and objects are nested too deeply"),
        ('["\\ud800"]', "a text has half of a surrogate pair, which is no character"),
        (b'"\xff"', "byte 2 is not UTF-8. Save it as UTF-8"),
        (b"\xef\xbb\xbf1", "it begins with a byte order mark. Save it as UTF-8 without one"),
        ("{\n 'a': 1}", "line 2, column 2 is not JSON: Expecting property name enclosed in double quotes"),
        ("", "line 1, column 1 is not JSON: Expecting value"),
    ],
)
def test_what_can_be_read_otherwise_or_takes_long_is_refused(data: str | bytes, problem: str) -> None:
    """The message says what it is, in few characters."""
    with pytest.raises(JsonError) as refused:
        parse_json(data)

    assert str(refused.value) == problem


def test_brackets_in_texts_do_not_count_as_nested() -> None:
    """Nor do lists beside each other."""
    assert parse_json(json.dumps(['[{"' * 100, "\\", "[" * 100])) == ['[{"' * 100, "\\", "[" * 100]
    assert parse_json("[" + ",".join(["[]"] * 1000) + "]") == [[]] * 1000
    assert parse_json("[" * 64 + "]" * 64)


def test_who_names_the_field_may_have_what_is_no_number() -> None:
    """As a float, or whatever the reader makes of it."""
    assert parse_json("[Infinity, 1" + "0" * 30 + "]", with_infinity=True, long_number=float) == [math.inf, 1e30]
    assert parse_json('"\\ud800"', with_half_pairs=True) == "\ud800"
    with pytest.raises(JsonError, match="larger than any float"):
        parse_json("1" + "0" * 350, long_number=decimal)


def test_the_name_that_is_there_twice_is_told() -> None:
    """By itself for who says where it is, and in one text."""
    with pytest.raises(JsonError) as refused:
        parse_json('{"a": 1, "a": 2}')

    assert refused.value.field == "a"
    assert refused.value.whole == "'a': it is there twice. Keep one of them"
