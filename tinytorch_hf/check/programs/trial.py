"""Tries generated programs on a package: a row of the report for each family of programs."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tinytorch_hf.check.programs import generate, printed
from tinytorch_hf.check.programs.asking import Asking
from tinytorch_hf.check.programs.available import available, named_by
from tinytorch_hf.check.programs.builder import Available
from tinytorch_hf.check.programs.interpret import ERROR
from tinytorch_hf.check.programs.judged import Finding, Right, could_not_be_run, right_for
from tinytorch_hf.check.programs.named import cause_of
from tinytorch_hf.check.programs.program import Program
from tinytorch_hf.check.programs.relations import RELATIONS, is_broken
from tinytorch_hf.check.programs.shrink import shrunk
from tinytorch_hf.judging.case import Results
from tinytorch_hf.judging.results import WRONG, Difference, Outcome, Result
from tinytorch_hf.student.answers import Ask
from tinytorch_hf.student.faults import UNBUILT
from tinytorch_hf.student.mapping import FrameworkMap

MODULE = "programs"
"""The section of the report, and what ``--only`` takes for all of them."""

N_PROGRAMS = 400
"""How many programs are tried by default."""

_LIMIT_S = 10.0
_MOST_SHRUNK = 4
# Of the programs of a TinyTorch; a verdict on what is left over would be one on what it has chosen itself.
_MOST_UNTRIED = 0.1


def names() -> list[str]:
    """The names of the rows."""
    return [f"{MODULE}-{family}" for family in generate.FAMILIES]


@dataclass(frozen=True)
class _Failure:
    """A program that fails, what it should give, and what it gave."""

    program: Program
    right: Right
    found: Results
    finding: Finding


def tried(
    ask: Ask,
    framework_map: FrameworkMap,
    battery: Sequence[Result],
    wanted: Iterable[str],
    n: int = N_PROGRAMS,
    seed: int = 0,
    on_result: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """Generate programs, run them, and judge them.

    Parameters
    ----------
    ask
        Whom to ask for runs; the package has been opened.
    framework_map
        Which package it is.
    battery
        What the battery has found before: programs do without what is wrong there.
    wanted
        Names of rows.
    n
        How many programs there are in all families together.
    seed
        Fixes them.
    on_result
        Called as each family ends.
    """
    asking = Asking(ask)
    is_mapped = framework_map != FrameworkMap(framework_map.package)
    wrong = [result.name for result in battery if result.outcome in WRONG]
    agreed = [result.name for result in battery if result.outcome is Outcome.AGREES]
    has = available(asking, wrong, is_mapped, agreed)
    trial = _Trial(asking, framework_map, has, battery, seed)
    results = []
    for family, count in generate.counts(n).items():
        if f"{MODULE}-{family}" in set(wanted):
            results.append(trial.row(family, count))
            on_result(results[-1])
    return results


def _counted(n_failing: int, n_tried: int) -> str:
    return f"{n_failing} of {n_tried} programs {'differ' if n_failing > 1 else 'differs'}; this is the shortest found"


def _all_of(results: Results) -> tuple[Difference, ...]:
    return tuple(Difference(name, "") for name in results)


class _Trial:
    def __init__(
        self, asking: Asking, framework_map: FrameworkMap, has: Available, battery: Sequence[Result], seed: int
    ) -> None:
        self._asking = asking
        self._map = framework_map
        self._is_mapped = framework_map != FrameworkMap(framework_map.package)
        self._has = has
        self._battery = battery
        self._wrong = [one.name for one in battery if one.outcome in WRONG]
        self._seed = seed
        # What was found so far: the row, and its short program.
        self._known: list[tuple[str, _Failure]] = []

    def row(self, family: str, n: int) -> Result:
        """How the programs of a family ended."""
        name = f"{MODULE}-{family}"
        before = self._asking.seconds
        if not any(form in self._has for form in generate.needed(family)):
            return self._lacking(name, family)
        if family == generate.RELATED:
            return dataclasses.replace(self._related(name, n), seconds=self._asking.seconds - before)
        rights = [
            Right(builder.program(), builder.peak) for builder in generate.generated(family, self._has, n, self._seed)
        ]
        failures, n_tried, n_untried = [], 0, 0
        for start in range(0, len(rights), 40):
            part = rights[start : start + 40]
            if self._asking.seconds > _LIMIT_S:
                break
            for right, found in zip(part, self._asking.run_all([one.program for one in part]), strict=True):
                n_untried += could_not_be_run(found)
                n_tried += not could_not_be_run(found)
                finding = None if could_not_be_run(found) else right.finding(found, self._asking.has_autograd)
                if finding is not None:
                    failures.append(_Failure(right.program, right, found, finding))
        seconds = self._asking.seconds - before
        return dataclasses.replace(self._judged(name, failures, n_tried, n_untried), seconds=seconds)

    def _related(self, name: str, n: int) -> Result:
        """How programs stand to each other that have to stand in a relation."""
        failures = []
        drawn = list(generate.related(self._has, n, self._seed))
        programs = [builder.program() for _, builder in drawn]
        others = [
            RELATIONS[relation].others(one, self._has) for (relation, _), one in zip(drawn, programs, strict=True)
        ]
        found = iter(self._asking.run_all([*programs, *(one for each in others for one in each)]))
        results = [next(found) for _ in programs]
        n_tried = n_untried = 0
        for (relation, _), program, result, each in zip(drawn, programs, results, others, strict=True):
            given = [next(found) for _ in each]
            is_of_use = not given or self._is_right(program, (result, *given))
            n_tried += bool(given) and is_of_use
            n_untried += bool(given) and not is_of_use
            if given and is_broken(RELATIONS[relation], result, given):
                failures.append((relation, program))
        if not failures:
            return self._judged(name, [], n_tried, n_untried)
        relation, program = min(failures, key=lambda one: len(one[1]))
        short = shrunk(program, lambda candidates: self._breaks(relation, candidates))
        known = (row for row, other in self._known if other.program.forms <= short.forms)
        other = RELATIONS[relation].others(short, self._has)[0]
        return Result(
            name,
            MODULE,
            Outcome.DIFFERS,
            f"it is not true that {RELATIONS[relation].sentence}\n{_counted(len(failures), n_tried + n_untried)}",
            follows=named_by(short, self._wrong)[:2] or tuple(known)[:1],
            snippet="\n".join([*self._shown(short), "# The other way:", *self._shown(other)]),
        )

    def _is_right(self, program: Program, found: Sequence[Results]) -> bool:
        """Whether a program gave what is right; what gives nothing, or zeros, stands in every relation."""
        if any(ERROR in each for each in found):
            return False
        return Right(program).finding(found[0], self._asking.has_autograd) is None

    def _breaks(self, relation: str, programs: Sequence[Program]) -> list[bool]:
        """For each program whether the relation does not hold."""
        broken = []
        for program in programs:
            others = RELATIONS[relation].others(program, self._has) if right_for(program) else []
            first, *given = self._asking.run_all([program, *others]) if others else [{}]
            broken.append(bool(others) and is_broken(RELATIONS[relation], first, given))
        return broken

    def _shown(self, program: Program) -> list[str]:
        """A program with all that it gives."""
        (found,) = self._asking.run_all([program])
        right = Right(program)
        return self._lines(_Failure(program, right, found, Finding("", "", differences=_all_of(right.values))))

    def _lacking(self, name: str, family: str) -> Result:
        wrong = [form for form in generate.needed(family) if form in self._has.faulty]
        if wrong:
            text = f"what they are made of is wrong alone: {', '.join(wrong)}"
            return Result(name, MODULE, Outcome.UNTRIED, text)
        return Result(name, MODULE, Outcome.MISSING, f"{UNBUILT}{' or '.join(generate.needed(family))}")

    def _judged(self, name: str, failures: Sequence[_Failure], n_tried: int, n_untried: int) -> Result:
        if failures:
            return self._failed(name, failures, n_tried)
        if not n_tried and not n_untried and self._asking.seconds > _LIMIT_S:
            return Result(name, MODULE, Outcome.UNTRIED, f"programs have taken {_LIMIT_S:.0f} seconds before")
        if not n_tried:
            return Result(name, MODULE, Outcome.UNTRIED, "none of its programs could be run")
        if not self._is_mapped and n_untried > _MOST_UNTRIED * (n_tried + n_untried):
            text = f"{n_untried} of {n_tried + n_untried} programs could not be run"
            return Result(name, MODULE, Outcome.UNTRIED, text)
        if not self._asking.has_autograd:
            return Result(name, MODULE, Outcome.MISSING, "what they compute agrees; backward is not implemented yet")
        notes = (f"{n_untried} more could not be run",) if n_untried else ()
        return Result(name, MODULE, Outcome.AGREES, f"{n_tried} programs", notes=notes)

    def _failed(self, name: str, failures: Sequence[_Failure], n_tried: int) -> Result:
        # Short ones first, and those first that nothing explains which was found before.
        ordered = sorted(failures, key=lambda one: (bool(self._explained(one)), len(one.program)))
        failure = self._short(ordered[0])
        if self._is_mapped and not self._explained(failure):
            # What one operation alone does otherwise may be what another framework means by it.
            shorts = itertools.chain([failure], (self._short(one) for one in ordered[1:_MOST_SHRUNK]))
            several = next((one for one in shorts if len(one.program.operations) > 1), None)
            if several is None:
                text = f"`{printed.operation(failure.program)}` alone is something else here, or is refused"
                return Result(name, MODULE, Outcome.UNTRIED, text)
            failure = several
        missing = self._asking.unbuilt(failure.program)
        if missing:
            return Result(name, MODULE, Outcome.MISSING, missing)
        follows = self._explained(failure)
        together = () if follows else self._alike(failure)
        self._known.append((name, failure))
        different = [difference.what for difference in failure.finding.differences]
        cause = cause_of(failure.program, failure.found, failure.right.values, different) if different else None
        is_crash = failure.finding.way.startswith("crash")
        return Result(
            name,
            MODULE,
            Outcome.CRASHES if is_crash else Outcome.DIFFERS,
            f"{failure.finding.text}\n{_counted(len(failures), n_tried)}",
            code=cause.code if cause else "",
            cause=cause.sentence if cause else "",
            hint=cause.hint if cause else "",
            where=failure.finding.where,
            differences=failure.finding.differences,
            follows=follows,
            together=together,
            snippet="\n".join(self._lines(failure)),
        )

    def _explained(self, failure: _Failure) -> tuple[str, ...]:
        """What was found before and shows here: a case of the battery, or a shorter program of what this one uses."""
        where, used, way = failure.finding.where, failure.program.forms, failure.finding.way
        there = tuple(one.name for one in self._battery if where and one.where == where and one.outcome in WRONG)
        named = there or named_by(failure.program, self._wrong)
        if named:
            return named[:2]
        known = (name for name, other in self._known if other.program.forms <= used and other.finding.way == way)
        return tuple(known)[:1]

    def _alike(self, failure: _Failure) -> tuple[str, ...]:
        """An earlier row with a program that fails in the same way, and does the same beside its operations."""
        features, way = failure.program.features, failure.finding.way
        names = (n for n, other in self._known if other.program.features & features and other.finding.way == way)
        return tuple(names)[:1]

    def _short(self, failure: _Failure) -> _Failure:
        kept = {failure.program: failure}

        def fails(programs: Sequence[Program]) -> list[bool]:
            rights = [right_for(program) for program in programs]
            sure = [right for right in rights if right is not None]
            found = iter(self._asking.run_all([right.program for right in sure]))
            does = []
            for right in rights:
                given = None if right is None else next(found)
                finding = None if right is None or given is None else right.finding(given, self._asking.has_autograd)
                does.append(finding is not None and finding.way == failure.finding.way)
                if right is not None and given is not None and finding is not None:
                    kept[right.program] = _Failure(right.program, right, given, finding)
            return does

        short = shrunk(failure.program, fails)
        if short not in kept:
            fails([short])
        return kept.get(short, failure)

    def _lines(self, failure: _Failure) -> list[str]:
        program = failure.program
        return printed.lines(
            program,
            self._asking.homes(printed.parts(program)),
            self._map.package,
            failure.found,
            failure.right.values,
            [difference.what for difference in failure.finding.differences],
            self._map.conventions,
            self._asking.has_autograd,
        )
