"""What a report shows of an operation beside its verdict: how it is called, on what, and what both sides give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.check.cases import CASES
from tinytorch_hf.check.programs.examples import examples
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.attempt import attempt
from tinytorch_hf.judging.case import Case
from tinytorch_hf.judging.drawing import drawn
from tinytorch_hf.judging.results import Outcome, Result, Row, Shown
from tinytorch_hf.student import wire
from tinytorch_hf.student.answers import Answer, Ask
from tinytorch_hf.student.mapping import FrameworkMap

_MOST_ROWS = 8
_MOST_VALUES = 4
_LONGEST_TEXT = 80
# A case that takes longer is not run once more for its calls.
_LONGEST_S = 1.0


def rows(case: Case, answer: Answer, seed: int) -> tuple[Row, ...]:
    """Both sides' results of a run: those that differ first, each where it is furthest off."""
    if answer.kind != "results" or not answer.results:
        return ()
    tried = attempt(case, answer, seed)
    if not tried.expected.values:
        return tuple(_claimed(case, answer, seed))
    wrong = [difference.what for difference in tried.seen]
    names = [*wrong, *(name for name in tried.expected.values if name not in wrong)]
    return tuple(
        _row(name, tried.found.get(name), tried.expected.values[name], name not in wrong) for name in names[:_MOST_ROWS]
    )


def shown(
    ask: Ask, framework_map: FrameworkMap, results: Sequence[Result], found: Mapping[str, tuple[Row, ...]], seed: int
) -> Mapping[str, Shown]:
    """What is shown of each case, by its name.

    Parameters
    ----------
    ask
        Asks the package, which has been opened.
    framework_map, seed
        Which package, and the seed of the inputs.
    results
        How the cases ended.
    found
        `rows` of those that were run.
    """
    ran = [result for result in results if result.outcome is not Outcome.UNTRIED and result.name in CASES]
    right = {result.name: result.outcome is Outcome.AGREES for result in ran}
    programs = examples(ask, framework_map, {name: right[name] for name in right})
    told = {}
    for result in ran:
        case, program = CASES[result.name], programs.get(result.name)
        inputs = drawn(case, seed)
        calls = (
            ask(ask="run", case=case.name, inputs=wire.encode(inputs), write=True).called
            if 0 < result.seconds <= _LONGEST_S
            else ()
        )
        told[result.name] = Shown(
            calls,
            tuple((name, _described(value)) for name, value in inputs.items()),
            found.get(result.name, ()),
            "" if program is None else program.expression,
            () if program is None else program.lines,
            None if program is None else program.agrees,
        )
    return told


def _claimed(case: Case, answer: Answer, seed: int) -> Iterator[Row]:
    """Where there is nothing to compare with: the statements about what came out, and whether they hold."""
    try:
        claims = case.claims(drawn(case, seed), dict(answer.results))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return
    for claim in [one for one in claims if not one.is_note][:_MOST_ROWS]:
        seen = "holds" if claim.holds else claim.seen or "does not hold"
        yield Row(claim.what, "", seen, "holds", claim.holds)


def _row(name: str, found: Any, right: Any, is_right: bool) -> Row:
    if not isinstance(right, np.ndarray):
        return Row(name, "", _short(found), _short(right), is_right)
    is_alike = isinstance(found, np.ndarray) and found.dtype.kind in "biuf" and found.size == right.size > 0
    if not is_alike:
        return Row(name, "", _described(found), _described(right), is_right)
    place = _place(found.reshape(right.shape), right, is_right)
    mine, theirs = (_number(one[place]) for one in (found.reshape(right.shape), right))
    return Row(name, str(list(place)) if place else "", mine, theirs, is_right)


def _place(found: Array, right: Array, is_right: bool) -> tuple[int, ...]:
    """Where they are furthest apart; of what is right, the first value that is not zero."""
    apart = np.abs(np.nan_to_num(right)) > 0 if is_right else np.nan_to_num(np.abs(found - right), nan=np.inf)
    return tuple(int(one) for one in np.unravel_index(int(np.argmax(apart)), right.shape))


def _number(value: Any) -> str:
    return f"{value:.6g}"


def _described(value: Any) -> str:
    """A value in a few words: of an array its dtype, its shape and how it begins."""
    if value is None:
        return "nothing"
    if not isinstance(value, np.ndarray):
        return _short(value)
    first = [str(one) if value.dtype.kind not in "f" else _number(one) for one in value.reshape(-1)[:_MOST_VALUES]]
    more = ", ..." if value.size > _MOST_VALUES else ""
    return f"{value.dtype} {value.shape}: {', '.join(first)}{more}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 3]}..."
