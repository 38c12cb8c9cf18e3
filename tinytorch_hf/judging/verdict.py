"""From what came back of a case to a verdict on it; "agrees" needs every expected result, delivered and right."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from tinytorch_hf.judging import yardstick
from tinytorch_hf.judging.attempt import Attempt, attempt
from tinytorch_hf.judging.case import Case, Claim, Inputs, Results
from tinytorch_hf.judging.cause import Cause
from tinytorch_hf.judging.causes import confirmed, known_mistakes, of_own_forward, of_size, of_type, what_numbers_tell
from tinytorch_hf.judging.drawing import drawn
from tinytorch_hf.judging.own_forward import OwnForward, own_forward
from tinytorch_hf.judging.results import Difference, Outcome, Result
from tinytorch_hf.judging.runs import Runs
from tinytorch_hf.student.answers import Answer
from tinytorch_hf.student.faults import unbuilt

_OUTCOMES = {"crash": Outcome.CRASHES, "missing": Outcome.MISSING, "untried": Outcome.UNTRIED}
_NOTHING_TO_JUDGE = "it gave none of the results that can be judged"
_WHERE_IT_STOPPED = (
    "That line is where it stopped, not necessarily where the fault is: look at where the values in it come from."
)
# Errors that say what is wrong with their own line. A name that has no value yet is none of them.
_SAID_BY_THE_LINE = (
    "SyntaxError:",
    "IndentationError:",
    "TabError:",
    "NameError:",
    "ImportError:",
    "ModuleNotFoundError:",
)
# What takes the batch for another axis also gives one row something else than among others.
_ALSO_A_CONSEQUENCE = ("BATCH-OF-ONE",)
_ON_A_KINK = "{} is not PyTorch's, but as right: forward has a kink there"


def verdict(case: Case, answer: Answer, seed: int, runs: Runs, seconds: float = 0.0) -> Result:
    """Judge what came back of a case.

    Parameters
    ----------
    case, seed
        What was run, and on which inputs.
    answer
        What came back.
    runs
        Runs the case on other inputs, where a difference has to be explained.
    seconds
        How long it took.
    """
    if answer.kind in _OUTCOMES:
        return Result(
            case.name,
            case.module,
            _OUTCOMES[answer.kind],
            answer.message,
            hint=_WHERE_IT_STOPPED if _may_be_elsewhere(answer) else "",
            where=answer.where,
            expression=answer.expression,
            call=answer.call,
            seconds=seconds,
        )
    if answer.kind == "misshapen":
        return _misshapen(case, answer, seconds)
    if answer.kind != "results" or not answer.results:
        return Result(case.name, case.module, Outcome.CRASHES, "it gave no results", seconds=seconds)
    return _judged(case, answer, seed, runs, seconds)


def _may_be_elsewhere(answer: Answer) -> bool:
    """Whether a crash may come of a value that was made before the line that raised it."""
    is_crash = answer.kind == "crash" and bool(answer.where and answer.call)
    return is_crash and not answer.message.startswith(_SAID_BY_THE_LINE)


def _misshapen(case: Case, answer: Answer, seconds: float) -> Result:
    """A parameter that the course's values do not fit into."""
    cause = Cause("PARAMETER-SHAPE")
    return Result(
        case.name,
        case.module,
        Outcome.DIFFERS,
        answer.message,
        code=cause.code,
        cause=cause.sentence,
        hint=cause.hint,
        call=answer.call,
        differences=(Difference("a parameter's shape", answer.message),),
        seconds=seconds,
    )


def _judged(case: Case, answer: Answer, seed: int, runs: Runs, seconds: float) -> Result:
    found = dict(answer.results)
    first = attempt(case, answer, seed)
    claims = _claims(case, drawn(case, seed), found)
    broken = [claim for claim in claims or () if not claim.holds and not claim.is_note]
    stubs = runs.unbuilt(drawn(case, seed)) if claims is None or first.seen or broken else ()
    if stubs:
        # What is still to be written explains it, and nothing can be said of the rest.
        return Result(case.name, case.module, Outcome.MISSING, unbuilt(stubs), seconds=seconds)
    if claims is None:
        return Result(case.name, case.module, Outcome.CRASHES, "results are missing or damaged", seconds=seconds)
    noted = [claim for claim in claims if not claim.holds and claim.is_note]
    notes = [f"{claim.what} [{claim.code}]" if claim.code else claim.what for claim in noted]
    own = own_forward(case, first, runs) if first.seen else OwnForward()
    notes += [_ON_A_KINK.format(name) for name in sorted(own.on_kinks)]
    # What is no fault of its own is not listed: a gradient that fits another function, or that is one of several.
    seen = [difference for difference in first.seen if difference.what not in own.clears(first)]
    different = [*seen, *(_untrue(claim) for claim in broken)]
    if different:
        # What a claim proves needs no second run.
        is_rounded = any(claim.code == "FLOAT16" for claim in noted)
        proven = _proven(broken)
        if seen and (proven is None or proven.code in _ALSO_A_CONSEQUENCE):
            cause = _cause(case, first, own, runs, is_rounded, proven)
        else:
            cause = proven
        return Result(
            case.name,
            case.module,
            Outcome.DIFFERS,
            _described(different),
            code=cause.code if cause else "",
            cause=cause.sentence if cause else "",
            hint=cause.hint if cause else "",
            differences=tuple(different),
            notes=tuple(notes),
            seconds=seconds,
        )
    expected = yardstick.expected(case, seed)[0].values
    if expected and not claims and not expected.keys() & found.keys():
        # Where every result may be left out, that is no fault; but nothing has been seen to be right, either.
        return Result(case.name, case.module, Outcome.UNTRIED, _NOTHING_TO_JUDGE, seconds=seconds)
    if answer.unbuilt and any(name not in found for name in expected):
        detail = f"what it computes agrees; {answer.unbuilt} is not implemented yet"
        return Result(case.name, case.module, Outcome.MISSING, detail, notes=tuple(notes), seconds=seconds)
    return Result(case.name, case.module, Outcome.AGREES, notes=tuple(notes), seconds=seconds)


def _claims(case: Case, inputs: Inputs, found: Results) -> Sequence[Claim] | None:
    """What is claimed of the results; None where they lack what the claims are about."""
    try:
        return case.claims(inputs, found)
    except (LookupError, ArithmeticError, TypeError, ValueError, AttributeError):
        return None


def _untrue(claim: Claim) -> Difference:
    return Difference(f'"{claim.what}"', f"is not true: {claim.seen}" if claim.seen else "is not true")


def _proven(broken: Sequence[Claim]) -> Cause | None:
    """What a statement proves that does not hold."""
    return next((Cause(claim.code, claim.addition) for claim in broken if claim.code), None)


def _cause(
    case: Case, first: Attempt, own: OwnForward, runs: Runs, is_rounded: bool, proven: Cause | None
) -> Cause | None:
    """What explains the differences, the most particular first.

    Parameters
    ----------
    case, first, own, runs
        What was run, and what is known of it.
    is_rounded
        Whether its tensors hold their values in float16.
    proven
        What a statement proves, if it may be the consequence of a mistake that the case knows.
    """

    @functools.cache
    def second() -> Attempt | None:
        answer = runs.again(drawn(case, first.seed, is_second=True))
        if answer.kind != "results" or not answer.results:
            return None
        other = attempt(case, answer, first.seed, is_second=True)
        return other if other.seen else None

    def tried(run: Attempt) -> OwnForward:
        return own if run is first else own_forward(case, run, runs)

    listed = _only(first, own)
    return (
        confirmed(known_mistakes(case), first, second)
        or proven
        or confirmed(of_type(is_rounded), listed, second)
        or confirmed(what_numbers_tell(case, own), listed, second)
        or confirmed(of_size(case), listed, second)
        or confirmed(of_own_forward(tried), first, second)
    )


def _only(first: Attempt, own: OwnForward) -> Attempt:
    """The run with no differences but those that are listed."""
    cleared = own.clears(first)
    seen = [difference for difference in first.seen if difference.what not in cleared]
    return Attempt(first.seed, first.is_second, first.expected, first.found, seen)


def _described(different: Sequence[Difference]) -> str:
    first, *others = different
    named = ", ".join(entry.what for entry in others[:3])
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    # An example stands behind a colon, anything else is the rest of the sentence.
    joint = ":" if first.message.startswith(("at ", "found ")) else ""
    return f"{first.what}{joint} {first.message}" + (f"; also wrong: {named}{more}" if others else "")
