"""From what came back of a case to a verdict on it; "agrees" needs every expected result, delivered and right."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tinytorch_hf.judging import yardstick
from tinytorch_hf.judging.case import Case, Claim, Inputs, Results
from tinytorch_hf.judging.cause import Cause
from tinytorch_hf.judging.causes import Attempt, likely_cause
from tinytorch_hf.judging.results import Difference, Outcome, Result
from tinytorch_hf.student.answers import Answer
from tinytorch_hf.student.faults import unbuilt

# Runs the case in question on other inputs.
Again = Callable[[Inputs], Answer]

_OUTCOMES = {"crash": Outcome.CRASHES, "missing": Outcome.MISSING, "untried": Outcome.UNTRIED}


def verdict(case: Case, answer: Answer, seed: int, again: Again, seconds: float = 0.0) -> Result:
    """Judge what came back of a case.

    Parameters
    ----------
    case, seed
        What was run, and on which inputs.
    answer
        What came back.
    again
        Runs the case on other inputs, where a cause has to be confirmed.
    seconds
        How long it took.
    """
    if answer.kind in _OUTCOMES:
        return Result(
            case.name,
            case.module,
            _OUTCOMES[answer.kind],
            answer.message,
            where=answer.where,
            expression=answer.expression,
            seconds=seconds,
        )
    if answer.kind != "results" or not answer.results:
        return Result(case.name, case.module, Outcome.CRASHES, "it gave no results", seconds=seconds)
    return _judged(case, answer, seed, again, seconds)


def _judged(case: Case, answer: Answer, seed: int, again: Again, seconds: float) -> Result:
    found = dict(answer.results)
    attempt = _attempt(case, answer, seed, is_second=False)
    claims = _claims(case, case.draw(seed), found)
    if claims is None and answer.stubs:
        return Result(case.name, case.module, Outcome.MISSING, unbuilt(answer.stubs), seconds=seconds)
    if claims is None:
        return Result(case.name, case.module, Outcome.CRASHES, "results are missing or damaged", seconds=seconds)
    claims = [*claims, *(Claim(name, value) for name, value in found.items() if isinstance(value, bool))]
    broken = [claim for claim in claims if not claim.holds and not claim.is_note]
    notes = tuple(claim.what for claim in claims if not claim.holds and claim.is_note)
    different = [*attempt.seen, *(Difference(f'"{claim.what}"', "is not true") for claim in broken)]
    if different and answer.stubs:
        # What is still to be written explains it, and nothing can be said of the rest.
        detail = unbuilt(answer.stubs)
        return Result(case.name, case.module, Outcome.MISSING, detail, notes=notes, seconds=seconds)
    if different:
        cause = _cause(case, attempt, broken, again)
        return Result(
            case.name,
            case.module,
            Outcome.DIFFERS,
            _described(different),
            code=cause.code if cause else "",
            cause=cause.sentence if cause else "",
            hint=cause.hint if cause else "",
            differences=tuple(different),
            notes=notes,
            seconds=seconds,
        )
    if any(name not in found for name in yardstick.expected(case, seed)[0].values):
        detail = f"what it computes agrees; {answer.unbuilt} is not implemented yet"
        return Result(case.name, case.module, Outcome.MISSING, detail, notes=notes, seconds=seconds)
    return Result(case.name, case.module, Outcome.AGREES, notes=notes, seconds=seconds)


def _attempt(case: Case, answer: Answer, seed: int, is_second: bool) -> Attempt:
    """The run held against the definition that it is nearest to."""
    found = dict(answer.results)
    definitions = yardstick.expected(case, seed, is_second)
    if answer.unbuilt == "backward":
        # Gradients are not there yet; what is there is judged, and the verdict says so.
        definitions = tuple(_without_gradients(expected, found) for expected in definitions)
    seen = [yardstick.differences(expected, found) for expected in definitions]
    fewest = min(range(len(definitions)), key=lambda index: len(seen[index]))
    return Attempt(seed, is_second, definitions[fewest], found, seen[fewest])


def _without_gradients(expected: yardstick.Expected, found: Results) -> yardstick.Expected:
    return expected.restricted([name for name in expected.values if name in found or not name.startswith("gradient")])


def _claims(case: Case, inputs: Inputs, found: Results) -> Sequence[Claim] | None:
    """What is claimed of the results; None where they lack what the claims are about."""
    try:
        return case.claims(inputs, found)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return None


def _cause(case: Case, first: Attempt, broken: Sequence[Claim], again: Again) -> Cause | None:
    def second() -> Attempt | None:
        answer = again(case.draw(first.seed, is_second=True))
        if answer.kind != "results" or not answer.results:
            return None
        attempt = _attempt(case, answer, first.seed, is_second=True)
        return attempt if attempt.seen else None

    if first.seen:
        return likely_cause(case, first, second)
    return next((Cause(claim.code) for claim in broken if claim.code), None)


def _described(different: Sequence[Difference]) -> str:
    first, *others = different
    named = ", ".join(entry.what for entry in others[:3])
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    return f"{first.what} {first.message}" + (f"; also wrong: {named}{more}" if others else "")
