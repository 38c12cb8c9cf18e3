"""Run the battery over a package: every case in the package's own process, judged here."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tinytorch_hf.check import shown
from tinytorch_hf.check.cases import CASES
from tinytorch_hf.check.interruption import Interruption
from tinytorch_hf.check.programs import trial
from tinytorch_hf.check.runner import Runner, watched
from tinytorch_hf.errors import InvalidArgumentError, NoTinyTorchError, UnknownNameError
from tinytorch_hf.files.folders import nearby
from tinytorch_hf.judging import answers
from tinytorch_hf.judging.case import MODULES, Case
from tinytorch_hf.judging.drawing import drawn
from tinytorch_hf.judging.judges import chosen, judge
from tinytorch_hf.judging.results import Outcome, Report, Result, Row, Shown
from tinytorch_hf.judging.roots import with_roots
from tinytorch_hf.judging.suspicion import Trace
from tinytorch_hf.judging.verdict import verdict
from tinytorch_hf.student import finding, wire
from tinytorch_hf.student.answers import Answer, Ask
from tinytorch_hf.student.asking import asking
from tinytorch_hf.student.finding import Found
from tinytorch_hf.student.mapping import FrameworkMap

if TYPE_CHECKING:
    from tinytorch_hf.student.cell import Cell

_NOT_HERE = "It does not crash in {}: look at what is different in this call, defaults included."
_CHILD = "tinytorch_hf.check.child"


def check(
    framework_map: FrameworkMap,
    folder: Path | None = None,
    only: Iterable[str] = (),
    limit_s: float = 10.0,
    seed: int = 0,
    on_result: Callable[[Result], None] = lambda _: None,
    *,
    must_isolate: bool = False,
    on_start: Callable[[str], None] = lambda _: None,
    programs: int = trial.N_PROGRAMS,
    with_shown: bool = False,
    keep_partial: bool = False,
    cell: Cell | None = None,
) -> Report:
    """Run each operation of a package and compare it with PyTorch, forward and backward.

    The package runs in a process of its own. Where the system starts none it runs in this one, and the report says so.

    Parameters
    ----------
    framework_map
        Which package, and where its parts are.
    folder
        Where the package is, if not among what is installed.
    only
        Names of cases or of modules of the course; all by default.
    limit_s
        Seconds that one operation may take.
    seed
        Fixes the batches and weights.
    on_result
        Called as each case ends.
    programs
        How many generated programs are tried after the battery.
    on_start
        Called before anything of the package runs, with what is to be said where it is not isolated, else with nothing.
    must_isolate
        Whether to refuse rather than to run the package in this process, as whoever gives grades has to.
    with_shown
        Whether to keep what a page shows of each operation; each is run once more for it.
    keep_partial
        Whether Ctrl-C ends with what is known so far, the rest untried, instead of raising KeyboardInterrupt.
    cell
        What confines the process of a package that is not trusted.

    Raises
    ------
    NoProcessError
        No process can be started, and ``must_isolate`` is set.
    UnknownNameError
        No such case or module.
    InvalidArgumentError
        There is no such package, or it is something else; or nothing is left to be run.
    MissingExtraError
        torch was chosen as the judge, and is not installed.
    """
    cases, families = select(only), select_programs(only, programs)
    if not cases and not families:
        raise InvalidArgumentError("Only programs are asked for, and there are to be none. Leave out --programs 0.")
    # Without its judge there is nothing to compare with, and nothing of the package needs to be run.
    judge("float64")
    asked = functools.partial(
        ask_for,
        cases=cases,
        seed=seed,
        on_result=on_result,
        families=families,
        programs=programs,
        with_shown=with_shown,
        keep_partial=keep_partial,
    )
    interruption = Interruption(keep_partial)
    # Until something is known: where it is interrupted before that, this is all there is to report.
    left = [*((case.name, case.module) for case in cases), *((family, trial.MODULE) for family in families)]
    report = Report(
        framework_map.package, str(folder or ""), "", [_broken_off(*one) for one in left], is_interrupted=True
    )
    with interruption:
        with asking(_CHILD, framework_map, folder, limit_s, must_isolate=must_isolate, cell=cell) as respondent:
            on_start(respondent.not_isolated)
            # Meanwhile, here.
            for case in cases:
                drawn(case, seed)
            found = finding.found(respondent.ask, framework_map)
            if not found.is_inferred:
                report = asked(respondent.ask, framework_map, found=found)
        if found.is_inferred:
            with asking(
                _CHILD, found.framework_map, folder, limit_s, must_isolate=must_isolate, cell=cell
            ) as respondent:
                report = asked(respondent.ask, found.framework_map, found=found)
        report = dataclasses.replace(report, not_isolated=respondent.not_isolated)
    return dataclasses.replace(
        report,
        judge=chosen(),
        is_interrupted=report.is_interrupted or interruption.has_come,
        folder=str(folder or ""),
    )


def ask_for(
    ask: Ask,
    framework_map: FrameworkMap,
    cases: Sequence[Case],
    seed: int = 0,
    on_result: Callable[[Result], None] = lambda _: None,
    found: Found | None = None,
    families: Sequence[str] = (),
    programs: int = trial.N_PROGRAMS,
    with_shown: bool = False,
    keep_partial: bool = False,
) -> Report:
    """Run cases, and then generated programs of some families, by asking whoever holds the package.

    Parameters
    ----------
    ask
        Asks it.
    framework_map, cases, seed, on_result
        As for `check`.
    found
        What came of looking for a map, where that was looked for.
    families, programs
        Which kinds of generated programs are tried, and how many programs in all.
    with_shown, keep_partial
        As for `check`.

    Raises
    ------
    InvalidArgumentError
        There is no such package, or it is something else.
    """
    found = found or Found(framework_map)
    opened = ask(ask="open")
    if opened.kind == "absent":
        raise InvalidArgumentError(
            f"No package {framework_map.package} can be imported. {nearby(framework_map.package)}"
            "--package tinytorch_hf.reference is one that is complete."
        )
    parts, interruption = _Parts(ask), Interruption(keep_partial)
    is_open = opened.kind == "opened"
    results: list[Result] = []
    rows: dict[str, tuple[Row, ...]] = {}
    traces: Mapping[str, Trace] = {}
    with interruption:
        for case in cases:
            result, answer = (
                _run(case, ask, parts, seed) if is_open else (_import_failed(case.name, case.module, opened), opened)
            )
            results.append(result)
            if with_shown:
                rows[case.name] = shown.rows(case, answer, seed)
            on_result(result)
        if is_open:
            traces = watched(ask, results, seed)
    results += [_broken_off(case.name, case.module) for case in cases[len(results) :]]
    if is_open:
        results = with_roots(results, traces)
    results = _with_neighbours(traces, [dataclasses.replace(one, part=_part(CASES[one.name])) for one in results])
    if is_open and all(result.outcome is Outcome.MISSING for result in results) and not parts.found("Tensor"):
        raise NoTinyTorchError(
            f"The package {framework_map.package} at {opened.location} has no Tensor; it is no TinyTorch. (The "
            "tinytorch of the package index is another one.) Give --package PATH, or --map FILE if yours has other "
            f"names. {found.failed}".rstrip(),
            parts.find("Tensor").message,
        )
    told: Mapping[str, Shown] = {}
    of_programs: list[Result] = []

    def ended(result: Result) -> None:
        of_programs.append(result)
        on_result(result)

    if not is_open:
        of_programs += [_import_failed(family, trial.MODULE, opened) for family in families]
    elif not interruption.has_come:
        with interruption:
            if families:
                trial.tried(ask, framework_map, results, families, programs, seed, ended)
            if with_shown:
                told = shown.shown(ask, framework_map, results, rows, seed)
    results += [*of_programs, *(_broken_off(family, trial.MODULE) for family in families[len(of_programs) :])]
    name = opened.package or framework_map.package
    by = chosen()
    version = judge("float64").version if by == "torch" else answers.version(seed)
    strict = f"it is held to TinyTorch's documentation, as no map was found. {found.failed}"
    notes = (*found.notes, *[strict] * bool(found.failed), *opened.notes)
    inferred = found.framework_map if found.is_inferred else None
    return Report(
        name,
        opened.location,
        version,
        results,
        notes,
        judge=by,
        inferred=inferred,
        is_interrupted=interruption.has_come,
        shown=told or {name: Shown(rows=of_case) for name, of_case in rows.items()},
    )


def select(only: Iterable[str]) -> list[Case]:
    """The cases of these names and modules, in the course's order; all of them for none.

    Raises
    ------
    UnknownNameError
        A name is neither a case nor a module.
    """
    wanted = list(only)
    for name in wanted:
        if name not in CASES and name not in MODULES and name not in (trial.MODULE, *trial.names()):
            note = "These are the modules; `tinytorch-hf check --list` lists the operations of each."
            also = [*CASES, *trial.names()]
            raise UnknownNameError("operation or module", name, [*MODULES, trial.MODULE], note, also)
    return [case for case in CASES.values() if not wanted or case.name in wanted or case.module in wanted]


def select_programs(only: Iterable[str], n: int = trial.N_PROGRAMS) -> list[str]:
    """The rows of generated programs among these names; all of them for none, and none where there are no programs."""
    wanted = list(only)
    return [name for name in trial.names() if n and (not wanted or name in wanted or trial.MODULE in wanted)]


def selected(only: Iterable[str], n_programs: int = trial.N_PROGRAMS) -> list[str]:
    """The names of all rows of a report on these operations, modules and programs."""
    return [*(case.name for case in select(only)), *select_programs(only, n_programs)]


def _broken_off(name: str, module: str) -> Result:
    return Result(name, module, Outcome.UNTRIED, "the run was interrupted before its turn")


class _Parts:
    """Which parts of the package are built, each looked for once: what hangs or crashes is not tried again."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._answers: dict[str, Answer] = {}

    def find(self, name: str) -> Answer:
        """The child's answer."""
        if name not in self._answers:
            self._answers[name] = self._ask(ask="find", name=name)
        return self._answers[name]

    def found(self, name: str) -> bool:
        """Whether it is built."""
        answer = self.find(name)
        return answer.kind == "found" and answer.found


def _run(case: Case, ask: Ask, parts: _Parts, seed: int) -> tuple[Result, Answer]:
    for name in case.needs:
        answer = parts.find(name)
        if answer.kind == "crash":
            # Without the name, so that one reason for several cases is one line.
            return Result(case.name, case.module, Outcome.CRASHES, answer.message, where=answer.where), answer
        if answer.kind == "untried":
            return Result(case.name, case.module, Outcome.UNTRIED, answer.message), answer
        if not parts.found(name):
            return Result(case.name, case.module, Outcome.MISSING, answer.message or f"no {name}"), answer

    start = time.perf_counter()
    answer = ask(ask="run", case=case.name, inputs=wire.encode(drawn(case, seed)))
    seconds = time.perf_counter() - start
    return verdict(case, answer, seed, Runner(ask, case, seconds), seconds), answer


def _with_neighbours(traces: Mapping[str, Trace], results: Sequence[Result]) -> list[Result]:
    """The results; the hint of a crash names operations of the class that go through the same function and agree."""
    agreeing = [result for result in results if result.outcome is Outcome.AGREES and result.part]

    def hinted(result: Result) -> Result:
        crashed = traces.get(result.name, Trace(frozenset())).ended_in
        if result.outcome is not Outcome.CRASHES or not result.hint or not crashed:
            return result
        others = [one.name for one in agreeing if one.part == result.part and one.name in traces]
        names = [name for name in others if crashed in traces[name].called][:3]
        return (
            dataclasses.replace(result, hint=f"{result.hint} {_NOT_HERE.format(', '.join(names))}") if names else result
        )

    return [hinted(result) for result in results]


def _part(case: Case) -> str:
    """What a case is about: the last part that it needs, as those before are what it is made of."""
    named = [name for name in case.needs if name not in ("Tensor", "autograd")]
    return named[-1] if named else ""


def _import_failed(name: str, module: str, opened: Answer) -> Result:
    return Result(name, module, Outcome.CRASHES, f"importing it: {opened.message}", where=opened.where)
