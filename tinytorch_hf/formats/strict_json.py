"""JSON from anybody: what can be read in one way only, and in little time, or a sentence that says why not."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

# Deeper than any description, rubric, recipe or answer; far less than Python can follow.
MOST_NESTED = 64
# No whole number of 64 bits is longer, no float needs so many. Long ones take Python long, or it refuses them.
MOST_DIGITS = 20
MOST_DECIMALS = 400

# Texts, whose brackets do not count, and brackets.
_NESTING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


class JsonError(ValueError):
    """A text is no JSON that this package reads.

    Attributes
    ----------
    field
        The name that is there twice; "" for all else.
    """

    def __init__(self, problem: str, field: str = "") -> None:
        super().__init__(problem)
        self.field = field

    @property
    def whole(self) -> str:
        """The problem with the field's name before it."""
        return f"{self.field[:80]!r}: {self}" if self.field else str(self)


def parse_json(
    data: bytes | str,
    *,
    with_infinity: bool = False,
    with_half_pairs: bool = False,
    long_number: Callable[[str], float] | None = None,
) -> Any:
    """The value in a text of JSON.

    Refused are what other programs may read otherwise, or cannot read: a name that is twice in an object, NaN and
    infinity, a whole number of more than `MOST_DIGITS` digits, a number beyond floats, half of a surrogate pair, a byte
    order mark, bytes that are not UTF-8; and what is nested more than `MOST_NESTED` deep.

    Parameters
    ----------
    data
        The text, or its bytes in UTF-8.
    with_infinity
        Whether the words that Python writes for what JSON has no number for are numbers.
    with_half_pairs
        Whether texts may have half of a surrogate pair, as Python writes names of files that are not UTF-8.
    long_number
        What whole numbers of more digits become, such as `decimal`, for who says of the field what it must be.

    Raises
    ------
    JsonError
        It is none, or one of these; the message ends without a period.
    """
    text = _decoded(data) if isinstance(data, bytes) else data
    if text.startswith("\ufeff"):
        raise JsonError("it begins with a byte order mark. Save it as UTF-8 without one")
    if text.count("[") + text.count("{") > MOST_NESTED:
        _check_nesting(text)
    try:
        values = json.loads(
            text,
            object_pairs_hook=_once,
            parse_int=lambda digits: int(digits) if len(digits) <= MOST_DIGITS else (long_number or _too_long)(digits),
            parse_float=decimal,
            parse_constant=float if with_infinity else _no_number,
        )
        if "\\u" in text and not with_half_pairs:
            # Two escapes may be one character, so this is seen in the values only.
            json.dumps(values, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        raise JsonError(f"line {error.lineno}, column {error.colno} is not JSON: {error.msg}") from None
    except UnicodeEncodeError:
        raise JsonError("a text has half of a surrogate pair, which is no character") from None
    return values


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonError(f"byte {error.start + 1} is not UTF-8. Save it as UTF-8") from None


def _check_nesting(text: str) -> None:
    depth = 0
    for match in _NESTING.finditer(text):
        bracket = match[0]
        depth += (bracket in "[{") - (bracket in "]}")
        if depth > MOST_NESTED:
            raise JsonError("its lists and objects are nested too deeply")


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        seen: set[str] = set()
        name = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise JsonError("it is there twice. Keep one of them", name)
    return values


def _too_long(digits: str) -> NoReturn:
    raise JsonError(f"the number {digits[:10]}... has {len(digits)} digits, expected at most {MOST_DIGITS}")


def decimal(digits: str) -> float:
    """A number as float; JsonError if there is none so large, or it is longer than anybody writes one."""
    if len(digits) > MOST_DECIMALS:
        raise JsonError(f"the number {digits[:10]}... has {len(digits)} digits, expected at most {MOST_DECIMALS}")
    number = float(digits)
    if math.isinf(number):
        raise JsonError(f"the number {digits[:40]} is larger than any float")
    return number


def _no_number(word: str) -> NoReturn:
    raise JsonError(f"{word} is no number in JSON")
