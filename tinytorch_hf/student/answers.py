"""What comes back from a student's process: one schema, and nothing else is taken for an answer.

The process runs code that may be hostile, so every field is checked here, where it arrives, before anything looks at
it; texts are cut and made printable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from tinytorch_hf.shown import printable
from tinytorch_hf.student import wire

KINDS = ("results", "found", "opened", "absent", "missing", "untried", "misshapen", "crash")
# Far longer than any message of Python's own.
_LONGEST_TEXT = 4000
_MOST_NAMES = 2000
# No whole number of ours has more than 64 bits.
_LARGEST = 1 << 64
# Far deeper than any result that is no array.
_DEEPEST = 6


class AnswerError(Exception):
    """What arrived is not an answer; the message says how it differs from one."""


@dataclass(frozen=True)
class Answer:
    """One answer of a student's process.

    Attributes
    ----------
    kind
        One of `KINDS`: "results" of what was run; "found", whether a part is there; "opened", the package was
        imported; "absent", there is no such package; "missing", what was run needs something that is not implemented
        yet; "untried", our own call does not fit; "misshapen", a parameter has another shape than TinyTorch's;
        "crash", it raised an error or ended the process.
    results
        Arrays and plain values by name.
    found
        Whether the part is there.
    message
        What is missing, could not be tried, or was raised.
    where
        File and line in the package, ``file:line``, or nothing.
    expression
        What was being computed there, as it is written in the package, or nothing.
    call
        What of the package was called from outside, as its author would write it, such as ``ReLU()(x)``; or nothing.
    package, location
        Name, with version, and folder of a package that was opened.
    unbuilt
        What of the results is left out because it is not implemented yet, such as "backward"; or nothing.
    stubs
        Functions of the package that were called and are not implemented yet, each with its place.
    called
        Names of the package's functions that were called, where that was asked for.
    notes
        What is to be said of the package as a whole.
    """

    kind: str
    results: Mapping[str, Any] = field(default_factory=dict)
    found: bool = False
    message: str = ""
    where: str = ""
    expression: str = ""
    call: str = ""
    package: str = ""
    location: str = ""
    unbuilt: str = ""
    stubs: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain values that `parse` turns into this answer."""
        plain = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        plain = {name: value[:_LONGEST_TEXT] if isinstance(value, str) else value for name, value in plain.items()}
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}
        return {**plain, "results": wire.encode(self.results)}


Ask = Callable[..., Answer]
"""Answers a request, given by its fields, as `tinytorch_hf.student.session.Session.answer` does."""


def parse(values: Any) -> Answer:
    """An answer out of decoded JSON.

    Raises
    ------
    AnswerError
        It is not one.
    """
    if not isinstance(values, dict):
        raise AnswerError(f"a {type(values).__name__} arrived instead of an answer")
    known = {entry.name for entry in fields(Answer)}
    for name in values:
        if name not in known:
            raise AnswerError(f"an answer has no {printable(str(name))[:40]!r}")
    if values.get("kind") not in KINDS:
        raise AnswerError("an answer of an unknown kind arrived")
    try:
        results = wire.decode(values.get("results", {}))
    except wire.WireError as error:
        raise AnswerError(str(error)) from error
    for name, value in results.items():
        _check_plain(name, value)
    return Answer(
        **{name: _READERS[name](name, value) for name, value in values.items() if name != "results"}, results=results
    )


def _check_plain(name: str, value: Any, depth: int = 0) -> None:
    """Raise unless a result is an array, or a plain value as cases give them, or a list of those."""
    if depth > _DEEPEST or not name.isprintable() or len(name) > _LONGEST_TEXT:
        raise AnswerError("a result is nested too deeply, or its name is no name")
    if isinstance(value, list):
        for entry in value:
            _check_plain(name, entry, depth + 1)
    elif isinstance(value, dict):
        raise AnswerError(f"the result {name!r} is nested")
    elif isinstance(value, int) and abs(value) > _LARGEST:
        raise AnswerError(f"the result {name!r} is a number of {value.bit_length()} bits")
    elif isinstance(value, float) and value - value != 0.0:
        raise AnswerError(f"the result {name!r} is {value}, which JSON has no word for")


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise AnswerError(f"{name} of an answer is a {type(value).__name__} instead of text")
    lines = value[:_LONGEST_TEXT].split("\n")
    return "\n".join(map(printable, lines))


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise AnswerError(f"{name} of an answer is a {type(value).__name__} instead of true or false")
    return value


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MOST_NAMES:
        raise AnswerError(f"{name} of an answer is not a list of at most {_MOST_NAMES} texts")
    return tuple(_text(name, entry) for entry in value)


_READERS: dict[str, Callable[[str, Any], Any]] = {
    **{entry.name: _text for entry in fields(Answer)},
    "found": _flag,
    "stubs": _texts,
    "called": _texts,
    "notes": _texts,
}
