"""Run the battery over a package: every case in the package's own process, judged here."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tinytorch_hf.check import wire
from tinytorch_hf.check.cases import CASES
from tinytorch_hf.check.process import PackageProcess
from tinytorch_hf.errors import InvalidArgumentError, UnknownNameError
from tinytorch_hf.judging import yardstick
from tinytorch_hf.judging.case import MODULES, Case
from tinytorch_hf.judging.causes import likely_cause
from tinytorch_hf.judging.results import Difference, Outcome, Report, Result
from tinytorch_hf.student.mapping import FrameworkMap

# Answers a request as `child.Session.answer` does.
Ask = Callable[..., dict[str, Any]]


def check(
    framework_map: FrameworkMap,
    folder: Path | None = None,
    only: Iterable[str] = (),
    limit_s: float = 10.0,
    seed: int = 0,
    on_result: Callable[[Result], None] = lambda _: None,
) -> Report:
    """Run each operation of a package and compare it with PyTorch, forward and backward.

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

    Raises
    ------
    UnknownNameError
        No such case or module.
    InvalidArgumentError
        There is no such package, or it is something else.
    MissingExtraError
        torch is not installed.
    """
    cases = select(only)
    # Without torch there is nothing to compare with, and nothing of the package needs to be run.
    yardstick.judge("float64")
    with PackageProcess(framework_map, folder, limit_s) as process:
        return ask_for(process.ask, framework_map, cases, seed, on_result)


def ask_for(
    ask: Ask,
    framework_map: FrameworkMap,
    cases: Sequence[Case],
    seed: int = 0,
    on_result: Callable[[Result], None] = lambda _: None,
) -> Report:
    """Run cases by asking whoever holds the package.

    Raises
    ------
    InvalidArgumentError
        There is no such package, or it is something else.
    """
    opened = ask(ask="open")
    if "absent" in opened:
        raise InvalidArgumentError(
            f"No package {framework_map.package} can be imported. Give --package PATH, the folder of your package; "
            "--package tinytorch_hf.reference is one that is complete."
        )
    parts = _Parts(ask)
    results = []
    for case in cases:
        results.append(_import_failed(case, opened) if "crash" in opened else _run(case, ask, parts, seed))
        on_result(results[-1])
    if all(result.outcome is Outcome.MISSING for result in results) and not parts.found("Tensor"):
        raise InvalidArgumentError(
            f"The package {framework_map.package} at {opened['location']} has no Tensor; it is no TinyTorch. (The "
            "tinytorch of the package index is another one.) Give --package PATH, or --map FILE if yours has other "
            "names."
        )
    torch_version: str = yardstick.judge("float64").torch.__version__
    return Report(opened.get("package", framework_map.package), opened.get("location", ""), torch_version, results)


def select(only: Iterable[str]) -> list[Case]:
    """The cases of these names and modules, in the course's order; all of them for none.

    Raises
    ------
    UnknownNameError
        A name is neither a case nor a module.
    """
    wanted = list(only)
    for name in wanted:
        if name not in CASES and name not in MODULES:
            similar = difflib.get_close_matches(name.lower(), CASES, n=5, cutoff=0.5)
            raise UnknownNameError("operation or module", name, [*MODULES, *similar])
    return [case for case in CASES.values() if not wanted or case.name in wanted or case.module in wanted]


class _Parts:
    """Which parts of the package are built, each looked for once: what hangs or crashes is not tried again."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._answers: dict[str, dict[str, Any]] = {}

    def find(self, name: str) -> dict[str, Any]:
        """The child's answer."""
        if name not in self._answers:
            self._answers[name] = self._ask(ask="find", name=name)
        return self._answers[name]

    def found(self, name: str) -> bool:
        """Whether it is built."""
        return bool(self.find(name).get("found"))


def _run(case: Case, ask: Ask, parts: _Parts, seed: int) -> Result:
    for name in case.needs:
        answer = parts.find(name)
        if "crash" in answer:
            message = f"looking for {name}: {answer['crash']}"
            return Result(case.name, case.module, Outcome.CRASHES, message, where=answer.get("where", ""))
        if not answer.get("found"):
            return Result(case.name, case.module, Outcome.MISSING, answer.get("missing", f"no {name}"))
    start = time.perf_counter()
    answer = ask(ask="run", case=case.name, inputs=wire.encode(case.draw(seed)))
    return from_answer(case, answer, seed, time.perf_counter() - start)


def from_answer(case: Case, answer: dict[str, Any], seed: int, seconds: float = 0.0) -> Result:
    """Judge what the child answered."""
    if "crash" in answer:
        where = answer.get("where", "")
        return Result(case.name, case.module, Outcome.CRASHES, answer["crash"], where=where, seconds=seconds)
    if "missing" in answer:
        return Result(case.name, case.module, Outcome.MISSING, answer["missing"], seconds=seconds)
    if "differs" in answer:
        difference = Difference("result", answer["differs"])
        return Result(
            case.name, case.module, Outcome.DIFFERS, difference.message, differences=(difference,), seconds=seconds
        )
    try:
        found = wire.decode(answer.get("results"))
    except wire.WireError as error:
        return Result(case.name, case.module, Outcome.CRASHES, str(error), seconds=seconds)
    return _judged(case, found, seed, seconds)


def _judged(case: Case, found: dict[str, Any], seed: int, seconds: float) -> Result:
    definitions = yardstick.expected(case, seed)
    seen = [yardstick.differences(expected, found) for expected in definitions]
    fewest = min(range(len(definitions)), key=lambda index: len(seen[index]))
    different = seen[fewest]
    if not different:
        forward_only = any(name.startswith("gradient") and name not in found for name in definitions[0].values)
        detail = "forward; there is no autograd yet" if forward_only else ""
        return Result(case.name, case.module, Outcome.AGREES, detail, seconds=seconds)
    cause = likely_cause(case, seed, definitions[fewest], found, different)
    first = different[0]
    detail = f"{first.what} {first.message}{_others(different[1:])}"
    return Result(case.name, case.module, Outcome.DIFFERS, detail, cause, differences=tuple(different), seconds=seconds)


def _others(different: Sequence[Difference]) -> str:
    named = ", ".join(entry.what for entry in different[:3])
    more = f" and {len(different) - 3} more" if len(different) > 3 else ""
    return f"; also wrong: {named}{more}" if different else ""


def _import_failed(case: Case, opened: dict[str, Any]) -> Result:
    return Result(
        case.name, case.module, Outcome.CRASHES, f"importing it: {opened['crash']}", where=opened.get("where", "")
    )
